#include "broker/config.h"
#include "broker/loop.h"
#include "bus/options.h"
#include "members/directory_file.h"
#include "members/enrolment_door.h"
#include "members/place.h"
#include "runtime/program.h"
#include "runtime/refusal.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace windlass;

// "bind tcp://127.0.0.1:8450: Address already in use" becomes the owner and the line to type.
[[noreturn]] void refuse(const std::exception& failure, const std::vector<std::string>& endpoints,
                         const std::string& flag) {
  const std::string what = failure.what();
  for (const std::string& endpoint : endpoints) {
    constexpr std::string_view kTcp = "tcp://";
    if (what.find(endpoint) == std::string::npos || endpoint.rfind(kTcp, 0) != 0) continue;
    const auto address = runtime::parse_address(endpoint.substr(kTcp.size()));
    if (!address || !runtime::owner_of_port(address->port)) continue;
    throw runtime::StartRefused(
        runtime::taken_port_message_offering(*address, flag + " tcp://" + address->host + ":PORT"));
  }
  throw runtime::StartRefused(what);
}

// What a broker with a key has besides its roads: who may use them.
struct Membership {
  bus::RouterKeys keys;
  ClusterGeneration generation = 1;
  std::unique_ptr<members::DirectoryFile> directory;  // on the control host
  std::unique_ptr<members::EnrolmentDoor> door;       // the same
  std::unique_ptr<members::DirectoryCopy> copy;       // elsewhere
  std::unique_ptr<broker::Gate> gate;
};

// The endpoint that others are told: one they can connect to.
std::string public_endpoint(const std::string& said, const std::vector<std::string>& bound,
                            const std::string& flag) {
  const std::string endpoint = said.empty() ? bound.front() : said;
  for (const char* nowhere : {"tcp://*", "tcp://0.0.0.0", "tcp://[::]"}) {
    if (endpoint.rfind(nowhere, 0) == 0)
      throw runtime::StartRefused(flag + " is missing: nobody can connect to " + endpoint +
                                  "; say " + flag +
                                  " tcp://HOST:PORT as other hosts reach this one");
  }
  if (endpoint.ends_with(":0") || endpoint.ends_with(":*"))
    throw runtime::StartRefused(flag + " is missing: the port in " + endpoint +
                                " is not known before the start");
  return endpoint;
}

std::string key_folder(const broker::BrokerConfig& config) {
  if (!config.join.key_dir.empty() || config.cluster_dir.empty()) return config.join.key_dir;
  return config.cluster_dir + "/broker";
}

// Nothing: the roads are open.
std::optional<Membership> find_membership(const broker::BrokerConfig& config,
                                          runtime::Program& program) {
  const bool wants_key = !key_folder(config).empty();
  Membership own;
  members::JoinWish wish{.role = PeerKind::broker, .key_dir = key_folder(config)};
  if (wants_key) {
    wish.bus = public_endpoint(config.bus_public, config.bus_bind, "--bus-public");
    wish.bulk = public_endpoint(config.bulk_public, config.bulk_bind, "--bulk-public");
  }
  if (!config.cluster_dir.empty()) {
    own.directory = std::make_unique<members::DirectoryFile>(config.cluster_dir);
    members::settle_control_broker(*own.directory, wish.key_dir, config.join.member_name, wish.bus,
                                   wish.bulk);
    own.door = std::make_unique<members::EnrolmentDoor>(config.enrolment_bind, *own.directory,
                                                        program.metrics, program.log);
  }
  const members::Place place(config.join, wish, program);
  if (!place.joined()) {
    members::refuse_open_endpoints(config.bus_bind, "--bus-bind", config.join.bus_plain_allowed);
    members::refuse_open_endpoints(config.bulk_bind, "--bulk-bind", config.join.bus_plain_allowed);
    return std::nullopt;
  }
  own.keys = {place.membership().key, place.membership().secret_key};
  own.generation = place.membership().generation;
  std::string directory = wish.key_dir + "/directory.json";
  if (own.directory) {
    directory = own.directory->path();
  } else {
    own.copy = std::make_unique<members::DirectoryCopy>(place.membership(), directory, program.log);
  }
  own.gate = std::make_unique<broker::Gate>(directory, program.metrics, program.log);
  return own;
}

std::unique_ptr<broker::Forwarder> make_forwarder(const std::string& name, const std::string& flag,
                                                  const std::vector<std::string>& endpoints,
                                                  broker::ForwarderOptions options,
                                                  runtime::Program& program) {
  options.name = name;
  options.endpoints = endpoints;
  try {
    return std::make_unique<broker::Forwarder>(options, program.metrics, program.log);
  } catch (const std::exception& failure) {
    refuse(failure, endpoints, flag);
  }
}

int run(const broker::BrokerConfig& config, runtime::Program& program) {
  const std::optional<Membership> own = find_membership(config, program);
  broker::ForwarderOptions options;
  options.generation = static_cast<ClusterGeneration>(config.generation);
  options.instance = bus::random_instance();
  if (own) {
    options.keys = own->keys;
    options.gate = own->gate.get();
    options.generation = own->generation;
  }
  const auto bus = make_forwarder("bus", "--bus-bind", config.bus_bind, options, program);
  const auto bulk = make_forwarder("bulk", "--bulk-bind", config.bulk_bind, options, program);
  std::map<std::string, std::string> endpoints{{"bus", bus->router().endpoints().front()},
                                               {"bulk", bulk->router().endpoints().front()}};
  if (own && own->door) endpoints["enrolment"] = own->door->endpoint();
  program.announce(bus->router().endpoints().front(), endpoints);
  program.readiness.set_ready();
  broker::Loop(*bus, *bulk, program.metrics, options.gate).run(program.shutdown.fd());
  program.readiness.set_not_ready("stopping");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  windlass::broker::BrokerConfig config;
  windlass::runtime::OptionTable options = windlass::broker::broker_options(config);
  return windlass::runtime::run_program(
      options, config.common, argc, argv,
      [&](windlass::runtime::Program& program) { return run(config, program); });
}
