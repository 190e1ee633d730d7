#include "broker/config.h"

#include "runtime/default_ports.h"

namespace windlass::broker {

BrokerConfig::BrokerConfig()
    : bus_bind{runtime::kDefaultBusEndpoint},
      bulk_bind{runtime::kDefaultBulkEndpoint},
      enrolment_bind(runtime::kDefaultEnrolmentEndpoint) {
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
  table.add({.name = "bus-public",
             .target = &config.bus_public,
             .meaning = "The bus endpoint as other hosts reach it; told to who joins.",
             .value_name = "ENDPOINT",
             .default_text = "the first --bus-bind"});
  table.add({.name = "bulk-public",
             .target = &config.bulk_public,
             .meaning = "The endpoint for the bytes of files as other hosts reach it.",
             .value_name = "ENDPOINT",
             .default_text = "the first --bulk-bind"});
  table.add({.name = "cluster-dir",
             .target = &config.cluster_dir,
             .meaning = "Folder of windlass cluster init, on the control host: this broker asks "
                        "its directory of members, and takes members in.",
             .value_name = "DIR"});
  table.add({.name = "enrolment-bind",
             .target = &config.enrolment_bind,
             .meaning = "Where tokens are redeemed, with --cluster-dir.",
             .value_name = "ENDPOINT"});
  members::add_join_options(table, config.join, "broker in --cluster-dir, else none");
  table.add({.name = "cluster-generation",
             .target = &config.generation,
             .meaning = "Generation of an open bus's cluster; frames of another one are refused. "
                        "Members are told it.",
             .min = 1});
  runtime::add_common_options(table, config.common);
  return table;
}

}  // namespace windlass::broker
