// A scheduler: the production's shards over simulated links and disks.
#pragma once

#include "bus/shard_endpoint.h"
#include "scheduler/core/settings.h"
#include "scheduler/owned_shard.h"
#include "simulator/auditor.h"
#include "simulator/network.h"
#include "simulator/shard_folders.h"

#include <memory>
#include <vector>

namespace windlass::simulator {

class SchedulerProcess final : public Process {
 public:
  SchedulerProcess(World& world, Network& network, Auditor& auditor, ShardFolders& folders,
                   std::size_t number, std::size_t place);

  // Grants parting leases, lets go of its shards and ends; it is started again a little later.
  void part();

  // What its shards owe each other or other shards, in words. Nothing when all are of one mind.
  std::string owed() const;

 private:
  void boot(Now now) override;
  void turn(Now now) override;
  void die() override;
  std::optional<MonoTime> next_turn(Now now) override;
  // Shards may be moved away and brought here while it runs.
  void take_shards(Now now);
  void open(ShardId shard, Now now);
  void let_go(std::size_t index, Now now);
  void equip(ShardId shard, MemoryDisk& disk);
  void check(scheduler::OwnedShard& shard);

  Network& network_;
  Auditor& auditor_;
  ShardFolders& folders_;
  const std::size_t number_;
  bool committed_ = false;  // in this turn

  // The program.
  InstanceId instance_ = 0;
  std::unique_ptr<bus::ShardEndpoint> endpoint_;
  std::vector<std::unique_ptr<scheduler::OwnedShard>> shards_;
  MonoTime look_due_{};
};

}  // namespace windlass::simulator
