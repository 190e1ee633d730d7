#include "client/cli/doctor/gather.h"

#include "client/cli/dev/cluster_file.h"
#include "client/cli/dev/layout.h"
#include "client/cli/dev/ports.h"
#include "client/cli/dev/supervisor.h"
#include "members/core/enrolment.h"
#include "members/place.h"
#include "runtime/address.h"
#include "runtime/default_ports.h"
#include "runtime/folder_lock.h"
#include "runtime/process_info.h"
#include "runtime/refusal.h"
#include "runtime/status_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace windlass::cli::doctor {
namespace {

namespace fs = std::filesystem;

struct UsualPort {
  std::string role;
  std::string address;
  std::string use;
  std::string option;
};

std::vector<UsualPort> usual_ports() {
  return {{"gateway", runtime::kDefaultApiAddress, "REST API", "--listen"},
          {"gateway", runtime::kDefaultBlobAddress, "blob endpoint", "--blob-listen"},
          {"gateway", runtime::kDefaultApiTlsAddress, "REST API over TLS", "--listen-tls"},
          {"broker", runtime::kDefaultBusEndpoint, "bus", "--bus-bind"},
          {"broker", runtime::kDefaultBulkEndpoint, "bus for file bytes", "--bulk-bind"},
          {"broker", runtime::kDefaultEnrolmentEndpoint, "enrolment door", "--enrolment-bind"},
          {"gateway", runtime::kDefaultGatewayAdmin, "admin door of a gateway", "--admin-address"},
          {"broker", runtime::kDefaultBrokerAdmin, "admin door of a broker", "--admin-address"},
          {"scheduler", runtime::kDefaultSchedulerAdmin, "admin door of a scheduler",
           "--admin-address"},
          {"worker", runtime::kDefaultWorkerAdmin, "admin door of a worker", "--admin-address"}};
}

PortFacts port_facts(std::uint16_t port, const std::string& use, const std::string& option) {
  PortFacts facts{.port = port, .use = use, .option = option};
  const auto owner = runtime::owner_of_port(port);
  facts.free = !owner && dev::port_is_free(port);
  if (owner) {
    facts.pid = owner->pid;
    facts.command = owner->command;
  }
  return facts;
}

std::uint16_t port_of(const std::string& address) {
  const auto slashes = address.find("://");
  const auto parsed =
      runtime::parse_address(slashes == std::string::npos ? address : address.substr(slashes + 3));
  return parsed ? parsed->port : std::uint16_t{0};
}

void add_key(Facts& facts, const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;
  facts.keys.push_back({path, S_ISDIR(status.st_mode), static_cast<unsigned>(status.st_mode & 0777),
                        ::access(path.c_str(), R_OK) == 0});
}

void add_keys_in(Facts& facts, const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    if (it->path().extension() == ".key") paths.push_back(it->path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) add_key(facts, path);
}

// Answers the member's role; empty when there is none.
std::string look_at_member(Facts& facts, const std::string& key_dir) {
  MemberFacts member;
  member.key_dir = key_dir;
  add_key(facts, key_dir);
  add_key(facts, key_dir + "/membership.json");
  try {
    if (const auto membership = members::membership_in(key_dir)) {
      member.found = true;
      member.name = membership->name;
      member.role = members::role_name(membership->role);
      member.cluster = membership->cluster;
      member.enrolment = membership->enrolment;
      if (const auto outcome = members::standing_of(*membership))
        member.standing = members::to_string(*outcome);
      for (const BrokerPlace& broker : membership->brokers) {
        facts.reached.push_back(reach("broker", broker.bus));
        facts.reached.push_back(reach("broker's bulk", broker.bulk));
      }
    }
  } catch (const std::exception& failure) {
    member.problem = failure.what();
  }
  facts.member = member;
  return member.role;
}

void look_at_cluster(Facts& facts, const dev::Layout& layout) {
  const auto cluster = dev::read_cluster_file(layout.cluster_file());
  facts.development = true;
  facts.data = layout.folder();
  facts.cluster_known = cluster.has_value();
  facts.cluster_running = runtime::owner_of_folder(layout.folder()) != 0;
  facts.ports.push_back(
      port_facts(cluster ? cluster->api_port : port_of(runtime::kDefaultApiAddress), "REST API",
                 "windlass dev --port 0"));
  facts.ports.push_back(
      port_facts(cluster ? cluster->blob_port : port_of(runtime::kDefaultBlobAddress),
                 "blob endpoint", "windlass dev --blob-port 0"));
  if (!cluster) return;
  add_keys_in(facts, layout.accounts());
  add_keys_in(facts, layout.tls());
  if (!facts.cluster_running) return;
  for (const std::string& name : cluster->roles) {
    RoleFacts role{name, false, {}, layout.log_of(name)};
    if (const auto status = runtime::read_status_file(layout.status_of(name))) {
      role.running = dev::ProcessId{status->pid, status->started}.alive();
      if (role.running) role.problem = dev::why_not_ready(status->admin);
      for (PortFacts& port : facts.ports) port.ours |= role.running && port.pid == status->pid;
    }
    facts.roles.push_back(std::move(role));
  }
}

}  // namespace

Facts gather(const Wish& wish) {
  Facts facts;
  std::string endpoint = wish.endpoint;
  std::string ca_file = wish.ca_file;
  std::vector<std::string> disks = wish.disks;
  if (!wish.data.empty()) {
    const dev::Layout layout(wish.data);
    look_at_cluster(facts, layout);
    const auto cluster = dev::read_cluster_file(layout.cluster_file());
    facts.limits.shards = 2;  // what windlass dev makes when nobody says otherwise
    if (endpoint.empty() && facts.cluster_running && cluster) {
      endpoint = cluster->endpoint;
      ca_file = cluster->ca_file;
    }
    if (disks.empty()) disks.push_back(facts.cluster_known ? layout.scheduler() : layout.folder());
  } else {
    const std::string role =
        wish.key_dir.empty() ? std::string() : look_at_member(facts, wish.key_dir);
    for (const UsualPort& usual : usual_ports()) {
      if (!role.empty() && usual.role != role) continue;
      PortFacts port = port_facts(port_of(usual.address), usual.use, usual.option);
      port.ours = port.command.find("windlass-" + usual.role) != std::string::npos;
      facts.ports.push_back(std::move(port));
    }
    if (disks.empty()) disks.push_back("/var/lib/windlass");
  }
  for (const std::string& broker : wish.brokers) facts.reached.push_back(reach("broker", broker));
  facts.clock = clock_facts(endpoint, ca_file);
  for (const std::string& disk : disks) facts.disks.push_back(disk_facts(disk));
  facts.cgroups = cgroup_facts();
  const std::uint64_t shards = facts.limits.shards;
  facts.limits = limit_facts();
  facts.limits.shards = shards;
  facts.user = user_facts();
  return facts;
}

}  // namespace windlass::cli::doctor
