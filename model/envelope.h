// The first part of every frame on the bus: who, to whom, which session and place in it. The second
// part (the body) is a bundle of messages, or empty. Brokers read envelopes only.
#pragma once

#include "model/ids.h"
#include "model/session.h"

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass {

enum class FrameKind : std::uint8_t {
  // Between a process and a broker.
  broker_hello,   // process to broker, every second; body: HelloBody
  broker_status,  // its answer, and news at once; body: StatusBody
  undeliverable,  // broker to sender: a frame of yours could not be passed on; body: Undeliverable
  // Between a peer and a shard.
  open_session,     // body: OpenSession
  session_opened,   // what the shard has taken stands in the envelope
  session_refused,  // body: SessionRefused
  acknowledge,      // no body; also says "I am alive"
  commands,         // gateway to shard: Command
  answers,          // shard to gateway: Answer
  reports,          // worker to shard: FromWorker
  orders,           // shard to worker: ToWorker
  // Between shards; the outbox of the sender repeats them.
  shard_messages,      // ShardMessage
  shard_acknowledges,  // ShardAcknowledge
  // The bulk road, between processes.
  file_requests,  // FileRequest
  file_replies    // FileReply
};
inline constexpr int kFrameKindsTotal = 15;

// Where a frame goes. A broker knows which process holds a shard.
struct ToShardOf {
  ShardId shard = 0;
  auto operator<=>(const ToShardOf&) const = default;
};
struct ToInstance {
  InstanceId instance = 0;
  auto operator<=>(const ToInstance&) const = default;
};
struct ToBroker {
  auto operator<=>(const ToBroker&) const = default;
};
using Destination = std::variant<ToShardOf, ToInstance, ToBroker>;

struct Envelope {
  ClusterGeneration generation = 0;
  InstanceId source = 0;
  PeerKind source_kind = PeerKind::gateway;
  ShardId source_shard = 0;  // of frames from a shard
  Destination destination;
  FrameKind kind = FrameKind::acknowledge;

  ShardEpoch epoch = 0;  // of the shard in the session; as far as a peer knows it
  SessionId session = 0;

  // The first message of the body has this number, the others follow it. Zero: not numbered.
  Sequence sequence = 0;

  // The other direction: what the sender of this frame has taken, and how many messages beyond
  // acknowledged_through it is willing to take now.
  InboxState taken;
  std::uint32_t credit = 0;

  // This direction, peer to shard only. Nothing up to released_through will be sent again as new
  // (it was acknowledged, answered or given up); everything up to settled_through has its answer or
  // needs none.
  Sequence released_through = 0;
  Sequence settled_through = 0;

  bool operator==(const Envelope&) const = default;
};

// One encoded message of a body. A view: valid while its memory is.
struct BundleEntry {
  Sequence in_reply_to = 0;  // answers: the sequence of the command
  std::string_view message;
};

// ---- small bodies --------------------------------------------------------------------------

struct ShardClaim {
  ShardId shard = 0;
  ShardEpoch epoch = 0;
  auto operator<=>(const ShardClaim&) const = default;
};

// "I am here"; from a scheduler also: "these shards are mine".
struct HelloBody {
  ShardId shards_total = 0;  // schedulers only; others learn it
  std::vector<ShardClaim> claims;
  bool operator==(const HelloBody&) const = default;
};

struct StatusBody {
  ShardId shards_total = 0;        // 0: no scheduler has been heard yet
  std::vector<ShardClaim> routes;  // the shards that can be reached, with the epoch known
  bool operator==(const StatusBody&) const = default;
};

enum class UndeliverableReason : std::uint8_t {
  unknown,    // nobody claims the shard, or no such process is connected
  full,       // the way to it is full; the frame was dropped
  generation  // the frame is of another cluster or of another generation
};

struct Undeliverable {
  Destination destination;
  FrameKind kind = FrameKind::acknowledge;
  UndeliverableReason reason = UndeliverableReason::unknown;
  bool operator==(const Undeliverable&) const = default;
};

struct OpenSession {
  PeerKind kind = PeerKind::gateway;
  std::uint64_t worker = 0;
  SessionId resume = 0;  // zero: a new one
  bool operator==(const OpenSession&) const = default;
};

enum class RefusalReason : std::uint8_t {
  session_unknown,  // never known or closed: open a new one; what was under way is uncertain
  resume_first      // known, but not opened in this epoch: say open_session with its id
};

struct SessionRefused {
  RefusalReason reason = RefusalReason::session_unknown;
  bool operator==(const SessionRefused&) const = default;
};

}  // namespace windlass
