// What the spawner runs, by what name, and how it may end. Plain values, understood by the worker
// (which asks) and by the spawner (which does). Times are CLOCK_BOOTTIME (runtime::boot_now()):
// suspension counts against leases and time limits.
#pragma once

#include "model/ids.h"
#include "model/time.h"
#include "model/usage.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker::exec {

// The name of one run. The spawner only compares it; the worker gives it its meaning.
struct AttemptKey {
  ShardId shard = 0;
  std::uint64_t job = 0;
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  std::uint32_t kind = 0;  // 0 the task's own command; else start task, preparation, subtask ...
  auto operator<=>(const AttemptKey&) const = default;
};
std::string to_text(const AttemptKey& key);  // "shard.job.task.attempt.kind"

// Whom a task runs as. Resolved once by the worker (task_user.h), because looking up groups for
// each task would cost more than starting it.
struct TaskUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary, all of them
  bool operator==(const TaskUser&) const = default;
};

struct ResourceLimit {
  std::int32_t resource = 0;  // RLIMIT_*
  std::uint64_t soft = 0;     // RLIM_INFINITY for none
  std::uint64_t hard = 0;
  bool operator==(const ResourceLimit&) const = default;
};

inline constexpr Duration kDefaultGrace = std::chrono::seconds(15);
inline constexpr std::uint32_t kDefaultProcessesMax = 4096;

struct StartRequest {
  AttemptKey key;
  std::string node;                      // whose lease the attempt lives on
  std::vector<std::string> arguments;    // argv; [0] is looked up in the environment's PATH
  std::vector<std::string> environment;  // "NAME=value", passed exactly as given
  std::string working_folder;
  std::string stdout_path;  // made or truncated, owned by `user`; never through a symbolic link
  std::string stderr_path;
  std::optional<TaskUser> user;         // none: the spawner's own
  Duration wall_clock_max = kInfinite;  // from the start of the process
  Duration grace = kDefaultGrace;       // between SIGTERM and SIGKILL at that limit
  std::vector<ResourceLimit> limits;
  std::uint32_t processes_max = kDefaultProcessesMax;  // processes and threads; 0: no limit
  bool no_new_privileges = true;
  // What the command leaves behind when it exits with 0 goes on until it is killed: Settled, and
  // Ended only then.
  bool keeps_children = false;
  bool operator==(const StartRequest&) const = default;
};

struct Started {
  AttemptKey key;
  std::int32_t pid = 0;  // 0 in a list: about to start, a Started of its own follows
  WallTime start_wall;
  MonoTime start_boot;
  bool operator==(const Started&) const = default;
};

enum class StartFailure : std::uint8_t {
  program_not_found,  // CommandProgramNotFound
  not_executable,     // CommandLaunchFailed: no permission, wrong format, missing interpreter ...
  working_folder,     // cannot be entered
  output_file,        // stdout or stderr cannot be made
  user,               // the user cannot be taken on
  resources,          // the host is out of processes, memory or descriptors: may be tried again
  lease_ended,        // the node's lease was over before the process began
  refused             // malformed request, or the spawner is shutting down
};
std::string_view to_text(StartFailure failure);

// No process was made. Kept and repeated until acknowledged, as Ended is.
struct StartFailed {
  AttemptKey key;
  StartFailure failure = StartFailure::refused;
  std::int32_t error_number = 0;  // errno, 0 when none applies
  std::string message;            // a sentence for people
  bool operator==(const StartFailed&) const = default;
};

// The command has exited with 0, and what it left behind is kept. Repeated until the end.
struct Settled {
  AttemptKey key;
  WallTime end_wall;
  bool operator==(const Settled&) const = default;
};

enum class EndReason : std::uint8_t {
  exited,       // by itself, or by a signal that we did not send
  killed,       // the worker asked
  wall_clock,   // wall_clock_max
  lease_ended,  // the node's lease ran out
  lost          // the spawner died and took it along; exit code and times are unknown
};
std::string_view to_text(EndReason reason);

// The attempt is over and no process of it is left. Kept and repeated until acknowledged.
struct Ended {
  AttemptKey key;
  EndReason reason = EndReason::exited;
  std::int32_t exit_code = 0;  // of the command's own process; 128 + signal when one ended it
  std::int32_t signal = 0;     // 0 when it exited
  WallTime start_wall;
  WallTime end_wall;  // when the command's own process ended
  ResourceUsage usage;
  bool operator==(const Ended&) const = default;
};

}  // namespace windlass::worker::exec
