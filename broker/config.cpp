#include "broker/config.h"

#include "runtime/default_ports.h"

namespace windlass::broker {

BrokerConfig::BrokerConfig()
    : bus_bind{runtime::kDefaultBusEndpoint}, bulk_bind{runtime::kDefaultBulkEndpoint} {
  common.admin_address = runtime::kDefaultBrokerAdmin;
}

runtime::OptionTable broker_options(BrokerConfig& config) {
  runtime::OptionTable table("windlass-broker", "BROKER",
                             "Passes frames between gateways, schedulers and workers.");
  table.add({.name = "bus-bind",
             .target = &config.bus_bind,
             .meaning = "ZeroMQ endpoint for commands, leases and reports: tcp://HOST:PORT or "
                        "ipc://PATH. May be given more than once.",
             .value_name = "ENDPOINT"});
  table.add({.name = "bulk-bind",
             .target = &config.bulk_bind,
             .meaning = "ZeroMQ endpoint for the bytes of files. May be given more than once.",
             .value_name = "ENDPOINT"});
  table.add({.name = "generation",
             .target = &config.generation,
             .meaning = "Generation of the cluster; frames of another one are refused.",
             .min = 1});
  runtime::add_common_options(table, config.common);
  return table;
}

}  // namespace windlass::broker
