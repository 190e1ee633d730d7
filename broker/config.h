// What can be configured of a broker.
#pragma once

#include "members/place.h"
#include "runtime/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::broker {

struct BrokerConfig {
  runtime::CommonConfig common;
  std::vector<std::string> bus_bind;
  std::vector<std::string> bulk_bind;
  std::string bus_public;
  std::string bulk_public;
  std::string cluster_dir;
  std::string enrolment_bind;
  members::JoinConfig join;
  std::int64_t generation = 1;

  BrokerConfig();
};

runtime::OptionTable broker_options(BrokerConfig& config);

}  // namespace windlass::broker
