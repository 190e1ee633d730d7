// The command lines of a development cluster's roles. Pure: everything is handed in.
#pragma once

#include "client/cli/dev/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace windlass::cli::dev {

struct RoleSpec {
  std::string name;                    // broker, scheduler, gateway, worker-0
  std::string role;                    // broker, scheduler, gateway, worker
  std::vector<std::string> arguments;  // the program first
};

struct RolePlaces {
  std::string sockets;
  std::string run;
  std::string scheduler;
  std::string blobs;
  std::string accounts_file;
  struct Worker {
    std::string folder;
    std::string nodes;  // empty: below the folder
  };
  std::vector<Worker> workers;
  std::uint16_t api_port = 0;
  std::uint16_t blob_port = 0;
  std::string certificate;  // empty: no TLS
  std::string certificate_key;
  std::string endpoint;
};

// In the order of starting; they are ended in the order of stop_order(). Throws ConfigError for a
// setting that names no role.
std::vector<RoleSpec> roles_of(const DevConfig& config, const RolePlaces& places);

// Gateway first (nothing new comes in), then the scheduler (it grants parting leases), workers,
// broker.
int stop_order(const std::string& role);

}  // namespace windlass::cli::dev
