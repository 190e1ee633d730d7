// A shard that this process owns: its core, its folder, its sessions, and the batch under way. All
// that the bus hands in for it passes here; what it decides leaves through the endpoint, after the
// commit.
#pragma once

#include "bus/shard_endpoint.h"
#include "scheduler/batch_tally.h"
#include "scheduler/core/shard.h"
#include "scheduler/core/shard_store.h"

#include <map>
#include <memory>
#include <set>

namespace windlass::scheduler {

class OwnedShard {
 public:
  OwnedShard(ShardId shard, ShardId shards_total, const Settings& settings,
             std::unique_ptr<ShardStore> store, bus::ShardEndpoint& endpoint);

  // Claims the epoch, recovers, and takes the shard over on the bus.
  void open(Now now);

  void take(const bus::OpenWanted& input, Now now);
  void take(const bus::SessionResumed& input, Now now);
  void take(bus::Commands& input, Now now);
  void take(const bus::Reports& input, Now now);
  void take(const bus::ShardMessages& input, Now now);
  void take(const bus::ShardAcknowledges& input, Now now);

  // Ends the batch: decides what time has brought, commits, speaks. Does nothing when nothing
  // arrived and no deadline has come.
  BatchTally end_batch(Now now);

  std::optional<MonoTime> next_deadline(Now now) const { return core_.next_deadline(now); }

  // Refuses new work while the disk is nearly full.
  void watch_space();
  // As last watched.
  const Space& space() const { return space_; }
  std::uint64_t journal_bytes() const { return store_->journal_bytes(); }

  // Between batches: since when an active task waits. Reads a row.
  std::optional<WallTime> active_since(const TaskKey& task);

  // Grants parting leases and lets go of the shard.
  void part(Now now);

  ShardId id() const { return shard_; }
  const Shard& core() const { return core_; }

 private:
  ShardBatch& batch();
  void handle(Input input, Now now);
  void close_session(SessionId session);
  void open_session(const bus::OpenWanted& wanted, Now now);
  void close_silent_sessions(Now now);
  void forget_workers();
  void note_before_commit();
  void speak(Now now);
  void answer_clients();
  void order_workers();
  void tell(std::uint64_t worker, const ToWorker& message);

  ShardId shard_;
  ShardId shards_total_;
  const std::unique_ptr<ShardStore> store_;
  Space space_;
  Shard core_;
  bus::ShardEndpoint& endpoint_;
  ShardEpoch epoch_ = 0;
  EventNumber events_before_ = 0;  // number of the last event of the batch before
  std::uint64_t sessions_opened_ = 0;
  std::map<SessionId, SessionState> sessions_;
  std::map<std::uint64_t, SessionId> worker_sessions_;

  // The batch under way.
  std::unique_ptr<ShardBatch> batch_;
  Effects effects_;
  BatchTally tally_;
  bool must_commit_ = false;                    // beyond what events ask for
  std::set<SessionId> heard_;                   // sessions with numbered frames in this batch
  std::map<SessionId, Sequence> settled_;       // stored answers needed no more
  std::map<Origin, bool> commands_;             // of this batch; whether the answer is stored
  std::vector<SessionState> sessions_to_open_;  // told after the commit
  std::vector<SessionId> sessions_to_close_;
  std::set<SessionId> sessions_overrun_;  // could not be told: closed with the next batch
  MonoTime silent_checked_;
};

}  // namespace windlass::scheduler
