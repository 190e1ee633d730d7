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

// Everything that was committed when it began, in one transaction. `to` must not exist; durable
// when this returns. Throws StoreError.
void copy_folder(const std::string& from, const std::string& to);

// Reads every row of a copy that nobody has open, and its checksum. Throws CorruptError,
// WrongFolder (another format), StoreError.
FolderFacts check_copy(const std::string& folder);

}  // namespace windlass::scheduler
