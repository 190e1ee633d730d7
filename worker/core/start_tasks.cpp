// From a new node to one that takes tasks: folders, then the start task with its retries.
#include "worker/core/node_agent.h"

#include "model/assert.h"
#include "model/command_line.h"

#include <utility>

namespace windlass::worker {

void NodeAgent::begin_node(Node& node, Now now, Effects& effects) {
  if (options_.executor == Executor::process) {
    node.making = true;
    effects.work.emplace_back(MakeNode{node.grant->node_id});
    return;
  }
  if (node.grant->plan.start_task) {
    node.grant->start_task_info = StartTaskInfo{};
    node.grant->start_task_info->state = StartTaskState::completed;
    node.grant->start_task_info->start_time = now.wall;
    node.grant->start_task_info->end_time = now.wall;
    node.grant->start_task_info->exit_code = 0;
    node.grant->start_task_info->result = ExecutionResult::success;
  }
  set_state(node, NodeState::idle, effects);
}

void NodeAgent::node_made(const std::string& node_id, std::optional<FailureInfo> failure, Now now,
                          Effects& effects) {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || found->second.grant->returning) return;
  Node& node = found->second;
  if (!std::exchange(node.making, false)) return;  // it has begun anew since
  if (failure) {
    node.grant->errors.push_back({failure->code, failure->message, failure->details});
    set_state(node, NodeState::unusable, effects);
  } else if (!node.grant->plan.start_task) {
    set_state(node, NodeState::idle, effects);
  } else if (!node.start_run) {
    node.grant->start_task_info = StartTaskInfo{};
    begin_start_task(node, now, effects);
  }
}

// One try. `start_task_info` counts them and must be there.
void NodeAgent::begin_start_task(Node& node, Now now, Effects& effects) {
  Grant& grant = *node.grant;
  WINDLASS_ASSERT(grant.start_task_info.has_value());
  WINDLASS_ASSERT(!node.start_run);
  if (shutting_down_) return;
  grant.start_task_info->state = StartTaskState::running;
  grant.start_task_info->start_time = now.wall;
  grant.start_task_info->end_time.reset();
  set_state(
      node,
      grant.plan.start_task->wait_for_success ? NodeState::waitingforstarttask : NodeState::idle,
      effects);
  Run run;
  run.id = next_run_++;
  run.shard = grant.shard;
  run.node_id = grant.node_id;
  run.folder = "startup";
  run.start_time = now.wall;
  run.environment = start_environment(grant);
  node.start_run = run.id;
  const auto [kept, inserted] = runs_.emplace(run.id, std::move(run));
  WINDLASS_ASSERT(inserted);
  begin_or_hold(kept->second, now, effects);
}

// `failure` absent: it exited, or something of ours ended it (run.stop).
void NodeAgent::start_task_ended(Run& run, Now now, std::optional<FailureInfo> failure,
                                 Effects& effects) {
  Node& node = nodes_.at(run.node_id);
  Grant& grant = *node.grant;
  const StopCause stop = run.stop;
  const std::optional<ProcessEnd> end = run.ended;
  spool_run_dropped(effects.spool, run.id);
  node.start_run.reset();
  runs_.erase(run.id);

  if (grant.returning || is_restarting(grant.state)) return move_on(node, now, effects);
  WINDLASS_ASSERT(grant.start_task_info.has_value());
  WINDLASS_ASSERT(grant.plan.start_task.has_value());
  // Lost with its lease or its guard: the same try again, when there is a lease.
  if (stop == StopCause::lost) return begin_start_task(node, now, effects);

  StartTaskInfo& info = *grant.start_task_info;
  info.state = StartTaskState::completed;
  info.end_time = end ? end->end_time : now.wall;
  info.exit_code.reset();
  if (end) info.exit_code = end->exit_code;
  if (!failure && end && end->exit_code == 0) {
    info.result = ExecutionResult::success;
    info.failure.reset();
    return set_state(node, NodeState::idle, effects);
  }
  info.result = ExecutionResult::failure;
  const bool may_retry = !failure;  // only a non-zero exit is tried again
  if (!failure)
    failure = FailureInfo{ErrorCategory::usererror,
                          "FailureExitCode",
                          "The start task exited with a code that is not 0.",
                          {}};
  info.failure = std::move(failure);
  const std::int32_t retries_max = grant.plan.start_task->retries_max;
  if (may_retry && (retries_max < 0 || info.retry_count < retries_max)) {
    ++info.retry_count;
    info.last_retry_time = now.wall;
    return begin_start_task(node, now, effects);
  }
  grant.errors.push_back({"StartTaskFailed", "The start task failed: " + info.failure->message,
                          info.failure->details});
  set_state(node,
            grant.plan.start_task->wait_for_success ? NodeState::starttaskfailed : NodeState::idle,
            effects);
}

void NodeAgent::set_state(Node& node, NodeState state, Effects& effects) {
  node.grant->state = state;
  effects.grants_changed = true;
  say_status(node, effects);
}

void NodeAgent::say_status(const Node& node, Effects& effects) {
  const Grant& grant = *node.grant;
  say(grant.shard,
      NodeStatus{grant.node_id, grant.boot, state_to_say(grant), grant.start_task_info,
                 grant.errors, grant.restarts},
      effects);
}

NodeState NodeAgent::state_to_say(const Grant& grant) const {
  return shutting_down_ && grant.state == NodeState::idle ? NodeState::offline : grant.state;
}

std::vector<EnvironmentSetting> NodeAgent::start_environment(const Grant& grant) const {
  static const std::vector<EnvironmentSetting> kNone;
  return start_task_environment(
      node_environment(grant),
      grant.plan.start_task ? grant.plan.start_task->environment_settings : kNone);
}

}  // namespace windlass::worker
