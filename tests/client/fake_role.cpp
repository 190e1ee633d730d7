// Stands in for a role in tests of `windlass dev`: takes any option, writes its status file, serves
// its admin page, and lives until it is told to end. It obeys a file <data of the
// cluster>/behave-<role> that says "exit 2" (refuse to start).
#include "runtime/admin_server.h"
#include "runtime/metrics.h"
#include "runtime/process_info.h"
#include "runtime/shutdown.h"
#include "runtime/status_file.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace windlass::runtime;

int main(int argc, char** argv) {
  std::string role = std::filesystem::path(argv[0]).filename().string();
  role = role.substr(role.find('-') + 1);
  std::string status_file;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    std::fprintf(stderr, "argument %s\n", argv[i]);
    if (argument.starts_with("--status-file=")) status_file = argument.substr(14);
  }
  const char* cluster = std::getenv("WINDLASS_DEV_CLUSTER");
  std::string behaviour;
  if (cluster != nullptr) std::ifstream(std::string(cluster) + "/behave-" + role) >> behaviour;
  if (behaviour == "refuse") {
    std::fprintf(stderr, "this start is refused for a reason\n");
    return 2;
  }
  Shutdown shutdown;
  Metrics metrics(role);
  Readiness readiness;
  const AdminServer admin(Address{"127.0.0.1", 0}, metrics, readiness);
  readiness.set_ready();
  const int pid = ::getpid();
  write_status_file(
      status_file, {role, pid, start_of_process(pid), "somewhere", to_string(admin.address()), {}});
  // A process that outlives us and that only a subreaper or the mark can find, as a task's guard.
  if (behaviour == "orphan" && ::fork() == 0) {
    ::setsid();
    std::signal(SIGTERM, SIG_DFL);
    for (;;) ::pause();
  }
  shutdown.wait();
  if (behaviour == "stubborn") {
    for (;;) ::pause();
  }
  return 0;
}
