#include "worker/exec/process_table.h"

#include "worker/exec/small_file.h"

#include <dirent.h>
#include <unistd.h>

#include <charconv>
#include <sstream>

namespace windlass::worker::exec {

namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ProcessInfo> parse_process_stat(std::string_view stat) {
  const std::size_t close = stat.rfind(')');
  const std::size_t open = stat.find(" (");
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  ProcessInfo info;
  const std::optional<int> pid = number(stat.substr(0, open));
  if (!pid) return std::nullopt;
  info.pid = *pid;
  std::istringstream fields{std::string(stat.substr(close + 1))};
  fields >> info.state >> info.parent >> info.group >> info.session;
  std::string skip;
  for (int field = 7; field < 22; ++field) fields >> skip;  // start_time is the 22nd
  fields >> info.start_time;
  if (!fields) return std::nullopt;
  return info;
}

std::optional<ProcessInfo> process_info(int pid) {
  const auto stat = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return std::nullopt;
  return parse_process_stat(*stat);
}

std::map<int, ProcessInfo> all_processes() {
  std::map<int, ProcessInfo> processes;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return processes;
  while (const dirent* entry = readdir(proc)) {
    const std::optional<int> pid = number(entry->d_name);
    if (!pid) continue;
    if (const auto info = process_info(*pid)) processes.emplace(*pid, *info);
  }
  closedir(proc);
  return processes;
}

void count_calls(int pid, ResourceUsage& usage) {
  const auto content = read_small_file("/proc/" + std::to_string(pid) + "/io");
  if (!content) return;
  const auto told = [&](std::string_view name) -> std::uint64_t {
    const std::size_t at = content->find(name);
    if (at == std::string::npos) return 0;
    std::uint64_t value = 0;
    const char* begin = content->data() + at + name.size();
    std::from_chars(begin, content->data() + content->size(), value);
    return value;
  };
  usage.read_operations = told("syscr: ");
  usage.write_operations = told("syscw: ");
}

std::optional<std::vector<int>> children_of_this_thread() {
  const auto list = read_small_file("/proc/thread-self/children");
  if (!list) return std::nullopt;
  std::vector<int> children;
  std::istringstream pids(*list);
  for (int pid = 0; pids >> pid;) children.push_back(pid);
  return children;
}

std::optional<std::string> environment_of(int pid, std::string_view variable) {
  const auto environment = read_small_file("/proc/" + std::to_string(pid) + "/environ");
  if (!environment) return std::nullopt;
  std::string_view rest = *environment;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    const std::string_view entry = rest.substr(0, end);
    if (entry.size() > variable.size() && entry.starts_with(variable) &&
        entry[variable.size()] == '=') {
      return std::string(entry.substr(variable.size() + 1));
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

bool in_execve(int pid) {
  const auto command_line = read_small_file("/proc/" + std::to_string(pid) + "/cmdline");
  return command_line && command_line->empty();
}

}  // namespace windlass::worker::exec
