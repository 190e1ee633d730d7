// The ends that a cluster on this machine has committed, read from its shards' files. LMDB shows a
// transaction to readers only after the page that makes it valid has been flushed, so what is seen
// here is on disk, and looking costs the cluster nothing: no request, no wake-up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct MDB_env;

namespace windlass::loadtest {

class CommitWatch {
 public:
  // `cluster` is the data folder of a development cluster. Throws std::runtime_error.
  explicit CommitWatch(const std::string& cluster);
  ~CommitWatch();
  CommitWatch(const CommitWatch&) = delete;
  CommitWatch& operator=(const CommitWatch&) = delete;

  // Tasks recorded as completed, over all shards.
  std::uint64_t completed_total() const;

 private:
  struct Shard {
    MDB_env* environment = nullptr;
    unsigned table = 0;
  };
  std::vector<Shard> shards_;
};

// The same, once it has stood still for a while: rows of jobs that were deleted before are still
// being removed, and a cluster is not idle until that is over.
std::uint64_t settled_total(const CommitWatch& commits);

}  // namespace windlass::loadtest
