// The session of a shard with one peer, at the shard's side. Pure. Nothing is acknowledged before
// the loop says that it is durable (committed) or answers it.
//
// A worker's reports are handed out in the worker's order: each tells how things are after those
// before it (a node is granted, then ready; what ran, then what has ended since). Commands of
// gateways are independent of each other and come as they arrive.
#pragma once

#include "bus/core/frame_sink.h"
#include "bus/core/inbox.h"
#include "bus/core/outbox.h"
#include "model/session.h"
#include "model/time.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace windlass::bus {

struct ShardIdentity {
  ShardId shard = 0;
  ShardEpoch epoch = 0;
  InstanceId instance = 0;
  ClusterGeneration generation = 0;
};

struct ShardArrival {
  Sequence sequence = 0;  // zero: unnumbered
  bool again = false;     // taken in an earlier epoch; its answer may be lost
  std::string_view message;
};

class ShardSession {
 public:
  // From its row: waits to be resumed. `open()` makes it open: resumed, or just made.
  ShardSession(ShardIdentity identity, SessionState state, MonoTime now);

  // Asks for a session_opened frame at the next flush. True when it was not open before.
  bool open(MonoTime now);
  bool is_open() const { return open_; }

  // A frame of this session and epoch, while open. Views hold until the next call, and as long as
  // `entries` does.
  std::vector<ShardArrival> on_frame(const Envelope& envelope, std::span<const BundleEntry> entries,
                                     MonoTime now);

  const SessionState& state() const { return state_; }
  const InboxState& inbox() const { return inbox_.state(); }
  Sequence settled_through() const { return settled_through_; }
  void committed(const InboxState& durable);

  // False while it is not open or its queue is full.
  bool send(Sequence in_reply_to, std::string message);
  bool send_unnumbered(std::string message);
  std::size_t room() const { return open_ ? outbox_.room() : 0; }

  void flush(MonoTime now, FrameSink& sink);
  std::optional<MonoTime> next_deadline() const;
  bool wants_flush() const;

  MonoTime heard_at() const { return heard_at_; }
  void count_silence_from(MonoTime now) { heard_at_ = now; }
  std::size_t outstanding() const { return outbox_.outstanding(); }
  std::uint64_t retransmissions() const { return outbox_.retransmissions(); }
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  Envelope envelope(FrameKind kind) const;
  bool in_order() const { return state_.kind == PeerKind::worker; }
  Sequence next() const { return inbox_.state().acknowledged_through + 1; }
  void hold(Sequence sequence, std::string_view message);
  void take_held(std::vector<ShardArrival>& arrivals);

  const ShardIdentity identity_;
  SessionState state_;  // as in the row; its inbox is the one of the beginning of this epoch
  Inbox inbox_;
  InboxState durable_;
  std::set<Sequence> asked_again_;        // in this epoch
  std::map<Sequence, std::string> held_;  // beyond a gap, if in order: not taken yet
  std::vector<std::string> told_;         // owners of views given last
  Sequence settled_through_ = 0;
  Outbox outbox_{false};
  std::vector<std::string> unnumbered_;
  bool open_ = false;
  bool say_opened_ = false;
  bool acknowledge_ = false;
  MonoTime heard_at_;
  std::uint64_t duplicates_ = 0;
};

}  // namespace windlass::bus
