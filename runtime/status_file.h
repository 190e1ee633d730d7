// How a supervisor learns what its child bound: the child writes one small JSON file, whole or not
// at all, once its sockets are bound.
//
//   {"role":"gateway","pid":123,"started":456,"address":"127.0.0.1:8440","admin":"127.0.0.1:40001",
//    "endpoints":{"blob":"127.0.0.1:8441"}}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace windlass::runtime {

struct ProgramStatus {
  std::string role;
  int pid = 0;
  std::uint64_t started =
      0;  // start_of_process(pid): tells this process from a later one of the same pid
  std::string address;  // where the role is reached; empty for roles that only connect outwards
  std::string admin;    // host:port of /healthz, /readyz, /metrics
  std::map<std::string, std::string> endpoints;  // further ones by name: bulk, blob, tls
  bool operator==(const ProgramStatus&) const = default;
};

std::string to_json(const ProgramStatus& status);

void write_status_file(const std::string& path, const ProgramStatus& status);

// Nothing when the file is missing or not one of ours.
std::optional<ProgramStatus> read_status_file(const std::string& path);

}  // namespace windlass::runtime
