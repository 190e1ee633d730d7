#include "gateway/core/job_cache.h"

#include <utility>

namespace windlass::gateway {
namespace {

// No id holds a zero byte, so accounts cannot run into ids.
std::string key_of(std::string_view account, std::string_view job_id) {
  std::string key = lower_cased(account);
  key += '\0';
  key += lower_cased(job_id);
  return key;
}

}  // namespace

std::optional<ShardId> JobCache::find(std::string_view account, std::string_view job_id) {
  std::string key = key_of(account, job_id);
  if (const auto found = young_.find(key); found != young_.end()) return found->second;
  const auto found = old_.find(key);
  if (found == old_.end()) return std::nullopt;
  const ShardId shard = found->second;
  old_.erase(found);
  put_young(std::move(key), shard);
  return shard;
}

void JobCache::put(std::string_view account, std::string_view job_id, ShardId shard) {
  std::string key = key_of(account, job_id);
  old_.erase(key);
  put_young(std::move(key), shard);
}

void JobCache::forget(std::string_view account, std::string_view job_id) {
  const std::string key = key_of(account, job_id);
  young_.erase(key);
  old_.erase(key);
}

void JobCache::put_young(std::string key, ShardId shard) {
  young_.insert_or_assign(std::move(key), shard);
  if (young_.size() < half_) return;
  old_ = std::exchange(young_, {});
}

}  // namespace windlass::gateway
