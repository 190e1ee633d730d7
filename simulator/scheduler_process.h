// A scheduler: the production's shards over simulated links and disks.
#pragma once

#include "bus/shard_endpoint.h"
#include "scheduler/core/settings.h"
#include "scheduler/owned_shard.h"
#include "simulator/auditor.h"
#include "simulator/memory_disk.h"
#include "simulator/network.h"

#include <map>
#include <memory>
#include <vector>

namespace windlass::simulator {

class SchedulerProcess final : public Process {
 public:
  SchedulerProcess(World& world, Network& network, Auditor& auditor, std::vector<ShardId> shards,
                   std::size_t place);

  // Grants parting leases, lets go of its shards and ends; it is started again a little later.
  void part();

 private:
  void boot(Now now) override;
  void turn(Now now) override;
  void die() override;
  std::optional<MonoTime> next_turn(Now now) override;
  void equip(ShardId shard, MemoryDisk& disk);
  void check(scheduler::OwnedShard& shard);

  Network& network_;
  Auditor& auditor_;
  const std::vector<ShardId> ids_;
  std::map<ShardId, MemoryDisk> disks_;
  bool committed_ = false;  // in this turn

  // The program.
  InstanceId instance_ = 0;
  std::unique_ptr<bus::ShardEndpoint> endpoint_;
  std::vector<std::unique_ptr<scheduler::OwnedShard>> shards_;
};

}  // namespace windlass::simulator
