// What the spawner decides: who may start, when what is killed and why, when an attempt is over and
// what the worker still has to acknowledge. Pure: processes, sockets and clocks are the shell's
// (spawner.h), which calls in with facts and carries out the actions that come back.
#pragma once

#include "worker/exec/protocol.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windlass::worker::exec {

// What the shell is to do with the processes of an attempt.
struct Action {
  enum class Kind : std::uint8_t {
    terminate,   // SIGTERM to all of them
    kill,        // SIGKILL to all of them
    check_empty  // find out whether any is left, and say so: group_empty() or group_occupied()
  };
  Kind kind = Kind::check_empty;
  AttemptKey key;
  bool operator==(const Action&) const = default;
};

struct Effects {
  std::vector<Action> actions;
  std::vector<Reply> replies;  // dropped when no worker is connected: Welcome repeats what matters
};

// How the command's own process ended.
struct LeaderEnd {
  std::int32_t exit_code = 0;  // 128 + signal when a signal ended it
  std::int32_t signal = 0;
  ResourceUsage usage;
};

struct CoreLimits {
  std::size_t attempts_max = 65536;               // running and unacknowledged
  Duration idle_exit = std::chrono::seconds(60);  // without worker and without anything to keep
  // How long ends wait for a worker that does not come back.
  Duration ends_kept = std::chrono::hours(24);
};

class SpawnerCore {
 public:
  SpawnerCore(CoreLimits limits, Welcome self, Now now);

  // The worker. A known attempt is never started twice: what is known of it is said again.
  void worker_connected();
  void worker_gone(Now now);
  void hello(Effects& out) const;
  // True: the shell is to launch it, now or later, and to call launched() or launch_failed().
  bool start(const StartRequest& request, Now now, Effects& out);
  void kill(const KillRequest& request, Now now, Effects& out);
  void lease(const LeaseRequest& request, Now now, Effects& out);
  void acknowledge(const AcknowledgeRequest& request);
  void shut_down(const ShutDownRequest& request, Now now, Effects& out);

  // The processes. Just before a launch: why it is not wanted any more, if so.
  std::optional<StartFailed> called_off(const AttemptKey& key) const;
  // `began` is when the process was made: limits count from there.
  void launched(const AttemptKey& key, std::int32_t pid, Now began, Now now, Effects& out);
  void launch_failed(const StartFailed& failed, Effects& out);
  void leader_ended(const AttemptKey& key, const LeaderEnd& end, Now now, Effects& out);
  void group_empty(const AttemptKey& key, Effects& out);
  void group_occupied(const AttemptKey& key, Now now, Effects& out);
  // A process nobody waited for was reaped: attempts that wait to be empty look again at once.
  void orphan_reaped(Effects& out) const;

  // The clock.
  void tick(Now now, Effects& out);
  std::optional<MonoTime> next_deadline() const;
  bool finished(Now now) const;

  std::size_t attempts_running() const { return running_; }
  std::size_t attempts_unacknowledged() const { return attempts_.size() - running_; }

 private:
  enum class Phase : std::uint8_t {
    running,      // nobody wants its end
    terminating,  // SIGTERM is sent; SIGKILL follows at kill_at
    killing,      // SIGKILL is sent, and again at check_at until nothing is left
    over          // waits for its acknowledgement
  };
  struct Attempt {
    Phase phase = Phase::running;
    bool leader_ended = false;
    bool keeps_children = false;
    bool settled = false;  // its leader has ended well, and the rest may stay while it is `running`
    std::string node;
    Duration wall_clock_max = kInfinite;
    MonoTime wall_deadline{INT64_MAX};
    MonoTime kill_at{INT64_MAX};
    MonoTime check_at{INT64_MAX};
    MonoTime due{INT64_MAX};  // when it stands in due_; INT64_MAX: it does not
    Duration check_interval{};
    Duration grace{};
    std::int32_t pid = 0;  // 0 until launched
    MonoTime start_boot;
    Ended end;                          // filled as things become known
    std::optional<StartFailed> failed;  // then `over`, and `end` means nothing
  };
  using Attempts = std::map<AttemptKey, Attempt>;

  static bool stays(const Attempt& attempt) {
    return attempt.settled && attempt.phase == Phase::running;
  }
  Started started(const AttemptKey& key, const Attempt& attempt) const;
  void repeat(const AttemptKey& key, const Attempt& attempt, Effects& out) const;
  void refuse(const StartRequest& request, StartFailure failure, std::string message, bool keep,
              Effects& out);
  void ask_to_end(Attempts::iterator it, EndReason reason, Duration grace, Now now, Effects& out);
  void kill_now(Attempts::iterator it, Now now, Effects& out);
  void check_later(Attempts::iterator it, Now now);
  void reschedule(Attempts::iterator it);
  void end_lease(const std::string& node, Now now, Effects& out);

  CoreLimits limits_;
  Welcome self_;
  Attempts attempts_;
  std::size_t running_ = 0;  // attempts that are not over
  std::set<std::pair<MonoTime, AttemptKey>> due_;
  std::map<std::string, MonoTime> leases_;
  std::set<std::pair<MonoTime, std::string>> lease_ends_;  // those still to come
  std::map<std::string, std::set<AttemptKey>> by_node_;    // not over
  bool connected_ = false;
  MonoTime alone_since_;
  bool shutting_down_ = false;
};

}  // namespace windlass::worker::exec
