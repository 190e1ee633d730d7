#include "scheduler/config.h"

#include <charconv>
#include <set>
#include <stdexcept>
#include <string_view>

namespace windlass::scheduler {

runtime::OptionTable scheduler_options(Config& config) {
  runtime::OptionTable table(
      "windlass-scheduler", "SCHEDULER",
      "Decides: owns shards, keeps their state in LMDB, gives tasks to workers.");
  table.add({.name = "data-dir",
             .target = &config.data_dir,
             .meaning = "Folder on a local disk; each shard has a folder below it.",
             .required = true,
             .value_name = "DIR"});
  table.add({.name = "shards-total",
             .target = &config.shards_total,
             .meaning = "How many shards the cluster has. Fixed when the cluster is made.",
             .min = 1,
             .max = 4096});
  table.add({.name = "shards",
             .target = &config.shards,
             .meaning = "The shards that this process owns, such as 0-3,7. Empty: all of them.",
             .value_name = "LIST"});
  table.add({.name = "broker",
             .target = &config.brokers,
             .meaning = "A broker's bus endpoint; repeat for each broker. Members of a cluster "
                        "are told where the brokers are.",
             .value_name = "ENDPOINT"});
  members::add_join_options(table, config.join, "--data-dir/key");
  table.add({.name = "lease-seconds",
             .target = &config.lease_seconds,
             .meaning = "How long a node may run tasks without hearing from its shard.",
             .unit = "s",
             .min = 3,
             .max = 3600});
  table.add({.name = "sync-delay-ms",
             .target = &config.sync_delay_ms,
             .meaning = "Slows each commit down by this much: shows what a slower disk would do.",
             .unit = "ms",
             .min = 0,
             .max = 10'000});
  table.add({.name = "space-reserve-bytes",
             .target = &config.space_reserve_bytes,
             .meaning =
                 "With less than this free under the data folder new work is refused, so that "
                 "what runs can still be recorded.",
             .unit = "bytes",
             .min = 0});
  table.add({.name = "journal-bytes-max",
             .target = &config.journal_bytes_max,
             .meaning = "The journal of a shard keeps about this much; older records go.",
             .unit = "bytes",
             .min = 1024 * 1024});
  table.add({.name = "cluster-generation",
             .target = &config.generation,
             .meaning = "Generation of an open bus's cluster, raised when it is restored from a "
                        "backup; fences everything older. Members are told it.",
             .min = 1});
  runtime::add_common_options(table, config.common);
  table.example(
      "windlass-scheduler --data-dir /srv/windlass --shards-total 64 --shards 0-31 --broker "
      "tcp://10.0.0.1:8470",
      "owns the first half of 64 shards");
  return table;
}

namespace {

unsigned parse_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("--shards wants numbers and ranges such as 0-3,7, not \"" +
                                std::string(text) + "\"");
  }
  return value;
}

}  // namespace

std::vector<ShardId> parse_shards(const std::string& text, ShardId shards_total) {
  std::set<ShardId> shards;
  if (text.empty()) {
    for (ShardId shard = 0; shard < shards_total; ++shard) shards.insert(shard);
  }
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t dash = part.find('-');
    const unsigned first = parse_number(part.substr(0, dash));
    const unsigned last =
        dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1));
    if (last < first || last >= shards_total) {
      throw std::invalid_argument("--shards: " + std::string(part) + " is not within 0-" +
                                  std::to_string(shards_total - 1));
    }
    for (unsigned shard = first; shard <= last; ++shard) shards.insert(static_cast<ShardId>(shard));
  }
  return {shards.begin(), shards.end()};
}

Settings settings_of(const Config& config) {
  Settings settings;
  settings.lease = std::chrono::seconds(config.lease_seconds);
  settings.lease_margin = settings.lease / 10;
  return settings;
}

}  // namespace windlass::scheduler
