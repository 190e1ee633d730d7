// What the main() of each role has in common.
//
//   int main(int argc, char** argv) {
//     BrokerConfig config;
//     OptionTable options = broker_options(config);
//     return run_program(options, config.common, argc, argv, [&](Program& program) { ... return 0;
//     });
//   }
#pragma once

#include "runtime/admin_server.h"
#include "runtime/load_config.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/shutdown.h"
#include "runtime/status_file.h"

#include <functional>
#include <string>

namespace windlass::runtime {

// The parts every role is handed: built before its body runs, gone after it.
struct Program {
  std::string role;
  Log& log;
  Metrics& metrics;
  Readiness& readiness;
  Shutdown& shutdown;
  const Address& admin;

  // Call when the sockets are bound: writes --status-file (if given) and logs "started". `address`
  // is where the role can be reached, `endpoints` further ones by name.
  std::function<void(const std::string& address, std::map<std::string, std::string> endpoints)>
      announce;
};

// Reads the configuration, starts log, metrics, admin server and signal handling, runs the body.
// Exceptions of the body are logged and end with 1, StartRefused and ConfigError with 2.
//
// A role that must fork before any thread (the worker's spawner) does it in `before_threads`, which
// runs after the configuration is read and before anything else is started.
int run_program(OptionTable& options, const CommonConfig& common, int argc, char** argv,
                const std::function<int(Program&)>& body,
                const std::function<void()>& before_threads = {});

}  // namespace windlass::runtime
