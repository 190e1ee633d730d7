// Where jobs were last seen: (account, job id) -> shard. A guess, never the truth: a shard that
// does not hold the job says so, and its home shard is asked again.
#pragma once

#include "model/ids.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace windlass::gateway {

// Two generations, each at most half of the bound: entries that are asked for move to the young
// one, and when that is full the old one is dropped whole.
class JobCache {
 public:
  explicit JobCache(std::size_t entries_max) : half_(entries_max / 2 + 1) {}

  std::optional<ShardId> find(std::string_view account, std::string_view job_id);
  void put(std::string_view account, std::string_view job_id, ShardId shard);
  void forget(std::string_view account, std::string_view job_id);

  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  using Generation = std::unordered_map<std::string, ShardId>;
  void put_young(std::string key, ShardId shard);

  std::size_t half_;
  Generation young_;
  Generation old_;
};

}  // namespace windlass::gateway
