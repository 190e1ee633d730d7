// Makes one process out of a request: clone with shared memory and a suspended parent (as vfork),
// so the cost does not depend on the size of this process and a failure of any step comes back as
// an errno, not through a pipe.
//
// In the child, before the command runs: joins its cgroup, keeps no descriptor but 0, 1 and 2, gets
// its own session, output files, limits, user, working folder, no_new_privs, and a SIGKILL for the
// moment the spawner dies (set after the change of user, which would clear it).
#pragma once

#include "worker/exec/attempt.h"

#include <optional>
#include <string>

namespace windlass::worker::exec {

// How the new process gets into its cgroup; both negative: it has none.
struct JoinBy {
  int cgroup_fd = -1;  // a v2 folder: it is born there
  int tasks_fd = -1;   // a v1 `tasks` file: it writes itself in
};

struct LaunchResult {
  int pid = 0;  // 0: not started, see `failed`
  StartFailed failed;
};

class Launcher {
 public:
  // `descriptors_soft` is the RLIMIT_NOFILE tasks get; the spawner may have raised its own.
  explicit Launcher(std::optional<std::uint64_t> descriptors_soft);
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // `mark` is one more environment variable, empty for none.
  LaunchResult launch(const StartRequest& request, JoinBy join, const std::string& mark,
                      bool limit_processes_by_user);

  // Whether a process can be put into a cgroup this way at all. The errno, 0 when it can.
  int try_to_join(JoinBy join);

 private:
  void* stack_ = nullptr;
  std::optional<std::uint64_t> descriptors_soft_;
};

}  // namespace windlass::worker::exec
