// Backup of a cluster's shards while they are in use, and their restore as a new generation.
//
// A backup has one folder for each shard, each of one moment: everything that was acknowledged
// before the backup began is in it. The moments differ from shard to shard, so a restore settles
// between the shards who holds which job id.
#pragma once

#include "scheduler/store/folder_copy.h"

#include <functional>
#include <string>
#include <vector>

namespace windlass::scheduler {

// Copies the shards of these data folders into `to`, which must be new or empty, and checks each
// copy. `told` hears of each. Throws StoreError, when there is no shard to copy too.
std::vector<FolderFacts> back_up(const std::vector<std::string>& data_folders,
                                 const std::string& to,
                                 const std::function<void(const FolderFacts&)>& told);

// Reads everything in a backup again; ascending by shard. Throws StoreError.
std::vector<FolderFacts> check_backup(const std::string& backup);

struct Restored {
  std::vector<FolderFacts> shards;         // as they were in the backup
  std::uint64_t nodes_given_up = 0;        // their pools ask for new ones
  std::uint64_t reservations_dropped = 0;  // job ids without a job
  std::uint64_t reservations_made = 0;     // jobs whose id was not held
  std::uint64_t jobs_superseded = 0;       // another job had the same id, made later: deleted
};

// Makes the shards in `data_folder`, which must have none, from backups that have all shards of a
// cluster between them, as `generation`, which must be above that of the backups. Throws
// StoreError.
Restored restore(const std::vector<std::string>& backups, const std::string& data_folder,
                 ClusterGeneration generation, WallTime now);

}  // namespace windlass::scheduler
