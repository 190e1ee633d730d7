// Copies of a shard's folder: made beside its owner, who goes on meanwhile, and checked row by row.
#pragma once

#include "model/ids.h"
#include "model/shard_rows.h"
#include "scheduler/store/errors.h"

#include <cstdint>
#include <string>

namespace windlass::scheduler {

// What lies in a folder.
struct FolderFacts {
  ShardId shard = 0;
  ShardId shards_total = 0;
  ClusterGeneration generation = 0;
  ShardEpoch epoch = 0;
  EventNumber events = 0;
  std::uint64_t pools = 0;
  std::uint64_t jobs = 0;
  std::uint64_t open_tasks = 0;
  std::uint64_t completed_tasks = 0;
  std::uint64_t rows = 0;  // of all tables
  bool operator==(const FolderFacts&) const = default;
};

// Everything that was committed when it began, in one transaction. `to` must not exist, and gets
// the owner of the folder above; durable when this returns. Throws StoreError.
void copy_folder(const std::string& from, const std::string& to);

// Who runs this is often root, and who opens the folder is not: everything in it gets the owner of
// the folder that it stands in. Others cannot give files away, and keep them.
void give_to_owner_above(const std::string& folder);

// Reads every row of a copy that nobody has open, and its checksum. Throws CorruptError,
// WrongFolder (another format), StoreError.
FolderFacts check_copy(const std::string& folder);

}  // namespace windlass::scheduler
