# The two parts of every frame: envelope and bundle. model/envelope.h says what the fields mean.
@0xc5f23b193cf556ff;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

enum PeerKind { gateway @0; worker @1; scheduler @2; broker @3; }
enum FrameKind {
  brokerHello @0; brokerStatus @1; undeliverable @2;
  openSession @3; sessionOpened @4; sessionRefused @5;
  acknowledge @6; commands @7; answers @8; reports @9; orders @10;
  shardMessages @11; shardAcknowledges @12; fileRequests @13; fileReplies @14;
}

struct Destination {
  union {
    shard @0 :UInt16;
    instance @1 :UInt64;
    broker @2 :Void;
  }
}

struct Envelope {
  generation @0 :UInt64;
  source @1 :UInt64;
  sourceKind @2 :PeerKind;
  sourceShard @3 :UInt16;
  kind @4 :FrameKind;
  credit @5 :UInt32;
  epoch @6 :UInt64;
  session @7 :UInt64;
  sequence @8 :UInt64;
  acknowledgedThrough @9 :UInt64;
  above @10 :List(UInt64);
  releasedThrough @11 :UInt64;
  settledThrough @12 :UInt64;
  destination :group {
    union {
      shard @13 :UInt16;
      instance @14 :UInt64;
      broker @15 :Void;
    }
  }
}

# The second part: messages in order. Each is an encoded message of the type that the frame's kind
# names, so that what is sent again need not be encoded again.
struct Bundle {
  entries @0 :List(Entry);
  struct Entry {
    inReplyTo @0 :UInt64;  # answers: the sequence of the command; else 0
    message @1 :Data;
  }
}

# ---- bodies that stand alone in their frame ----

struct ShardClaim {
  shard @0 :UInt16;
  epoch @1 :UInt64;
}
struct HelloBody {
  shardsTotal @0 :UInt16;
  claims @1 :List(ShardClaim);
}
struct StatusBody {
  shardsTotal @0 :UInt16;
  routes @1 :List(ShardClaim);
}
enum UndeliverableReason { unknown @0; full @1; generation @2; }
struct Undeliverable {
  destination @0 :Destination;
  kind @1 :FrameKind;
  reason @2 :UndeliverableReason;
}
struct OpenSession {
  kind @0 :PeerKind;
  worker @1 :UInt64;
  resume @2 :UInt64;
}
enum RefusalReason { sessionUnknown @0; resumeFirst @1; }
struct SessionRefused { reason @0 :RefusalReason; }
