// What a running (or stopped) development cluster is: written by `windlass dev`, read by the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass::cli::dev {

struct ClusterFile {
  std::string endpoint;  // http(s)://127.0.0.1:8440
  std::uint16_t api_port = 0;
  std::uint16_t blob_port = 0;
  std::string ca_file;                // empty without --https
  std::vector<std::string> accounts;  // the first is the default
  std::vector<std::string> roles;     // names: broker, scheduler, gateway, worker-0
  bool operator==(const ClusterFile&) const = default;
};

void write_cluster_file(const std::string& path, const ClusterFile& cluster);
std::optional<ClusterFile> read_cluster_file(
    const std::string& path);  // nothing when missing or unreadable

}  // namespace windlass::cli::dev
