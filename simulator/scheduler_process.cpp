#include "simulator/scheduler_process.h"

#include "scheduler/core/invariants.h"

#include <algorithm>

namespace windlass::simulator {

namespace {
constexpr Duration kLookInterval = std::chrono::seconds(1);  // at the shards' marks
}

SchedulerProcess::SchedulerProcess(World& world, Network& network, Auditor& auditor,
                                   ShardFolders& folders, std::size_t number, std::size_t place)
    : Process(world, "scheduler-" + std::to_string(number), place),
      network_(network),
      auditor_(auditor),
      folders_(folders),
      number_(number) {}

void SchedulerProcess::equip(ShardId shard, MemoryDisk& disk) {
  disk.before_commit = [this] {
    if (world_.calm || world_.random.between(0, 9999) >= world_.options.commit_fails) return;
    world_.bit("failed commit");
    throw Crashed("the commit failed and nothing of it is durable");
  };
  disk.after_commit = [this, shard](EventNumber first, const ShardEvents& events) {
    committed_ = true;
    auditor_.committed(shard, first, events);
  };
}

void SchedulerProcess::boot(Now now) {
  bus::EndpointOptions options;
  options.kind = PeerKind::scheduler;
  options.instance = instance_ = world_.random.bits() | 1;
  options.brokers.resize(static_cast<std::size_t>(world_.options.brokers));
  endpoint_ = std::make_unique<bus::ShardEndpoint>(options, network_.open(options.instance, *this));
  take_shards(now);
}

void SchedulerProcess::take_shards(Now now) {
  look_due_ = now.mono + kLookInterval;
  const std::vector<ShardId> served = folders_.served_by(number_);
  for (std::size_t i = 0; i < shards_.size();) {
    if (std::binary_search(served.begin(), served.end(), shards_[i]->id()))
      ++i;
    else
      let_go(i, now);
  }
  for (const ShardId shard : served) {
    const bool has_it = std::any_of(shards_.begin(), shards_.end(),
                                    [&](const auto& owned) { return owned->id() == shard; });
    if (!has_it && folders_.lock(shard, number_)) open(shard, now);
  }
}

void SchedulerProcess::open(ShardId shard, Now now) {
  MemoryDisk& disk = folders_.disk(shard);
  equip(shard, disk);
  scheduler::Settings settings;
  settings.lease = world_.options.lease;
  shards_.push_back(std::make_unique<scheduler::OwnedShard>(
      shard, static_cast<ShardId>(world_.options.shards), settings,
      std::make_unique<MemoryStore>(disk), *endpoint_));
  shards_.back()->open(now);
  tell("shard " + std::to_string(shard) + " is open in epoch " + std::to_string(disk.tables.epoch));
  check(*shards_.back());
}

void SchedulerProcess::let_go(std::size_t index, Now now) {
  const ShardId shard = shards_[index]->id();
  shards_[index]->part(now);
  endpoint_->flush(now.mono);
  endpoint_->release(shard);
  endpoint_->flush(now.mono);
  shards_.erase(shards_.begin() + static_cast<std::ptrdiff_t>(index));
  folders_.unlock(shard);
  tell("lets go of shard " + std::to_string(shard));
}

void SchedulerProcess::die() {
  for (const auto& shard : shards_) folders_.unlock(shard->id());
  shards_.clear();
  endpoint_.reset();
}

void SchedulerProcess::check(scheduler::OwnedShard& shard) {
  MemoryBatch rows(folders_.disk(shard.id()));
  for (const std::string& sentence : scheduler::broken_invariants(shard.core().state(), rows))
    world_.violated("invariant", "shard " + std::to_string(shard.id()) + ": " + sentence);
}

void SchedulerProcess::turn(Now now) {
  committed_ = false;
  if (now.mono >= look_due_) take_shards(now);
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
  next = std::min(next.value_or(look_due_), look_due_);
  for (const auto& shard : shards_) {
    const std::optional<MonoTime> at = shard->next_deadline(now);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::string SchedulerProcess::owed() const {
  std::string text;
  for (const auto& shard : shards_) {
    const std::string name = " shard " + std::to_string(shard->id());
    const MemoryTables& tables = folders_.disk(shard->id()).tables;
    for (const auto& [key, row] : tables.outbox)
      text += name + " a message to shard " + std::to_string(row.to);
    for (const auto& [key, reservation] : tables.reservations) {
      if (reservation.state == ReservationState::reserved)
        text += name + " the making of job " + reservation.job_id;
    }
  }
  return text;
}

void SchedulerProcess::part() {
  if (!running()) return;
  world_.bit("parting");
  const Now now = clock().read(world_.timeline.now());
  const bool parted = act([&] {
    for (const auto& shard : shards_) shard->part(now);
    endpoint_->flush(now.mono);
    for (const auto& shard : shards_) endpoint_->release(shard->id());
    endpoint_->flush(now.mono);
  });
  if (parted) end("it parts");
}

}  // namespace windlass::simulator
