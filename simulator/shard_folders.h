// The data folders of all schedulers: which one has which shard, who has it open, and shards on
// their way from one to another, as `windlass admin shard move` takes them: marked, let go by who
// has it, carried, brought. One process at most has a folder open; a frozen one keeps it.
#pragma once

#include "simulator/memory_disk.h"
#include "simulator/world.h"

#include <map>
#include <vector>

namespace windlass::simulator {

class ShardFolders {
 public:
  explicit ShardFolders(World& world) : world_(world), random_(world.random.fork()) {}

  void put(ShardId shard, std::size_t scheduler) { folders_[shard].at = scheduler; }

  // Those that this scheduler is to serve: in its folder, and not marked as moved away.
  std::vector<ShardId> served_by(std::size_t scheduler) const;
  MemoryDisk& disk(ShardId shard) { return folders_.at(shard).disk; }

  // False: another process has it.
  bool lock(ShardId shard, std::size_t scheduler);
  void unlock(ShardId shard) { folders_.at(shard).locked = false; }

  // An operator moves a shard, and waits for a while until it is let go.
  void move_one(std::size_t schedulers);

 private:
  struct Folder {
    MemoryDisk disk;
    std::size_t at = 0;
    bool moved_away = false;
    bool locked = false;
  };
  void try_to_carry(ShardId shard, std::size_t to, MonoTime until);

  World& world_;
  Random random_;
  std::map<ShardId, Folder> folders_;
};

}  // namespace windlass::simulator
