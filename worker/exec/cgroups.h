// One cgroup for each running attempt: no process leaves it by forking or by a session of its own.
// Folders are used again, because making and removing them costs much of what a short task does; a
// folder is only used again when it is empty.
//
// Two layouts. v2: processes are born in the cgroup, cgroup.kill ends all of them at once, and
// cgroup.events says whether any is left. v1: the pids hierarchy; a new process writes itself into
// `tasks`, pids.current says how many are left, and pids.max = 0 stops a fork bomb while its
// processes are killed one by one.
#pragma once

#include "worker/exec/launch.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windlass::worker::exec {

class Cgroup {
 public:
  Cgroup(std::string path, bool v2, bool limits);
  ~Cgroup();  // removes the folder if it is empty
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  JoinBy join() const;
  void limit_processes(std::uint32_t processes_max);  // 0: none
  bool empty() const;
  // Signals each process once, except those of the process group `but`.
  void signal_all(int signal, int but) const;
  void kill_all();
  // Kernels since 6.14 kill at birth what is born into a cgroup that was ever ended by cgroup.kill.
  bool reusable() const { return !killed_whole_; }

 private:
  std::string path_;
  bool v2_;
  bool limits_;  // it has a pids.max
  int folder_fd_ = -1;
  int tasks_fd_ = -1;                           // v1
  int left_fd_ = -1;                            // cgroup.events or pids.current
  std::optional<std::uint32_t> processes_max_;  // as last written
  bool killed_whole_ = false;                   // by cgroup.kill
  bool frozen_out_ = false;                     // pids.max was set to 0 by kill_all()
};

class Cgroups {
 public:
  // Finds and tries a hierarchy in which this process may make cgroups. `choice` is auto, v2, v1 or
  // none; `name` is the folder made there. Null, and the reason in `why_not`, when there is none.
  static std::unique_ptr<Cgroups> open(const std::string& choice, const std::string& name,
                                       Launcher& launcher, std::string& why_not);
  ~Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  const std::string& path() const { return path_; }
  bool v2() const { return v2_; }
  bool limits_processes() const { return limits_; }
  std::string description() const;

  std::unique_ptr<Cgroup> take();
  void give_back(std::unique_ptr<Cgroup> cgroup);  // must be empty

 private:
  Cgroups(std::string path, bool v2, bool limits);

  std::string path_;
  bool v2_;
  bool limits_;
  std::uint64_t next_ = 0;
  std::vector<std::unique_ptr<Cgroup>> idle_;
};

// Kills everything in a folder that a dead spawner made, and removes it. False while something is
// left: call again.
bool clear_cgroups(const std::string& path);

}  // namespace windlass::worker::exec
