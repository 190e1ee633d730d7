#include "simulator/scheduler_process.h"

#include "scheduler/core/invariants.h"

namespace windlass::simulator {

SchedulerProcess::SchedulerProcess(World& world, Network& network, Auditor& auditor,
                                   std::vector<ShardId> shards, std::size_t place)
    : Process(world, "scheduler-" + std::to_string(shards.front()), place),
      network_(network),
      auditor_(auditor),
      ids_(std::move(shards)) {
  for (const ShardId shard : ids_) equip(shard, disks_[shard]);
}

void SchedulerProcess::equip(ShardId shard, MemoryDisk& disk) {
  disk.before_commit = [this] {
    if (world_.calm || world_.random.between(0, 9999) >= world_.options.commit_fails) return;
    world_.bit("failed commit");
    throw Crashed("the commit failed and nothing of it is durable");
  };
  disk.after_commit = [this, shard](EventNumber first, const ShardEvents& events) {
    committed_ = true;
    auditor_.committed(shard, first, events);
    if (world_.calm || world_.random.between(0, 9999) >= world_.options.dies_after_commit) return;
    world_.bit("crash between commit and speaking");
    throw Crashed("between commit and speaking");
  };
}

void SchedulerProcess::boot(Now now) {
  bus::EndpointOptions options;
  options.kind = PeerKind::scheduler;
  options.instance = instance_ = world_.random.bits() | 1;
  options.brokers.resize(static_cast<std::size_t>(world_.options.brokers));
  endpoint_ = std::make_unique<bus::ShardEndpoint>(options, network_.open(options.instance, *this));
  scheduler::Settings settings;
  settings.lease = world_.options.lease;
  for (const ShardId shard : ids_) {
    shards_.push_back(std::make_unique<scheduler::OwnedShard>(
        shard, static_cast<ShardId>(world_.options.shards), settings,
        std::make_unique<MemoryStore>(disks_.at(shard)), *endpoint_));
    shards_.back()->open(now);
    tell("shard " + std::to_string(shard) + " is open in epoch " +
         std::to_string(disks_.at(shard).tables.epoch));
    check(*shards_.back());
  }
}

void SchedulerProcess::die() {
  shards_.clear();
  endpoint_.reset();
}

void SchedulerProcess::check(scheduler::OwnedShard& shard) {
  MemoryBatch rows(disks_.at(shard.id()));
  for (const std::string& sentence : scheduler::broken_invariants(shard.core().state(), rows))
    world_.violated("invariant", "shard " + std::to_string(shard.id()) + ": " + sentence);
}

void SchedulerProcess::turn(Now now) {
  committed_ = false;
  for (bus::ShardInput& input : endpoint_->poll(now.mono, world_.options.batch_messages_max)) {
    std::visit(
        [&](auto& what) {
          for (const auto& shard : shards_) {
            if (shard->id() == what.shard) shard->take(what, now);
          }
        },
        input);
  }
  for (const auto& shard : shards_) {
    const bool committed = shard->end_batch(now).committed;
    if (committed) check(*shard);
  }
  endpoint_->flush(now.mono);
  if (network_.has_arrived(instance_)) wake();
  if (committed_)
    busy_for(world_.random.between(std::chrono::microseconds(100), world_.options.commit_time_max));
}

std::optional<MonoTime> SchedulerProcess::next_turn(Now now) {
  std::optional<MonoTime> next = endpoint_->next_deadline();
  for (const auto& shard : shards_) {
    const std::optional<MonoTime> at = shard->next_deadline(now);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

void SchedulerProcess::part() {
  if (!running()) return;
  world_.bit("parting");
  const Now now = clock().read(world_.timeline.now());
  try {
    for (const auto& shard : shards_) shard->part(now);
    endpoint_->flush(now.mono);
    for (const auto& shard : shards_) endpoint_->release(shard->id());
    endpoint_->flush(now.mono);
  } catch (const Crashed& crashed) {
    return end(crashed.what());
  }
  end("it parts");
}

}  // namespace windlass::simulator
