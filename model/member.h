// Who belongs to a cluster: members with their keys, tokens to join with, and what a joiner and the
// enrolment door say to each other. docs/JOINING.md tells the story.
#pragma once

#include "model/ids.h"
#include "model/session.h"
#include "model/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass {

// One process's place in the cluster. Keys are public CURVE keys as Z85 text.
struct Member {
  std::string name;  // unique among members that are not revoked
  PeerKind role = PeerKind::worker;
  std::uint64_t worker = 0;  // workers: the stable id that the key may speak for
  std::string key;
  std::string previous_key;  // after a rotation; good until previous_until
  std::optional<WallTime> previous_until;
  WallTime joined_at;
  std::optional<WallTime> revoked_at;
  std::string bus;   // brokers: where others reach them
  std::string bulk;  // the same for the bytes of files
  bool operator==(const Member&) const = default;
};

// What the directory keeps of a token: enough to recognise it, not enough to use it.
struct TokenRecord {
  std::string id;
  std::string secret_hash;
  PeerKind role = PeerKind::worker;
  WallTime made_at;
  WallTime expires_at;
  std::uint32_t uses_left = 1;
  bool operator==(const TokenRecord&) const = default;
};

struct MemberDirectory {
  std::string cluster;  // its id, made once
  ClusterGeneration generation = 1;
  std::uint64_t version = 0;  // rises with each change
  std::string enrolment;      // where tokens are redeemed: a ZeroMQ endpoint as others reach it
  std::string enrolment_key;
  std::vector<Member> members;
  std::vector<TokenRecord> tokens;
  bool operator==(const MemberDirectory&) const = default;
};

// What a token says to the one who holds it.
struct JoinToken {
  std::string cluster;
  std::string enrolment;
  std::string enrolment_key;
  std::string id;
  std::string secret;
  PeerKind role = PeerKind::worker;
  WallTime expires_at;
  bool operator==(const JoinToken&) const = default;
};

enum class EnrolmentWish : std::uint8_t {
  join,    // with a token; anybody may ask
  look,    // a member asks where the brokers are
  rotate,  // a member gives its next key
  copy     // a broker asks for the directory
};

struct EnrolmentRequest {
  EnrolmentWish wish = EnrolmentWish::join;
  std::string cluster;
  std::string token_id;
  std::string token_secret;
  PeerKind role = PeerKind::worker;
  std::string name;
  std::uint64_t worker = 0;
  std::string bus;
  std::string bulk;
  std::string next_key;
  std::uint64_t version_known = 0;  // copy: nothing comes back when it is still the newest
  bool operator==(const EnrolmentRequest&) const = default;
};

enum class EnrolmentOutcome : std::uint8_t {
  done,
  malformed,
  busy,
  wrong_cluster,
  unknown_token,
  token_expired,
  token_used,
  wrong_role,
  name_taken,
  key_taken,
  worker_taken,
  unknown_key,
  revoked
};
inline constexpr int kEnrolmentOutcomesTotal = 13;

struct BrokerPlace {
  std::string bus;
  std::string bulk;
  std::string key;
  bool operator==(const BrokerPlace&) const = default;
};

struct EnrolmentReply {
  EnrolmentOutcome outcome = EnrolmentOutcome::done;
  std::string cluster;
  ClusterGeneration generation = 1;
  std::string name;
  PeerKind role = PeerKind::worker;
  std::uint64_t worker = 0;
  std::vector<BrokerPlace> brokers;
  std::optional<MemberDirectory> directory;  // copy only, without tokens
  bool operator==(const EnrolmentReply&) const = default;
};

// What a member keeps in its own folder: its key and the way to the brokers.
struct Membership {
  std::string cluster;
  ClusterGeneration generation = 1;
  std::string name;
  PeerKind role = PeerKind::worker;
  std::uint64_t worker = 0;
  std::string key;
  std::string secret_key;
  std::string enrolment;
  std::string enrolment_key;
  std::vector<BrokerPlace> brokers;
  bool operator==(const Membership&) const = default;
};

}  // namespace windlass
