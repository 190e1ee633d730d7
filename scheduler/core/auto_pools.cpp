#include "scheduler/core/auto_pools.h"

#include "model/assert.h"
#include "scheduler/core/nodes.h"

namespace windlass::scheduler {

namespace {

// murmur3's finisher: no two numbers give the same.
std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ value >> 33;
}

// As the API writes them: 32 upper-case hex digits in groups of 8, 4, 4, 4 and 12.
std::string guid_text(std::uint64_t high, std::uint64_t low) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    const std::uint64_t half = digit < 16 ? high : low;
    text += kDigits[half >> (60 - 4 * (digit % 16)) & 0xF];
  }
  return text;
}

// The first half is the shard and the number of the event that makes the pool, which never comes
// again, not even after a restore; the second is tried until the whole falls into this shard.
std::string auto_pool_id(const Step& step, const std::string& account, const std::string& prefix) {
  const State& state = step.state();
  constexpr std::uint64_t kEventMask = (std::uint64_t{1} << 48) - 1;
  const std::uint64_t high =
      mixed((std::uint64_t{state.shard()} + 1) << 48 | (step.next_version().event & kEventMask));
  for (std::uint64_t turn = 1;; ++turn) {
    const std::string guid = guid_text(high, mixed(high + turn));
    std::string id = prefix.empty() ? guid : prefix + "_" + guid;
    if (shard_of(account, id, state.shards_total()) == state.shard() &&
        state.find_pool(account, id) == nullptr) {
      return id;
    }
  }
}

}  // namespace

std::string make_auto_pool(Step& step, const std::string& account, const AutoPoolSpec& spec) {
  PoolSpec pool = spec.pool.value_or(PoolSpec{});
  pool.id = auto_pool_id(step, account, spec.id_prefix);
  const std::string id = pool.id;
  add_pool(step, account, pool);
  return id;
}

void release_auto_pool(Step& step, const JobRecord& job, Duration grace) {
  const std::optional<AutoPoolSpec>& spec = job.spec.auto_pool;
  if (!spec || spec->lifetime != PoolLifetime::job || spec->keep_alive) return;
  release_pool(step, job.account, job.spec.pool_id, grace);
}

void release_pool(Step& step, const std::string& account, const std::string& pool_id,
                  Duration grace) {
  const Pool* pool = step.state().find_pool(account, pool_id);
  if (pool == nullptr || pool->record.state == PoolState::deleting) return;
  if (grace <= Duration{}) {
    delete_pool(step, pool->record.seq);
    return;
  }
  if (pool->record.delete_at) return;
  PoolRecord record = pool->record;
  record.delete_at = step.now.wall + grace;
  record.version = step.next_version();
  step.emit(PoolPut{std::move(record)});
}

void check_auto_pool_clock(Step& step, PoolSeq seq) {
  const Pool* pool = step.state().find_pool(seq);
  if (pool == nullptr || !pool->record.delete_at) return;
  WINDLASS_ASSERT(pool->record.state == PoolState::active);
  if (step.now.wall >= *pool->record.delete_at) delete_pool(step, seq);
}

std::optional<Error> refuses_pool_change(const JobSpec& job, const JobChange& change) {
  const auto refusal = [](std::string_view what, std::string_view why) {
    return property_error(ErrorCode::invalid_property_value, what, "", why);
  };
  if (change.auto_pool && !job.auto_pool) {
    return refusal("poolInfo.autoPoolSpecification",
                   "The job was not added with an automatic pool, and cannot get one.");
  }
  if (change.pool_id && job.auto_pool) {
    return refusal("poolInfo.poolId",
                   "The job has an automatic pool, and cannot be moved to another.");
  }
  if (!change.auto_pool) return std::nullopt;
  const AutoPoolSpec& given = *change.auto_pool;
  const AutoPoolSpec& current = *job.auto_pool;
  const bool other_prefix = !given.id_prefix.empty() && given.id_prefix != current.id_prefix;
  if (given.lifetime != current.lifetime || other_prefix ||
      (given.pool && given.pool != current.pool)) {
    return refusal("poolInfo.autoPoolSpecification",
                   "Of an automatic pool only keepAlive can be changed.");
  }
  if (given.keep_alive != current.keep_alive && current.lifetime != PoolLifetime::job) {
    return refusal("poolInfo.autoPoolSpecification.keepAlive",
                   "keepAlive can be changed only where the pool's lifetime is that of the job.");
  }
  return std::nullopt;
}

}  // namespace windlass::scheduler
