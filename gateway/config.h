// What can be configured of a gateway.
#pragma once

#include "members/place.h"
#include "runtime/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::gateway {

struct GatewayConfig {
  runtime::CommonConfig common;

  std::string listen;  // empty: no API, only the blob endpoint
  std::string listen_tls;
  std::string tls_certificate;
  std::string tls_key;
  std::string public_url;
  std::string accounts_file;

  std::vector<std::string> broker;
  std::vector<std::string> broker_bulk;
  std::int64_t shards_total = 2;
  std::int64_t generation = 1;
  members::JoinConfig join;
  bool http_plain_allowed = false;

  std::string blob_folder;
  std::string blob_listen;
  std::string blob_public_url;
  std::int64_t blob_free_bytes_min = 64ll << 20;

  std::int64_t connections_max = 4096;
  std::int64_t requests_in_flight_max = 20'000;
  std::int64_t shard_waiting_max = 20'000;
  std::int64_t file_requests_max = 4'000;
  std::int64_t request_bytes_max = 1024 * 1024;
  std::int64_t idle_timeout_ms = 120'000;
  std::int64_t request_timeout_ms = 60'000;
  std::int64_t write_timeout_ms = 60'000;
  std::int64_t drain_timeout_ms = 30'000;

  GatewayConfig();
};

runtime::OptionTable gateway_options(GatewayConfig& config);

}  // namespace windlass::gateway
