// From a node that is there to one that begins anew: rebooted, wiped and made again, or put aside
// until it is started. Its state in the book says how far it has come, so a worker that is killed
// goes on from there.
#include "worker/core/node_agent.h"

#include <utility>

namespace windlass::worker {

namespace {

NodeState state_of(NodeRestart restart) {
  switch (restart) {
    case NodeRestart::reimage:
      return NodeState::reimaging;
    case NodeRestart::deallocate:
      return NodeState::deallocating;
    case NodeRestart::reboot:
    case NodeRestart::start:
      break;
  }
  return NodeState::rebooting;
}

}  // namespace

void NodeAgent::begin_restart(ShardId shard, const BeginRestart& message, Now now,
                              Effects& effects) {
  const auto found = nodes_.find(message.node_id);
  if (found == nodes_.end() || found->second.grant->shard != shard ||
      found->second.grant->returning) {
    ++counts_.stale_messages;
    return;
  }
  Node& node = found->second;
  Grant& grant = *node.grant;
  if (message.number <= grant.restarts) return say_status(node, effects);
  grant.restarts = message.number;
  grant.after_retention = message.after_retention;
  ++grant.boot;  // what was assigned before is not for this node any more
  grant.plan.start_task = message.plan.start_task;
  node.making = false;
  // Nothing runs on a node that is deallocated.
  if (message.restart == NodeRestart::start && grant.state == NodeState::deallocated)
    return begin_anew(node, now, effects);
  set_state(node, state_of(message.restart), effects);
  stop_runs(node, now, effects);
  restart_when_empty(node, now, effects);
}

void NodeAgent::restart_when_empty(Node& node, Now now, Effects& effects) {
  Grant& grant = *node.grant;
  if (!is_restarting(grant.state) || node.start_run || !node.slots.held().empty()) return;
  if (grant.after_retention && keeps_folders(grant.node_id)) return;
  if (grant.state == NodeState::rebooting || options_.executor == Executor::null)
    return begin_anew(node, now, effects);
  if (std::exchange(node.wiping, true)) return;
  drop_kept_of(grant.node_id, effects);
  effects.work.emplace_back(WipeNode{grant.node_id});
}

// Nothing of before is left that may not be.
void NodeAgent::begin_anew(Node& node, Now now, Effects& effects) {
  Grant& grant = *node.grant;
  grant.after_retention = false;
  grant.start_task_info.reset();
  grant.errors.clear();
  if (grant.state == NodeState::deallocating)
    return set_state(node, NodeState::deallocated, effects);
  set_state(node, NodeState::starting, effects);
  begin_node(node, now, effects);
}

}  // namespace windlass::worker
