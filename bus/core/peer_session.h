// The session of a gateway or worker with one shard, at the peer's side. Pure: frames and the time
// go in, frames and what they mean come out. docs/PROTOCOL.md has the rules.
//
// Towards the shard, an acknowledgement means durable. Commands are handled as they arrive, reports
// in the order in which they were sent.
// From the shard, messages are told in the shard's order, each once; an acknowledgement means that
// this process has them in memory.
#pragma once

#include "bus/core/frame_sink.h"
#include "bus/core/outbox.h"
#include "model/envelope.h"
#include "model/time.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windlass::bus {

struct PeerIdentity {
  PeerKind kind = PeerKind::gateway;  // or worker
  InstanceId instance = 0;
  std::uint64_t worker = 0;
  ClusterGeneration generation = 0;
};

// What a frame brought. Views hold until the next call.
struct PeerArrivals {
  std::vector<BundleEntry> messages;   // answers that were waited for, or orders
  std::vector<Sequence> acknowledged;  // now durable at the shard; not for commands
  bool opened = false;                 // the session is open (again)
  bool resumed = false;                // with opened: it is the one from before
  bool lost = false;                   // the shard does not know it any more
  std::vector<Sequence> uncertain;     // with lost: dropped, outcome unknown
};

class PeerSession {
 public:
  PeerSession(ShardId shard, PeerIdentity identity);

  // Opens the session if there is none. Nothing when the queue is full.
  std::optional<Sequence> send(std::string message);
  // Unnumbered, at the next flush, if the session is open by now.
  bool send_unnumbered(std::string message);
  void forget(Sequence sequence) { outbox_.forget(sequence); }
  void open();

  PeerArrivals on_opened(const Envelope& envelope, MonoTime now);
  PeerArrivals on_refused(const Envelope& envelope, RefusalReason reason, MonoTime now);
  // Orders, answers, acknowledgements.
  PeerArrivals on_frame(const Envelope& envelope, std::span<const BundleEntry> entries,
                        MonoTime now);

  // A broker says that the shard can be reached and in which epoch: no use to wait longer.
  void on_reachable(ShardEpoch epoch);

  void flush(MonoTime now, FrameSink& sink);
  // When flush() has something to do by itself; what send() took is due at once.
  std::optional<MonoTime> next_deadline() const;

  bool is_open() const { return state_ == State::open; }
  SessionId session() const { return session_; }
  ShardEpoch epoch() const { return epoch_; }
  std::size_t outstanding() const { return outbox_.outstanding(); }
  std::uint64_t retransmissions() const { return retransmissions_ + outbox_.retransmissions(); }
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t refused() const { return refused_; }

 private:
  enum class State : std::uint8_t { idle, opening, open };
  struct Held {
    Sequence in_reply_to = 0;
    std::string message;
  };

  Envelope envelope(FrameKind kind) const;
  bool wants_answers() const { return identity_.kind == PeerKind::gateway; }
  void begin_opening();
  void take_messages(const Envelope& envelope, std::span<const BundleEntry> entries, MonoTime now,
                     PeerArrivals& arrivals);
  void tell(const BundleEntry& entry, MonoTime now, PeerArrivals& arrivals);

  const ShardId shard_;
  const PeerIdentity identity_;
  State state_ = State::idle;
  SessionId session_ = 0;
  ShardEpoch epoch_ = 0;

  std::optional<MonoTime> open_again_at_;  // while opening; none: at once
  unsigned open_attempts_ = 0;

  Outbox outbox_;
  std::vector<std::string> unnumbered_;
  std::uint64_t retransmissions_ = 0;  // of earlier sessions

  // From the shard, in this epoch.
  Sequence taken_through_ = 0;
  std::map<Sequence, Held> held_;  // beyond a gap
  std::vector<Held> told_;         // owners of the views given last
  std::uint32_t unacknowledged_ = 0;
  bool acknowledge_now_ = false;
  std::optional<MonoTime> acknowledge_at_;
  std::optional<MonoTime> alive_at_;

  std::uint64_t duplicates_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace windlass::bus
