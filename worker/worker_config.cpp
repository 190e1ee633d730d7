#include "worker/worker_config.h"

#include "runtime/load_config.h"

#include <arpa/inet.h>

#include <charconv>

namespace windlass::worker {

using runtime::ConfigError;
using runtime::OptionTable;

std::string log_folder(const WorkerConfig& config) {
  return config.log_dir.empty() ? config.data_dir + "/log" : config.log_dir;
}

OptionTable worker_options(WorkerConfig& config) {
  OptionTable table("windlass-worker", "WORKER",
                    "Offers nodes and runs the tasks that shards put on them.");
  table.add({.name = "data-dir",
             .target = &config.data_dir,
             .meaning = "Folder for grants, spool and, unless told otherwise, the nodes' files.",
             .value_name = "DIR",
             .default_text = "$XDG_DATA_HOME/windlass/worker"});
  table.add({.name = "nodes-dir",
             .target = &config.nodes_dir,
             .meaning = "Folder for the nodes' files. The task user must be able to reach it.",
             .value_name = "DIR",
             .default_text = "nodes in --data-dir"});
  table.add({.name = "broker",
             .target = &config.brokers,
             .meaning = "Bus endpoint of a broker; repeat it for each broker.",
             .value_name = "ENDPOINT"});
  table.add({.name = "broker-bulk",
             .target = &config.bulk_brokers,
             .meaning = "Endpoint of a broker for file bytes; repeat it for each broker.",
             .value_name = "ENDPOINT"});
  members::add_join_options(table, config.join, "--data-dir/key");
  table.add({.name = "cluster-generation",
             .target = &config.generation,
             .meaning = "Generation of an open bus's cluster. A worker that meets a later one ends "
                        "its tasks and wipes its nodes. Members are told it.",
             .min = 1});
  table.add({.name = "shards-total",
             .target = &config.shards_total,
             .meaning = "Number of shards of the cluster. 0: as brokers say.",
             .min = 0,
             .max = 4096});
  table.add({.name = "offers",
             .target = &config.offers,
             .meaning = "Nodes to offer: COUNT:VMSIZE or COUNT:VMSIZE:spot. VMSIZE * suits every "
                        "pool. Repeat it for more kinds.",
             .value_name = "OFFER"});
  table.add({.name = "executor",
             .target = &config.executor,
             .meaning = "How tasks run. null: they end at once with exit code 0 and no process is "
                        "started, to measure the scheduler alone.",
             .choices = {"process", "null"}});
  table.add({.name = "task-user",
             .target = &config.task_user,
             .meaning = "User that tasks run as. Only for a worker that is root; others run tasks "
                        "as themselves.",
             .value_name = "NAME",
             .default_text = "windlass-task if there is such a user, else nobody"});
  table.add({.name = "admin-tasks",
             .target = &config.admin_tasks,
             .meaning = "Run tasks with elevation 'admin' as the worker's own user. Without this "
                        "they fail."});
  table.add({.name = "node-users",
             .target = &config.node_users,
             .meaning =
                 "Let clients make users of this host, with a password or a key and, if they "
                 "ask for it, administrators (node users). Only for a worker that is root."});
  table.add({.name = "account-url",
             .target = &config.account_url,
             .meaning = "What tasks find in AZ_BATCH_ACCOUNT_URL.",
             .value_name = "URL"});
  table.add({.name = "node-address",
             .target = &config.node_address,
             .meaning = "IP address of the nodes, as the API and multi-instance tasks see it. "
                        "FIRST-LAST gives each node one of its own, for a host that has them.",
             .value_name = "IP"});
  table.add({.name = "cgroups",
             .target = &config.cgroups,
             .meaning = "Which control groups hold tasks together.",
             .choices = {"auto", "v2", "v1", "none"}});
  table.add({.name = "free-bytes-min",
             .target = &config.free_bytes_min,
             .meaning = "With less free space under the nodes' files no task begins (DiskFull).",
             .unit = "bytes",
             .min = 0});
  table.add({.name = "tls-ca-file",
             .target = &config.tls_ca_file,
             .meaning = "Certificate authorities for resource and output files over https.",
             .value_name = "FILE",
             .default_text = "the system's"});
  table.add({.name = "log-dir",
             .target = &config.log_dir,
             .meaning = "Folder in which the log is kept besides, as JSON: worker.log and four "
                        "older parts of it. Clients may ask for a copy of them "
                        "(UploadBatchServiceLogs).",
             .value_name = "DIR",
             .default_text = "log in --data-dir"});
  table.add({.name = "log-file-bytes-max",
             .target = &config.log_file_bytes_max,
             .meaning = "A new part of the log in --log-dir is begun at this size.",
             .unit = "bytes",
             .min = 65'536});
  add_common_options(table, config.common);
  table.example("windlass-worker --offers 4:standard_d2_v3 --offers 8:*:spot",
                "Four nodes for pools of that size, and eight that may be taken away for any.");
  return table;
}

OfferClass parse_offer(const std::string& text) {
  const auto refuse = [&]() -> ConfigError {
    return ConfigError("--offers: '" + text + "' is not COUNT:VMSIZE or COUNT:VMSIZE:spot");
  };
  OfferClass offer;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, offer.free);
  if (code != std::errc() || rest == end || *rest != ':') throw refuse();
  if (offer.free < 0 || offer.free > 1'000'000) throw refuse();
  offer.vm_size.assign(rest + 1, end);
  const auto colon = offer.vm_size.find(':');
  if (colon != std::string::npos) {
    const std::string kind = offer.vm_size.substr(colon + 1);
    if (kind != "dedicated" && kind != "spot") throw refuse();
    offer.dedicated = kind == "dedicated";
    offer.vm_size.resize(colon);
  }
  if (offer.vm_size.empty()) throw refuse();
  return offer;
}

std::vector<std::string> parse_node_addresses(const std::string& text,
                                              const std::vector<OfferClass>& offers) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return {text};
  in_addr first{};
  in_addr last{};
  const bool read = ::inet_pton(AF_INET, text.substr(0, dash).c_str(), &first) == 1 &&
                    ::inet_pton(AF_INET, text.substr(dash + 1).c_str(), &last) == 1;
  if (!read || ntohl(last.s_addr) < ntohl(first.s_addr))
    throw ConfigError("--node-address: '" + text + "' is neither IP nor FIRST-LAST of IPv4");
  std::uint64_t nodes = 0;
  for (const OfferClass& offer : offers) nodes += static_cast<std::uint64_t>(offer.free);
  const std::uint64_t there = std::uint64_t{ntohl(last.s_addr)} - ntohl(first.s_addr) + 1;
  if (there < nodes)
    throw ConfigError("--node-address: '" + text + "' has " + std::to_string(there) +
                      " addresses, and --offers " + std::to_string(nodes) + " nodes");
  std::vector<std::string> addresses;
  for (std::uint64_t i = 0; i < nodes; ++i) {
    in_addr address{htonl(ntohl(first.s_addr) + static_cast<std::uint32_t>(i))};
    char name[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &address, name, sizeof name);
    addresses.emplace_back(name);
  }
  return addresses;
}

std::vector<OfferClass> parse_offers(const std::vector<std::string>& texts) {
  std::vector<OfferClass> offers;
  for (const std::string& text : texts) offers.push_back(parse_offer(text));
  return offers;
}

}  // namespace windlass::worker
