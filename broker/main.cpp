#include "broker/config.h"
#include "broker/loop.h"
#include "bus/options.h"
#include "runtime/program.h"
#include "runtime/refusal.h"

#include <map>
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

std::unique_ptr<broker::Forwarder> make_forwarder(const std::string& name, const std::string& flag,
                                                  const std::vector<std::string>& endpoints,
                                                  const broker::BrokerConfig& config,
                                                  InstanceId instance, runtime::Program& program) {
  try {
    return std::make_unique<broker::Forwarder>(
        broker::ForwarderOptions{
            name, endpoints, {}, static_cast<ClusterGeneration>(config.generation), instance},
        program.metrics, program.log);
  } catch (const std::exception& failure) {
    refuse(failure, endpoints, flag);
  }
}

int run(const broker::BrokerConfig& config, runtime::Program& program) {
  const InstanceId instance = bus::random_instance();
  const auto bus = make_forwarder("bus", "--bus-bind", config.bus_bind, config, instance, program);
  const auto bulk =
      make_forwarder("bulk", "--bulk-bind", config.bulk_bind, config, instance, program);
  program.announce(
      bus->router().endpoints().front(),
      {{"bus", bus->router().endpoints().front()}, {"bulk", bulk->router().endpoints().front()}});
  program.readiness.set_ready();
  broker::Loop(*bus, *bulk, program.metrics).run(program.shutdown.fd());
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
