#include "model/ids.h"

#include "model/assert.h"

namespace windlass {

namespace {

char lower_cased(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;
constexpr std::uint64_t kFnvPrime = 1099511628211ULL;

std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(lower_cased(c));
    hash *= kFnvPrime;
  }
  return hash;
}

}  // namespace

std::string lower_cased(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower_cased(c);
  return out;
}

bool valid_user_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  for (const char c : id) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!allowed) return false;
  }
  return true;
}

ShardId shard_of(std::string_view account, std::string_view id, ShardId shards_total) {
  WINDLASS_ASSERT(shards_total > 0);
  std::uint64_t hash = fnv1a(kFnvOffset, account);
  hash *= kFnvPrime;  // the separator: a zero byte changes nothing under xor
  hash = fnv1a(hash, id);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  hash ^= hash >> 33;
  return static_cast<ShardId>(hash % shards_total);
}

std::string_view schedule_of(std::string_view job_id) {
  const std::size_t colon = job_id.find(':');
  return colon == std::string_view::npos ? std::string_view{} : job_id.substr(0, colon);
}

ShardId home_of_job(std::string_view account, std::string_view job_id, ShardId shards_total) {
  return shard_of(account, job_id.substr(0, job_id.find(':')), shards_total);
}

std::string etag_text(ShardId shard, EventNumber event) {
  // A gateway shows what comes over the bus: more bits than a shard ever gives must not end it.
  constexpr std::uint64_t kEventMask = (1ULL << 48) - 1;
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const std::uint64_t value = (static_cast<std::uint64_t>(shard) << 48) | (event & kEventMask);
  std::string out = "0x000000000000000";
  for (int i = 0; i < 15; ++i) {
    out[static_cast<std::size_t>(16 - i)] = kDigits[(value >> (4 * i)) & 0xF];
  }
  return out;
}

}  // namespace windlass
