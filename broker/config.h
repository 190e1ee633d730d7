// What can be configured of a broker.
#pragma once

#include "runtime/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::broker {

struct BrokerConfig {
  runtime::CommonConfig common;
  std::vector<std::string> bus_bind;
  std::vector<std::string> bulk_bind;
  std::int64_t generation = 1;

  BrokerConfig();
};

runtime::OptionTable broker_options(BrokerConfig& config);

}  // namespace windlass::broker
