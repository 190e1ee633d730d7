// What `windlass doctor` finds out about a host. Plain values: gathered in gather.cpp, judged in
// judge.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass::cli::doctor {

struct PortFacts {
  std::uint16_t port = 0;
  std::string use;     // "REST API"
  std::string option;  // what chooses another: "--listen"
  bool free = false;   // the rest is about who holds it
  bool ours = false;   // the process that is meant to
  int pid = 0;         // 0: we may not see who
  std::string command = {};
};

struct KeyFacts {
  std::string path;
  bool is_folder = false;
  unsigned mode = 0;     // the nine permission bits
  bool readable = true;  // by who asks
};

struct MemberFacts {
  std::string key_dir;
  bool found = false;
  std::string problem;  // why it cannot be read; else empty
  std::string name;
  std::string role;
  std::string cluster;
  std::string enrolment;                // the door that was asked
  std::optional<std::string> standing;  // what it answered: done, revoked...; nothing: silent
};

struct ReachFacts {
  std::string what;  // "broker"
  std::string endpoint;
  std::string problem;  // empty: a connection was made
};

struct ClockFacts {
  std::optional<bool> synchronised;  // what the kernel says; nothing when it cannot be asked
  std::string gateway;               // compared with; empty: with nobody
  std::optional<double> ahead_seconds;
  std::string problem;  // why the gateway gave no time
};

struct DiskFacts {
  std::string folder;       // the one that is meant
  std::string measured;     // it, or what there is of the way to it
  std::string file_system;  // "ext4"; empty: not known by name
  bool remote = false;
  bool in_memory = false;
  double free_bytes = 0;
  std::optional<double> free_inodes;  // nothing where the file system counts none
  std::string problem;                // why nothing could be written; else empty
  double sync_ms_median = 0;
  double sync_ms_worst = 0;
};

struct CgroupFacts {
  std::string v2;  // the folder of our own cgroup; empty: not mounted
  bool v2_writable = false;
  bool v2_limits = false;  // a new cgroup there has pids.max
  std::string v1;          // the same in v1's pids hierarchy
  bool v1_writable = false;
};

struct LimitFacts {
  std::uint64_t files = 0;  // hard limit; 0: none
  std::uint64_t processes = 0;
  std::string processes_by;         // what says so: "kernel.pid_max"
  std::uint64_t address_space = 0;  // 0: none
  std::uint64_t shards = 1;         // that this host would serve
};

struct UserFacts {
  bool root = false;
  std::string name;
  bool task_user = false;  // there is a windlass-task
};

struct RoleFacts {
  std::string name;
  bool running = false;
  std::string problem;  // what /readyz says; empty: ready
  std::string log;
};

struct Facts {
  bool development = false;  // a development cluster: one machine, one user
  std::vector<PortFacts> ports;
  std::vector<KeyFacts> keys;
  std::optional<MemberFacts> member;
  std::vector<ReachFacts> reached;
  ClockFacts clock;
  std::vector<DiskFacts> disks;
  CgroupFacts cgroups;
  LimitFacts limits;
  UserFacts user;
  bool cluster_known = false;    // development: it has run before
  bool cluster_running = false;  // development: its supervisor runs
  std::string data;
  std::vector<RoleFacts> roles;
};

}  // namespace windlass::cli::doctor
