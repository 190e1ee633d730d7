// What /proc says about processes. Snapshots: everything may have changed by the time it is read.
#pragma once

#include "model/usage.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker::exec {

struct ProcessInfo {
  int pid = 0;
  int parent = 0;
  int group = 0;
  int session = 0;
  char state = '?';              // Z: dead, waits for its parent
  std::uint64_t start_time = 0;  // in clock ticks since boot; with the pid it names a process
};

// The content of /proc/PID/stat. Names may hold blanks and parentheses.
std::optional<ProcessInfo> parse_process_stat(std::string_view stat);

std::optional<ProcessInfo> process_info(int pid);
std::map<int, ProcessInfo> all_processes();

// The calls to read and write of a process that is dead and not yet reaped, its reaped children
// included. None where the kernel does not tell: to others than root, or without
// CONFIG_TASK_IO_ACCOUNTING.
void count_calls(int pid, ResourceUsage& usage);

// The children of the calling thread, dead ones included: those it made, and in a subreaper's first
// thread those that were adopted. Empty where the kernel does not tell (CONFIG_PROC_CHILDREN).
std::optional<std::vector<int>> children_of_this_thread();

// The value of a variable in the environment a process was started with; empty also when it may
// not be read.
std::optional<std::string> environment_of(int pid, std::string_view variable);

// Whether it shows no command line: in the midst of an execve, when it shows no environment either.
// A process can also make it so, to hide.
bool in_execve(int pid);

}  // namespace windlass::worker::exec
