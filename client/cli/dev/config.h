// What `windlass dev` can be told.
#pragma once

#include "runtime/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::cli::dev {

struct DevConfig {
  std::string data;
  std::int64_t port = -1;       // -1: as last time, else 8440; 0: a free one
  std::int64_t blob_port = -1;  // -1: as last time, else 8441, else a free one
  std::int64_t workers = 1;
  std::int64_t nodes = 32;
  std::string executor = "process";
  std::int64_t shards = 2;
  bool https = false;
  bool detach = false;
  std::vector<std::string> accounts;
  std::vector<std::string> settings;  // "scheduler.sync-delay-ms=2"
  std::string programs;
  std::int64_t timeout_seconds = 60;
};

runtime::OptionTable dev_options(DevConfig& config);

}  // namespace windlass::cli::dev
