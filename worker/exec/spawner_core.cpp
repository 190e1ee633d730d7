#include "worker/exec/spawner_core.h"

#include "model/assert.h"

#include <algorithm>

namespace windlass::worker::exec {

namespace {

constexpr MonoTime kNever{INT64_MAX};
constexpr Duration kCheckFirst = std::chrono::milliseconds(1);
constexpr Duration kCheckLongest = std::chrono::milliseconds(200);

}  // namespace

SpawnerCore::SpawnerCore(CoreLimits limits, Welcome self, Now now)
    : limits_(limits), self_(std::move(self)), alone_since_(now.mono) {}

// ---- the worker ------------------------------------------------------------------------------

void SpawnerCore::worker_connected() {
  connected_ = true;
}

void SpawnerCore::worker_gone(Now now) {
  connected_ = false;
  alone_since_ = now.mono;
}

void SpawnerCore::hello(Effects& out) const {
  Welcome welcome = self_;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt.phase == Phase::over) {
      welcome.unacknowledged.push_back(key);
    } else {
      welcome.running.push_back(started(key, attempt));
    }
  }
  out.replies.emplace_back(std::move(welcome));
  for (const auto& [key, attempt] : attempts_) {
    if (attempt.phase == Phase::over) repeat(key, attempt, out);
    if (stays(attempt)) out.replies.emplace_back(Settled{key, attempt.end.end_wall});
  }
}

bool SpawnerCore::start(const StartRequest& request, Now now, Effects& out) {
  if (const auto it = attempts_.find(request.key); it != attempts_.end()) {
    repeat(it->first, it->second, out);
    return false;
  }
  if (attempts_.size() >= limits_.attempts_max) {
    refuse(request, StartFailure::resources, "The spawner holds as many attempts as it may.", false,
           out);
    return false;
  }
  if (shutting_down_) {
    refuse(request, StartFailure::refused, "The spawner is shutting down.", true, out);
    return false;
  }
  if (request.arguments.empty() || request.arguments[0].empty()) {
    refuse(request, StartFailure::refused, "The command line is empty.", true, out);
    return false;
  }
  const auto lease = leases_.find(request.node);
  if (lease != leases_.end() && lease->second <= now.mono) {
    refuse(request, StartFailure::lease_ended, "The lease of the node has ended.", true, out);
    return false;
  }

  Attempt& attempt = attempts_[request.key];
  ++running_;
  attempt.node = request.node;
  attempt.grace = request.grace;
  attempt.wall_clock_max = request.wall_clock_max;
  attempt.keeps_children = request.keeps_children;
  attempt.start_boot = now.mono;
  attempt.end.key = request.key;
  attempt.end.start_wall = now.wall;
  by_node_[request.node].insert(request.key);
  return true;
}

void SpawnerCore::kill(const KillRequest& request, Now now, Effects& out) {
  const auto it = attempts_.find(request.key);
  if (it == attempts_.end()) return;
  if (it->second.phase == Phase::over) {
    repeat(it->first, it->second, out);  // perhaps the worker has not heard
    return;
  }
  ask_to_end(it, EndReason::killed, request.grace, now, out);
}

void SpawnerCore::lease(const LeaseRequest& request, Now now, Effects& out) {
  const auto old = leases_.find(request.node);
  if (old != leases_.end()) {
    lease_ends_.erase({old->second, request.node});
    leases_.erase(old);
  }
  if (!request.deadline) return;
  leases_.emplace(request.node, *request.deadline);
  if (*request.deadline <= now.mono) {
    end_lease(request.node, now, out);
  } else {
    lease_ends_.emplace(*request.deadline, request.node);
  }
}

void SpawnerCore::acknowledge(const AcknowledgeRequest& request) {
  const auto it = attempts_.find(request.key);
  if (it == attempts_.end() || it->second.phase != Phase::over) return;
  attempts_.erase(it);
}

void SpawnerCore::shut_down(const ShutDownRequest& request, Now now, Effects& out) {
  shutting_down_ = true;
  for (auto it = attempts_.begin(); it != attempts_.end(); ++it) {
    if (it->second.phase != Phase::over) {
      ask_to_end(it, EndReason::killed, request.grace, now, out);
    }
  }
}

// ---- the processes -----------------------------------------------------------------------------

std::optional<StartFailed> SpawnerCore::called_off(const AttemptKey& key) const {
  const auto it = attempts_.find(key);
  WINDLASS_ASSERT(it != attempts_.end());
  if (it->second.phase == Phase::running) return std::nullopt;
  const bool lease = it->second.end.reason == EndReason::lease_ended;
  return StartFailed{
      .key = key,
      .failure = lease ? StartFailure::lease_ended : StartFailure::refused,
      .message = lease ? "The lease of the node has ended." : "It was killed before it began."};
}

void SpawnerCore::launched(const AttemptKey& key, std::int32_t pid, Now began, Now now,
                           Effects& out) {
  const auto it = attempts_.find(key);
  WINDLASS_ASSERT(it != attempts_.end());
  WINDLASS_ASSERT(it->second.pid == 0);
  WINDLASS_ASSERT(pid > 0);
  Attempt& attempt = it->second;
  attempt.pid = pid;
  attempt.start_boot = began.mono;
  attempt.end.start_wall = began.wall;
  attempt.wall_deadline = began.mono + attempt.wall_clock_max;
  reschedule(it);
  out.replies.emplace_back(started(key, attempt));
  // What was asked for during the launch may have met no process yet.
  if (attempt.phase == Phase::terminating) out.actions.push_back({Action::Kind::terminate, key});
  if (attempt.phase == Phase::killing) out.actions.push_back({Action::Kind::kill, key});
  // And the launch itself may have taken longer than the lease had left.
  const auto lease = leases_.find(attempt.node);
  if (lease != leases_.end() && lease->second <= now.mono) {
    ask_to_end(it, EndReason::lease_ended, Duration{}, now, out);
  }
}

void SpawnerCore::launch_failed(const StartFailed& failed, Effects& out) {
  const auto it = attempts_.find(failed.key);
  WINDLASS_ASSERT(it != attempts_.end());
  WINDLASS_ASSERT(it->second.pid == 0);
  Attempt& attempt = it->second;
  const auto node = by_node_.find(attempt.node);
  node->second.erase(failed.key);
  if (node->second.empty()) by_node_.erase(node);
  attempt.phase = Phase::over;
  attempt.kill_at = attempt.check_at = kNever;
  reschedule(it);
  attempt.failed = failed;
  --running_;
  out.replies.emplace_back(failed);
}

void SpawnerCore::leader_ended(const AttemptKey& key, const LeaderEnd& end, Now now, Effects& out) {
  const auto it = attempts_.find(key);
  WINDLASS_ASSERT(it != attempts_.end());
  Attempt& attempt = it->second;
  WINDLASS_ASSERT(!attempt.leader_ended);
  attempt.leader_ended = true;
  attempt.end.exit_code = end.exit_code;
  attempt.end.signal = end.signal;
  attempt.end.usage = end.usage;
  attempt.end.end_wall = now.wall;
  if (attempt.keeps_children && end.exit_code == 0 && attempt.phase == Phase::running) {
    attempt.settled = true;  // its wall clock goes on
    out.replies.emplace_back(Settled{key, now.wall});
    return;
  }
  attempt.wall_deadline = kNever;
  attempt.check_interval = {};
  reschedule(it);
  out.actions.push_back({Action::Kind::check_empty, key});
}

void SpawnerCore::group_empty(const AttemptKey& key, Effects& out) {
  const auto it = attempts_.find(key);
  WINDLASS_ASSERT(it != attempts_.end());
  Attempt& attempt = it->second;
  if (!attempt.leader_ended || attempt.phase == Phase::over || stays(attempt)) return;
  attempt.phase = Phase::over;
  attempt.kill_at = attempt.check_at = kNever;
  reschedule(it);
  --running_;
  const auto node = by_node_.find(attempt.node);
  WINDLASS_ASSERT(node != by_node_.end());
  node->second.erase(key);
  if (node->second.empty()) by_node_.erase(node);
  out.replies.emplace_back(attempt.end);
}

void SpawnerCore::group_occupied(const AttemptKey& key, Now now, Effects& out) {
  const auto it = attempts_.find(key);
  WINDLASS_ASSERT(it != attempts_.end());
  Attempt& attempt = it->second;
  if (!attempt.leader_ended || attempt.phase == Phase::over || stays(attempt)) return;
  // Asked to end, the rest of the group keeps what is left of the grace, also when the command's
  // own process was the first to go. Otherwise what is left behind has no right to stay.
  if (attempt.phase != Phase::terminating) {
    attempt.phase = Phase::killing;
    out.actions.push_back({Action::Kind::kill, key});
  }
  check_later(it, now);
}

void SpawnerCore::orphan_reaped(Effects& out) const {
  for (const auto& [due, key] : due_) {
    const Attempt& attempt = attempts_.at(key);
    if (attempt.leader_ended && !stays(attempt))
      out.actions.push_back({Action::Kind::check_empty, key});
  }
}

// ---- the clock ---------------------------------------------------------------------------------

void SpawnerCore::tick(Now now, Effects& out) {
  while (!lease_ends_.empty() && lease_ends_.begin()->first <= now.mono) {
    const std::string node = lease_ends_.begin()->second;
    lease_ends_.erase(lease_ends_.begin());
    end_lease(node, now, out);
  }
  while (!due_.empty() && due_.begin()->first <= now.mono) {
    const auto it = attempts_.find(due_.begin()->second);
    WINDLASS_ASSERT(it != attempts_.end());
    Attempt& attempt = it->second;
    if (attempt.kill_at <= now.mono) {
      kill_now(it, now, out);
    } else if (attempt.wall_deadline <= now.mono) {
      attempt.wall_deadline = kNever;
      reschedule(it);  // also when it is being killed already and nothing else changes
      ask_to_end(it, EndReason::wall_clock, attempt.grace, now, out);
    } else {
      WINDLASS_ASSERT(attempt.check_at <= now.mono);
      // The answer of a check comes at once (group_occupied() checks again later), so this entry
      // may go. Before the leader's end there is nothing to check: SIGKILL is repeated.
      attempt.check_at = kNever;
      reschedule(it);
      if (attempt.leader_ended) {
        out.actions.push_back({Action::Kind::check_empty, it->first});
      } else {
        kill_now(it, now, out);
      }
    }
  }
}

std::optional<MonoTime> SpawnerCore::next_deadline() const {
  MonoTime next = kNever;
  if (!due_.empty()) next = std::min(next, due_.begin()->first);
  if (!lease_ends_.empty()) next = std::min(next, lease_ends_.begin()->first);
  if (!connected_ && running_ == 0) {
    next =
        std::min(next, alone_since_ + (attempts_.empty() ? limits_.idle_exit : limits_.ends_kept));
  }
  if (next == kNever) return std::nullopt;
  return next;
}

bool SpawnerCore::finished(Now now) const {
  if (running_ > 0) return false;
  if (shutting_down_) return attempts_.empty() || !connected_;
  if (connected_) return false;
  return now.mono - alone_since_ >= (attempts_.empty() ? limits_.idle_exit : limits_.ends_kept);
}

// ---- the private parts -------------------------------------------------------------------------

Started SpawnerCore::started(const AttemptKey& key, const Attempt& attempt) const {
  return {.key = key,
          .pid = attempt.pid,
          .start_wall = attempt.end.start_wall,
          .start_boot = attempt.start_boot};
}

void SpawnerCore::repeat(const AttemptKey& key, const Attempt& attempt, Effects& out) const {
  if (attempt.failed) {
    out.replies.emplace_back(*attempt.failed);
  } else if (attempt.phase == Phase::over) {
    out.replies.emplace_back(attempt.end);
  } else if (attempt.pid != 0) {  // else it is about to be said for the first time
    out.replies.emplace_back(started(key, attempt));
    if (stays(attempt)) out.replies.emplace_back(Settled{key, attempt.end.end_wall});
  }
}

void SpawnerCore::refuse(const StartRequest& request, StartFailure failure, std::string message,
                         bool keep, Effects& out) {
  StartFailed failed{.key = request.key, .failure = failure, .message = std::move(message)};
  if (keep) {
    Attempt& attempt = attempts_[request.key];
    attempt.phase = Phase::over;
    attempt.failed = failed;
  }
  out.replies.emplace_back(std::move(failed));
}

// The first to want an end names its reason, but a lease that ends outranks the others: the shard
// will give the task away, whatever else was about to happen.
void SpawnerCore::ask_to_end(Attempts::iterator it, EndReason reason, Duration grace, Now now,
                             Effects& out) {
  Attempt& attempt = it->second;
  if ((!attempt.leader_ended || stays(attempt)) &&
      (attempt.end.reason == EndReason::exited || reason == EndReason::lease_ended)) {
    attempt.end.reason = reason;
  }
  if (attempt.phase == Phase::killing) return;
  if (grace <= Duration{}) {
    kill_now(it, now, out);
    return;
  }
  if (attempt.phase == Phase::running) {
    attempt.phase = Phase::terminating;
    out.actions.push_back({Action::Kind::terminate, it->first});
    // Of one that had settled perhaps nothing is left, and then no death will ask for a check.
    if (attempt.leader_ended) out.actions.push_back({Action::Kind::check_empty, it->first});
  }
  attempt.kill_at = std::min(attempt.kill_at, now.mono + grace);
  reschedule(it);
}

void SpawnerCore::kill_now(Attempts::iterator it, Now now, Effects& out) {
  it->second.phase = Phase::killing;
  it->second.kill_at = kNever;
  out.actions.push_back({Action::Kind::kill, it->first});
  check_later(it, now);
}

void SpawnerCore::check_later(Attempts::iterator it, Now now) {
  Attempt& attempt = it->second;
  attempt.check_interval = attempt.check_interval == Duration{}
                               ? kCheckFirst
                               : std::min(attempt.check_interval * 2, kCheckLongest);
  attempt.check_at = now.mono + attempt.check_interval;
  reschedule(it);
}

void SpawnerCore::reschedule(Attempts::iterator it) {
  Attempt& attempt = it->second;
  const MonoTime due = std::min({attempt.wall_deadline, attempt.kill_at, attempt.check_at});
  if (due == attempt.due) return;
  if (attempt.due != kNever) due_.erase({attempt.due, it->first});
  attempt.due = due;
  if (due != kNever) due_.emplace(due, it->first);
}

void SpawnerCore::end_lease(const std::string& node, Now now, Effects& out) {
  const auto found = by_node_.find(node);
  if (found == by_node_.end()) return;
  for (const AttemptKey& key : found->second) {
    ask_to_end(attempts_.find(key), EndReason::lease_ended, Duration{}, now, out);
  }
}

}  // namespace windlass::worker::exec
