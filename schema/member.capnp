# Members, tokens and enrolment: on the wire between a joiner and the enrolment door, and as JSON in files. model/member.h says what the
# fields mean.
@0xd6f20b1c7a54e983;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");
using Envelope = import "envelope.capnp";

enum EnrolmentWish { join @0; look @1; rotate @2; copy @3; }
enum EnrolmentOutcome {
  done @0; malformed @1; busy @2; wrongCluster @3; unknownToken @4; tokenExpired @5; tokenUsed @6; wrongRole @7; nameTaken @8;
  keyTaken @9; workerTaken @10; unknownKey @11; revoked @12;
}
struct MemberTime { value @0 :Int64; }

struct Member {
  name @0 :Text;
  role @1 :Envelope.PeerKind;
  worker @2 :UInt64;
  key @3 :Text;
  previousKey @4 :Text;
  previousUntil @5 :MemberTime;
  joinedAt @6 :Int64;
  revokedAt @7 :MemberTime;
  bus @8 :Text;
  bulk @9 :Text;
}

struct TokenRecord {
  id @0 :Text;
  secretHash @1 :Text;
  role @2 :Envelope.PeerKind;
  madeAt @3 :Int64;
  expiresAt @4 :Int64;
  usesLeft @5 :UInt32;
}

struct MemberDirectory {
  cluster @0 :Text;
  generation @1 :UInt64;
  version @2 :UInt64;
  enrolment @3 :Text;
  enrolmentKey @4 :Text;
  members @5 :List(Member);
  tokens @6 :List(TokenRecord);
}

struct JoinToken {
  cluster @0 :Text;
  enrolment @1 :Text;
  enrolmentKey @2 :Text;
  id @3 :Text;
  secret @4 :Text;
  role @5 :Envelope.PeerKind;
  expiresAt @6 :Int64;
}

struct EnrolmentRequest {
  wish @0 :EnrolmentWish;
  cluster @1 :Text;
  tokenId @2 :Text;
  tokenSecret @3 :Text;
  role @4 :Envelope.PeerKind;
  name @5 :Text;
  worker @6 :UInt64;
  bus @7 :Text;
  bulk @8 :Text;
  nextKey @9 :Text;
  versionKnown @10 :UInt64;
}

struct BrokerPlace {
  bus @0 :Text;
  bulk @1 :Text;
  key @2 :Text;
}

struct EnrolmentReply {
  outcome @0 :EnrolmentOutcome;
  cluster @1 :Text;
  generation @2 :UInt64;
  name @3 :Text;
  role @4 :Envelope.PeerKind;
  worker @5 :UInt64;
  brokers @6 :List(BrokerPlace);
  directory @7 :MemberDirectory;
}

struct Membership {
  cluster @0 :Text;
  generation @1 :UInt64;
  name @2 :Text;
  role @3 :Envelope.PeerKind;
  worker @4 :UInt64;
  key @5 :Text;
  secretKey @6 :Text;
  enrolment @7 :Text;
  enrolmentKey @8 :Text;
  brokers @9 :List(BrokerPlace);
}
