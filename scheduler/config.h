// What windlass-scheduler can be told.
#pragma once

#include "members/place.h"
#include "model/ids.h"
#include "runtime/options.h"
#include "scheduler/core/settings.h"

#include <string>
#include <vector>

namespace windlass::scheduler {

struct Config {
  runtime::CommonConfig common;
  std::string data_dir;
  std::int64_t shards_total = 2;
  std::string shards;                // "0-1,5"; empty: all
  std::vector<std::string> brokers;  // of an open bus; members are told where they are
  members::JoinConfig join;
  std::int64_t lease_seconds = 30;
  std::int64_t sync_delay_ms = 0;
  std::int64_t space_reserve_bytes = 256LL * 1024 * 1024;
  std::int64_t journal_bytes_max = 256LL * 1024 * 1024;
  std::int64_t generation = 1;
};

runtime::OptionTable scheduler_options(Config& config);

// The shards that `text` names, ascending; throws runtime::ConfigError-like std::invalid_argument.
std::vector<ShardId> parse_shards(const std::string& text, ShardId shards_total);

Settings settings_of(const Config& config);

}  // namespace windlass::scheduler
