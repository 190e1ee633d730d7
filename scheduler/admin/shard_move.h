// A shard goes from one scheduler's data folder to another's while both schedulers run, or none.
// The one that has it ends its batch, parts from the workers and closes the folder; the other opens
// it and raises the epoch. Each step is on disk before the next, so a move that was cut short is
// repeated.
#pragma once

#include "scheduler/admin/backup.h"
#include "scheduler/store/errors.h"

#include <chrono>
#include <string>

namespace windlass::scheduler {

// Between data folders of one host. `patience`: how long the scheduler of `from` may take to let
// go; then the shard stays with it. Throws StoreError.
void move_shard(ShardId shard, const std::string& from, const std::string& to,
                std::chrono::milliseconds patience);

// To another host, first half: the shard is not served from `data_folder` any more, and a checked
// copy of it is in `copy`, to be carried there.
FolderFacts release_shard(ShardId shard, const std::string& data_folder, const std::string& copy,
                          std::chrono::milliseconds patience);
// Second half: `data_folder` takes the shard from the copy, which is good for one adoption.
FolderFacts adopt_shard(ShardId shard, const std::string& copy, const std::string& data_folder);

}  // namespace windlass::scheduler
