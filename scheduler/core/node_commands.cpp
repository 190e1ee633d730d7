#include "scheduler/core/node_commands.h"

#include "scheduler/core/emptying.h"
#include "scheduler/core/nodes.h"

namespace windlass::scheduler {

namespace {

// The node of a command, or why there is none.
struct FoundNode {
  const Node* node = nullptr;
  Error refusal;
};

FoundNode find_node(Step& step, const std::string& account, const std::string& pool_id,
                    const std::string& node_id) {
  const Pool* pool = step.state().find_pool(account, pool_id);
  if (pool == nullptr) return {nullptr, {ErrorCode::pool_not_found, {}, {}}};
  const Node* node = step.state().find_node(*pool, node_id);
  if (node == nullptr) return {nullptr, {ErrorCode::node_not_found, {}, {}}};
  return {node, {}};
}

// The state that a ready node has by its load follows from whether it may have tasks.
Decision put_scheduling(Step& step, const Node& node, SchedulingState wanted) {
  if (node.record.scheduling_state == wanted)
    return Error{ErrorCode::node_already_in_target_scheduling_state, {}, {}};
  Node changed = node;
  changed.record.scheduling_state = wanted;
  const NodeState was = node.record.state;
  if (was == NodeState::idle || was == NodeState::running || was == NodeState::offline) {
    changed.record.state = ready_state(changed);
    if (changed.record.state != was) changed.record.state_time = step.now.wall;
  }
  const Version version = step.next_version();
  step.emit(NodePut{std::move(changed.record)});
  return Done{version};
}

// Why a node cannot be restarted now, if it cannot.
std::optional<Error> refuses_restart(const NodeRecord& node, NodeRestart restart) {
  const auto refused = [](ErrorCode code, std::string message) {
    return Error{code, std::move(message), {}};
  };
  constexpr ErrorCode kInvalid = ErrorCode::operation_invalid_for_current_state;
  if (node.draining) return refused(kInvalid, "The node is being removed from its pool.");
  if (restart == NodeRestart::start) {
    if (node.state == NodeState::deallocated) return std::nullopt;
    return refused(kInvalid, "Only a node that is deallocated can be started.");
  }
  switch (node.state) {
    case NodeState::idle:
    case NodeState::running:
    case NodeState::offline:
    case NodeState::starttaskfailed:
      return std::nullopt;
    case NodeState::unusable:
      if (!awaits_restart(node)) return std::nullopt;
      return refused(ErrorCode::node_state_unusable, "The node is being restarted already.");
    case NodeState::creating:
    case NodeState::starting:
    case NodeState::waitingforstarttask:
      return refused(ErrorCode::node_being_started, {});
    case NodeState::rebooting:
      return refused(ErrorCode::node_being_rebooted, {});
    case NodeState::reimaging:
      return refused(ErrorCode::node_being_reimaged, {});
    case NodeState::unknown:
      return refused(ErrorCode::node_not_ready, "The worker of the node does not answer.");
    case NodeState::preempted:
      return refused(ErrorCode::node_not_ready, "The node was preempted; it may come back.");
    case NodeState::deallocating:
    case NodeState::deallocated:
      return refused(kInvalid, "The node is deallocated; start it first.");
    case NodeState::leavingpool:
      break;
  }
  return refused(kInvalid, {});
}

}  // namespace

Decision decide(Step& step, const std::string& account, const DisableNodeScheduling& command) {
  const FoundNode found = find_node(step, account, command.pool_id, command.node_id);
  if (found.node == nullptr) return found.refusal;
  const NodeSeq seq = found.node->record.seq;
  const Decision decision = put_scheduling(step, *found.node, SchedulingState::disabled);
  if (decision && std::holds_alternative<Error>(*decision)) return decision;
  TasksOfNode fate = TasksOfNode::keep;
  if (command.option == NodeDisableSchedulingOption::requeue) fate = TasksOfNode::requeue;
  if (command.option == NodeDisableSchedulingOption::terminate) fate = TasksOfNode::end;
  empty_node(step, seq, fate, Requeue::uncounted, "The scheduling of the task's node was disabled");
  return decision;
}

Decision decide(Step& step, const std::string& account, const EnableNodeScheduling& command) {
  const FoundNode found = find_node(step, account, command.pool_id, command.node_id);
  if (found.node == nullptr) return found.refusal;
  return put_scheduling(step, *found.node, SchedulingState::enabled);
}

Decision decide(Step& step, const std::string& account, const RestartNode& command) {
  const FoundNode found = find_node(step, account, command.pool_id, command.node_id);
  if (found.node == nullptr) return found.refusal;
  NodeRecord node = found.node->record;
  if (std::optional<Error> refused = refuses_restart(node, command.restart)) return *refused;
  const auto worker = step.state().workers.find(node.worker);
  const bool connected = worker != step.state().workers.end() && worker->second.instance != 0;
  if (node.state == NodeState::unusable && !connected)
    return Error{ErrorCode::node_state_unusable, "The worker of the node does not answer.", {}};
  node.restarts_wanted += 1;
  node.restart = command.restart;
  node.emptying = command.option;
  node.state = state_before_restart(command.restart);
  node.state_time = step.now.wall;
  const NodeSeq seq = node.seq;
  const Version version = step.next_version();
  step.emit(NodePut{std::move(node)});
  empty_node(step, seq, fate_of(command.option), Requeue::uncounted,
             "The node of the task was restarted");
  begin_restart_if_empty(step, seq);
  return Done{version};
}

NodeState state_before_restart(NodeRestart restart) {
  switch (restart) {
    case NodeRestart::reboot:
      return NodeState::rebooting;
    case NodeRestart::reimage:
      return NodeState::reimaging;
    case NodeRestart::deallocate:
      return NodeState::deallocating;
    case NodeRestart::start:
      break;
  }
  return NodeState::starting;
}

void begin_restart_if_empty(Step& step, NodeSeq seq) {
  const Node* node = step.state().find_node(seq);
  if (node == nullptr || node->record.draining || node->slots.used() != 0) return;
  const NodeRecord& record = node->record;
  if (!awaits_restart(record)) return;
  BeginRestart request{record.id, record.restarts_wanted, record.restart,
                       record.emptying == NodeDeallocationOption::retaineddata,
                       plan_of(*step.state().find_pool(record.pool), record.dedicated)};
  step.tell_worker(record.worker, std::move(request));
}

}  // namespace windlass::scheduler
