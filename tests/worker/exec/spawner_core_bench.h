// The spawner's decisions with simulated processes and time, and questions about what it told.
#pragma once

#include "worker/exec/spawner_core.h"

#include <algorithm>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace windlass::worker::exec::test {

inline constexpr AttemptKey kA{.job = 1, .task = 1, .attempt = 1};
inline constexpr AttemptKey kB{.job = 1, .task = 2, .attempt = 1};

// Carries out actions as the shell does: `alive` processes of an attempt besides its own command.
struct Bench {
  MonoTime mono{1'000'000'000};
  SpawnerCore core{CoreLimits{}, Welcome{.instance = 5, .pid = 99, .mechanism = "test"}, now()};
  std::map<AttemptKey, int> left_behind;
  std::vector<Reply> replies;
  std::vector<Action> signals;
  bool kills_work = true;

  Bench() { core.worker_connected(); }
  Now now() const { return {.wall = {mono.ticks + 7}, .mono = mono}; }

  void carry_out(Effects& effects) {
    for (std::size_t i = 0; i < effects.actions.size(); ++i) {
      const Action action = effects.actions[i];
      if (action.kind == Action::Kind::check_empty) {
        if (left_behind[action.key] == 0) {
          core.group_empty(action.key, effects);
        } else {
          core.group_occupied(action.key, now(), effects);
        }
        continue;
      }
      signals.push_back(action);
      if (action.kind == Action::Kind::kill && kills_work) left_behind[action.key] = 0;
    }
    replies.insert(replies.end(), effects.replies.begin(), effects.replies.end());
    effects = {};
  }

  bool start(const StartRequest& request) {
    Effects effects;
    const bool launch = core.start(request, now(), effects);
    carry_out(effects);
    if (launch) {
      core.launched(request.key, 100 + static_cast<int>(request.key.task), now(), now(), effects);
      carry_out(effects);
    }
    return launch;
  }
  bool start(const AttemptKey& key, const std::string& node = "n1") {
    return start(StartRequest{.key = key, .node = node, .arguments = {"x"}});
  }
  void leader_ends(const AttemptKey& key, int exit_code, int signal = 0) {
    Effects effects;
    core.leader_ended(key, {.exit_code = exit_code, .signal = signal}, now(), effects);
    carry_out(effects);
  }
  void kill(const AttemptKey& key, Duration grace) {
    Effects effects;
    core.kill({.key = key, .grace = grace}, now(), effects);
    carry_out(effects);
  }
  void lease(const std::string& node, std::optional<MonoTime> deadline) {
    Effects effects;
    core.lease({.node = node, .deadline = deadline}, now(), effects);
    carry_out(effects);
  }
  void pass(Duration time) {
    const MonoTime end = mono + time;
    while (core.next_deadline() && *core.next_deadline() <= end) {
      mono = std::max(mono, *core.next_deadline());
      if (core.finished(now())) return;
      Effects effects;
      core.tick(now(), effects);
      carry_out(effects);
    }
    mono = end;
  }
  std::optional<Ended> ended(const AttemptKey& key) const {
    for (const Reply& reply : replies) {
      const auto* e = std::get_if<Ended>(&reply);
      if (e != nullptr && e->key == key) return *e;
    }
    return std::nullopt;
  }
  std::optional<StartFailed> failed(const AttemptKey& key) const {
    for (const Reply& reply : replies) {
      const auto* f = std::get_if<StartFailed>(&reply);
      if (f != nullptr && f->key == key) return *f;
    }
    return std::nullopt;
  }
  Welcome welcome() {
    Effects effects;
    core.hello(effects);
    Welcome w = std::get<Welcome>(effects.replies.at(0));
    replies.insert(replies.end(), effects.replies.begin() + 1, effects.replies.end());
    return w;
  }
};

inline Action terminate(const AttemptKey& key) {
  return {Action::Kind::terminate, key};
}
inline Action kill_all(const AttemptKey& key) {
  return {Action::Kind::kill, key};
}

}  // namespace windlass::worker::exec::test
