#include "simulator/shard_folders.h"

namespace windlass::simulator {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLookAgain = milliseconds(20);
constexpr Duration kPatience = seconds(10);

}  // namespace

std::vector<ShardId> ShardFolders::served_by(std::size_t scheduler) const {
  std::vector<ShardId> shards;
  for (const auto& [shard, folder] : folders_) {
    if (folder.at == scheduler && !folder.moved_away) shards.push_back(shard);
  }
  return shards;
}

bool ShardFolders::lock(ShardId shard, std::size_t scheduler) {
  Folder& folder = folders_.at(shard);
  if (folder.locked || folder.at != scheduler) return false;
  folder.locked = true;
  return true;
}

void ShardFolders::move_one(std::size_t schedulers) {
  auto found = folders_.begin();
  std::advance(found, random_.between(0, static_cast<std::int64_t>(folders_.size()) - 1));
  Folder& folder = found->second;
  const auto to =
      static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(schedulers) - 1));
  if (folder.moved_away || to == folder.at) return;
  folder.moved_away = true;
  world_.tell("operator", "moves shard " + std::to_string(found->first) + " to scheduler " +
                              std::to_string(to));
  try_to_carry(found->first, to, world_.timeline.now() + kPatience);
}

void ShardFolders::try_to_carry(ShardId shard, std::size_t to, MonoTime until) {
  Folder& folder = folders_.at(shard);
  if (!folder.locked) {
    folder.at = to;
    world_.bit("shard moved");
    // Copied to another disk, perhaps; nobody has it meanwhile.
    world_.timeline.after(random_.between(milliseconds(1), seconds(4)), [this, shard] {
      folders_.at(shard).moved_away = false;
      world_.tell("operator", "has brought shard " + std::to_string(shard));
    });
  } else if (world_.timeline.now() >= until) {
    folder.moved_away = false;
    world_.tell("operator", "shard " + std::to_string(shard) + " is not let go, and stays");
  } else {
    world_.timeline.after(kLookAgain, [this, shard, to, until] { try_to_carry(shard, to, until); });
  }
}

}  // namespace windlass::simulator
