// What a worker can be told.
#pragma once

#include "members/place.h"
#include "model/worker_message.h"
#include "runtime/default_ports.h"
#include "runtime/options.h"
#include "runtime/paths.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::worker {

inline constexpr unsigned kOlderLogParts = 4;

struct WorkerConfig {
  runtime::CommonConfig common{.admin_address = runtime::kDefaultWorkerAdmin};
  std::string data_dir = runtime::data_folder_default("worker");
  std::string nodes_dir;  // empty: DATA/nodes
  std::vector<std::string> brokers{runtime::kDefaultBusEndpoint};
  std::vector<std::string> bulk_brokers{runtime::kDefaultBulkEndpoint};
  members::JoinConfig join;
  std::int64_t generation = 1;
  std::int64_t shards_total = 0;
  std::vector<std::string> offers{"32:*"};
  std::string executor = "process";
  std::string task_user;
  bool admin_tasks = false;
  bool node_users = false;
  std::string account_url;
  std::string node_address = "127.0.0.1";
  std::string cgroups = "auto";
  std::int64_t free_bytes_min = 256 << 20;
  std::string tls_ca_file;
  std::string log_dir;  // empty: DATA/log
  std::int64_t log_file_bytes_max = 8 << 20;
};

// Where the worker keeps its log.
std::string log_folder(const WorkerConfig& config);

runtime::OptionTable worker_options(WorkerConfig& config);

// "COUNT:VMSIZE[:dedicated|spot]". Throws ConfigError.
OfferClass parse_offer(const std::string& text);
std::vector<OfferClass> parse_offers(const std::vector<std::string>& texts);

// "IP", or "FIRST-LAST" of IPv4 addresses: all of them. Throws ConfigError, also where there are
// several and fewer than nodes.
std::vector<std::string> parse_node_addresses(const std::string& text,
                                              const std::vector<OfferClass>& offers);

}  // namespace windlass::worker
