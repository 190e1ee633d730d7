// Processes that `windlass dev` starts, finds and ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass::cli::dev {

// Who a process is for ever: pids are used again.
struct ProcessId {
  int pid = 0;
  std::uint64_t started = 0;

  bool alive() const;
  bool operator==(const ProcessId&) const = default;
};

struct ChildSpec {
  std::vector<std::string> arguments;  // the first is the program's path
  std::string log_file;                // standard output and error are appended
  std::string marker;                  // value of WINDLASS_DEV_CLUSTER in its environment
};

// Starts it in a process group of its own, so that Ctrl-C reaches only us and the order of ending
// is ours. It is killed when the calling thread's process dies. Throws std::system_error.
ProcessId start_child(const ChildSpec& spec);

// SIGTERM, then SIGKILL when the grace is over. Waits for the end; also for processes that are not
// our children. True when it ended by itself.
bool stop_process(const ProcessId& process, std::chrono::milliseconds grace);

void write_pid_file(const std::string& path, const ProcessId& process);
std::optional<ProcessId> read_pid_file(const std::string& path);

// Processes whose environment carries the marker: what a killed supervisor left behind, guards of
// tasks included.
std::vector<ProcessId> marked_processes(const std::string& marker);

// Our children and what has been handed to us as their subreaper.
std::vector<ProcessId> children_of_self();

}  // namespace windlass::cli::dev
