#include "client/cli/dev/roles.h"

#include "runtime/load_config.h"

namespace windlass::cli::dev {
namespace {

using runtime::ConfigError;

// Each node has a loopback address of its own, so that the instances of a multi-instance task can
// be told apart, and listen on the same port. Workers follow each other.
std::string addresses_of_nodes(std::size_t worker, std::int64_t nodes) {
  const auto address = [](std::int64_t number) {
    number += 2;  // 127.0.0.1 is the host's
    return "127." + std::to_string(number >> 16) + "." + std::to_string((number >> 8) & 255) + "." +
           std::to_string(number & 255);
  };
  const std::int64_t first = static_cast<std::int64_t>(worker) * nodes;
  return address(first) + "-" + address(first + nodes - 1);
}

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

struct Setting {
  std::string role;
  std::string flag;
};

Setting setting_of(const std::string& text) {
  const auto dot = text.find('.');
  const auto equals = text.find('=');
  if (dot == std::string::npos || equals == std::string::npos || equals < dot)
    throw ConfigError("--set '" + text + "' is not ROLE.OPTION=VALUE");
  Setting setting{text.substr(0, dot), "--" + text.substr(dot + 1)};
  for (const char* role : {"broker", "scheduler", "gateway", "worker"}) {
    if (setting.role == role) return setting;
  }
  throw ConfigError("--set '" + text + "': the roles are broker, scheduler, gateway and worker");
}

}  // namespace

std::vector<RoleSpec> roles_of(const DevConfig& config, const RolePlaces& places) {
  const std::string bus = "ipc://" + places.sockets + "/bus.sock";
  const std::string bulk = "ipc://" + places.sockets + "/bulk.sock";
  const std::string shards = std::to_string(config.shards);
  std::vector<RoleSpec> roles;
  const auto role = [&](const std::string& name, const std::string& kind,
                        const std::vector<std::string>& own) {
    RoleSpec spec{name,
                  kind,
                  {config.programs + "/windlass-" + kind, "--admin-address=127.0.0.1:0",
                   "--status-file=" + places.run + "/" + name + ".json", "--log-format=json"}};
    spec.arguments.insert(spec.arguments.end(), own.begin(), own.end());
    std::vector<std::string> set;
    for (const std::string& text : config.settings) {
      const Setting setting = setting_of(text);
      if (setting.role != kind) continue;
      const std::string option = setting.flag.substr(0, setting.flag.find('=') + 1);
      std::erase_if(spec.arguments,
                    [&](const std::string& ours) { return ours.starts_with(option); });
      set.push_back(setting.flag);
    }
    spec.arguments.insert(spec.arguments.end(), set.begin(), set.end());
    roles.push_back(std::move(spec));
  };
  role("broker", "broker", {"--bus-bind=" + bus, "--bulk-bind=" + bulk});
  role("scheduler", "scheduler",
       {"--data-dir=" + places.scheduler, "--shards-total=" + shards,
        "--shards=0-" + std::to_string(config.shards - 1), "--broker=" + bus});
  std::vector<std::string> gateway{"--broker=" + bus,
                                   "--broker-bulk=" + bulk,
                                   "--shards-total=" + shards,
                                   "--accounts-file=" + places.accounts_file,
                                   "--public-url=" + places.endpoint,
                                   "--blob-folder=" + places.blobs,
                                   "--blob-listen=" + local(places.blob_port),
                                   "--blob-public-url=http://" + local(places.blob_port)};
  if (places.certificate.empty()) {
    gateway.push_back("--listen=" + local(places.api_port));
  } else {
    gateway.push_back("--listen=");  // nothing over plain HTTP
    gateway.push_back("--listen-tls=" + local(places.api_port));
    gateway.push_back("--tls-certificate=" + places.certificate);
    gateway.push_back("--tls-key=" + places.certificate_key);
  }
  role("gateway", "gateway", gateway);
  for (std::size_t i = 0; i < places.workers.size(); ++i) {
    const RolePlaces::Worker& place = places.workers[i];
    std::vector<std::string> worker{"--data-dir=" + place.folder,
                                    "--broker=" + bus,
                                    "--broker-bulk=" + bulk,
                                    "--shards-total=" + shards,
                                    "--offers=" + std::to_string(config.nodes) + ":*",
                                    "--node-address=" + addresses_of_nodes(i, config.nodes),
                                    "--executor=" + config.executor,
                                    "--account-url=" + places.endpoint};
    if (!place.nodes.empty()) worker.push_back("--nodes-dir=" + place.nodes);
    role("worker-" + std::to_string(i), "worker", worker);
  }
  return roles;
}

int stop_order(const std::string& role) {
  if (role == "gateway") return 0;
  if (role == "worker") return 1;
  if (role == "scheduler") return 2;
  return 3;
}

}  // namespace windlass::cli::dev
