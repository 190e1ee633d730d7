#include "scheduler/core/nodes.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/conditions.h"

#include <algorithm>
#include <vector>

namespace windlass::scheduler {

namespace {

struct Found {
  const Pool* pool = nullptr;
  Answer refusal;
};

Found find(Step& step, const std::string& account, const std::string& id,
           const Conditions& conditions) {
  const Pool* pool = step.state().find_pool(account, id);
  if (pool == nullptr) return {nullptr, Error{ErrorCode::pool_not_found, {}, {}}};
  if (std::optional<Error> refused =
          refused_by_conditions(conditions, step.state().shard(), pool->record.version, false)) {
    return {nullptr, *refused};
  }
  if (pool->record.state == PoolState::deleting) {
    return {nullptr, Error{ErrorCode::pool_being_deleted, {}, {}}};
  }
  return {pool, {}};
}

Version put(Step& step, PoolRecord pool) {
  pool.version = step.next_version();
  const Version version = pool.version;
  step.emit(PoolPut{std::move(pool)});
  return version;
}

void enter(PoolRecord& pool, AllocationState state, WallTime at) {
  if (pool.allocation_state == state) return;
  pool.allocation_state = state;
  pool.allocation_state_time = at;
}

void begin_resize(PoolRecord& pool, WallTime at, Duration timeout, NodeDeallocationOption option) {
  enter(pool, AllocationState::resizing, at);
  pool.resize_errors.clear();
  pool.resize_started = at;
  pool.resize_timeout_now = timeout;
  pool.deallocation = option;
}

void end_resize(Step& step, PoolSeq seq, std::optional<ResizeError> error) {
  PoolRecord record = step.state().find_pool(seq)->record;
  enter(record, AllocationState::steady, step.now.wall);
  record.resize_started.reset();
  if (error) record.resize_errors.push_back(std::move(*error));
  put(step, std::move(record));
}

struct Tally {
  std::int32_t staying = 0;
  std::int32_t draining = 0;
};

Tally tally(const State& state, const Pool& pool, bool dedicated) {
  Tally result;
  for (const auto& [id, seq] : pool.nodes) {
    const NodeRecord& node = state.find_node(seq)->record;
    if (node.dedicated != dedicated) continue;
    (node.draining ? result.draining : result.staying) += 1;
  }
  return result;
}

bool offers_match(const std::pair<std::string, bool>& offer, const PoolSpec& spec, bool dedicated) {
  if (offer.second != dedicated) return false;
  return offer.first == "*" || lower_cased(offer.first) == lower_cased(spec.vm_size);
}

void claim_from(Step& step, const Pool& pool, std::uint64_t worker, bool dedicated,
                std::int32_t count) {
  const ClaimRecord claim{step.state().counters.claims + 1, pool.record.seq, worker, count,
                          dedicated};
  const PoolSpec& spec = pool.record.spec;
  ClaimNodes message{
      claim.id,
      spec.vm_size,
      count,
      {pool.record.account, spec.id, spec.task_slots_per_node, dedicated, spec.start_task}};
  step.emit(ClaimPut{claim});
  step.tell_worker(worker, std::move(message));
}

void claim_nodes(Step& step, const Pool& pool, bool dedicated, std::int32_t wanted) {
  // Workers in order of their ids; the free numbers are soft, so taking from them here only keeps
  // one turn from asking twice.
  for (auto& [id, worker] : step.soft().workers) {
    if (worker.instance == 0 || !worker.synced) continue;
    for (auto& [offer, free] : worker.offers_free) {
      if (wanted <= 0) return;
      if (free <= 0 || !offers_match(offer, pool.record.spec, dedicated)) continue;
      const std::int32_t count = std::min(free, wanted);
      free -= count;
      wanted -= count;
      claim_from(step, pool, id, dedicated, count);
    }
  }
}

enum class TasksOfNode : std::uint8_t { requeue, end, keep };

void empty_node(Step& step, NodeSeq seq, TasksOfNode fate, const std::string& why) {
  if (fate == TasksOfNode::keep) return;
  std::vector<RunningTask> tasks;
  for (const auto& [attempt, slots] : step.state().find_node(seq)->slots.held()) {
    const RunningTask* running = step.state().find_running(attempt.task);
    if (running != nullptr && running->record.attempt == attempt.attempt) tasks.push_back(*running);
  }
  for (const RunningTask& task : tasks) {
    if (fate == TasksOfNode::requeue) {
      requeue_running(step, task, true);
      continue;
    }
    if (step.state().find_running(task.record.key) == nullptr) continue;  // ended with its job
    end_task(step, task.record, why);
    act_on_ended_task(step, task.record.key.job, outcome_of_ended(task.record).job_action);
    after_task(step, task.record.key.job);
  }
}

// True when the node is gone at once. The targets of its pool are then the caller's to pursue.
bool give_back_if_empty(Step& step, NodeSeq seq) {
  const Node* node = step.state().find_node(seq);
  if (node == nullptr || !node->record.draining || node->slots.used() != 0) return false;
  if (node->record.state == NodeState::leavingpool) return false;
  NodeRecord record = node->record;
  // A broken node is no less its worker's than another.
  const auto worker_of = step.state().workers.find(record.worker);
  const bool connected = worker_of != step.state().workers.end() && worker_of->second.instance != 0;
  const bool worker_gone =
      record.state == NodeState::unknown || (record.state == NodeState::unusable && !connected);
  if (worker_gone) {  // nobody to ask: a worker that comes back is told at its resync
    step.emit(NodeErased{seq});
    return true;
  }
  record.state = NodeState::leavingpool;
  record.state_time = step.now.wall;
  const std::uint64_t worker = record.worker;
  const std::string id = record.id;
  step.emit(NodePut{std::move(record)});
  step.tell_worker(worker, ReturnNode{id});
  return false;
}

// Part of pursuing the pool's targets, which therefore must not begin anew in here.
void drain(Step& step, NodeSeq seq, NodeDeallocationOption option) {
  NodeRecord record = step.state().find_node(seq)->record;
  record.draining = true;
  step.emit(NodePut{std::move(record)});
  TasksOfNode fate = TasksOfNode::keep;
  if (option == NodeDeallocationOption::requeue) fate = TasksOfNode::requeue;
  if (option == NodeDeallocationOption::terminate) fate = TasksOfNode::end;
  empty_node(step, seq, fate, "The node of the task was removed");
  if (give_back_if_empty(step, seq) && WINDLASS_PLANTED(shrink_reenters))
    pursue_targets(step, record.pool);
}

// Idle nodes go first, then those that run least; the youngest among equals.
void drain_some(Step& step, const Pool& pool, bool dedicated, std::int32_t count) {
  std::vector<std::pair<std::int32_t, NodeSeq>> candidates;
  for (const auto& [id, seq] : pool.nodes) {
    const Node* node = step.state().find_node(seq);
    if (node->record.dedicated != dedicated || node->record.draining) continue;
    const bool useless =
        node->record.state == NodeState::unknown || node->record.state == NodeState::unusable;
    candidates.emplace_back(useless ? -1 : node->running, seq);
  }
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  const NodeDeallocationOption option = pool.record.state == PoolState::deleting
                                            ? NodeDeallocationOption::requeue
                                            : pool.record.deallocation;
  for (std::size_t i = 0; i < candidates.size() && count > 0; ++i, --count) {
    drain(step, candidates[i].second, option);
  }
}

// Moves one kind of node toward its target. True when nothing is left to do or to wait for.
bool pursue_kind(Step& step, PoolSeq seq, bool dedicated) {
  const Pool* pool = step.state().find_pool(seq);
  const PoolSpec& spec = pool->record.spec;
  const bool deleting = pool->record.state == PoolState::deleting;
  const std::int32_t target =
      deleting ? 0 : (dedicated ? spec.target_dedicated_nodes : spec.target_spot_nodes);
  const std::int32_t claimed = dedicated ? pool->nodes_claimed_dedicated : pool->nodes_claimed_spot;
  const Tally now = tally(step.state(), *pool, dedicated);
  if (now.staying > target) drain_some(step, *pool, dedicated, now.staying - target);
  const bool stopping = pool->record.allocation_state == AllocationState::stopping;
  const std::int32_t missing = target - now.staying - claimed;
  if (missing > 0 && !stopping && !deleting) claim_nodes(step, *pool, dedicated, missing);
  const Tally then = tally(step.state(), *pool, dedicated);
  const std::int32_t pending = dedicated ? pool->nodes_claimed_dedicated : pool->nodes_claimed_spot;
  return pending == 0 && then.draining == 0 && (stopping || then.staying == target);
}

}  // namespace

Decision decide(Step& step, const std::string& account, const AddPool& command) {
  if (step.state().find_pool(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::pool_exists, {}, {}};
  }
  PoolRecord pool;
  pool.account = account;
  pool.seq = step.state().counters.pools + 1;
  pool.spec = command.spec;
  pool.creation_time = step.now.wall;
  pool.state_time = step.now.wall;
  pool.allocation_state_time = step.now.wall;
  if (pool.spec.target_dedicated_nodes > 0 || pool.spec.target_spot_nodes > 0) {
    begin_resize(pool, step.now.wall, pool.spec.resize_timeout, NodeDeallocationOption::requeue);
  }
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  pursue_targets(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const DeletePool& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  pool.state = PoolState::deleting;
  pool.state_time = step.now.wall;
  begin_resize(pool, step.now.wall, kInfinite, NodeDeallocationOption::requeue);
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  pursue_targets(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const PatchPool& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  if (command.start_task) pool.spec.start_task = command.start_task;
  if (command.metadata) pool.spec.metadata = *command.metadata;
  if (command.target_node_communication_mode) {
    pool.spec.target_node_communication_mode = *command.target_node_communication_mode;
  }
  return Done{put(step, std::move(pool))};
}

Decision decide(Step& step, const std::string& account, const ResizePool& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  if (pool.allocation_state != AllocationState::steady) {
    return Error{ErrorCode::pool_being_resized, {}, {}};
  }
  if (command.target_dedicated_nodes) {
    pool.spec.target_dedicated_nodes = *command.target_dedicated_nodes;
  }
  if (command.target_spot_nodes) pool.spec.target_spot_nodes = *command.target_spot_nodes;
  begin_resize(pool, step.now.wall, command.resize_timeout.value_or(pool.spec.resize_timeout),
               command.deallocation);
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  pursue_targets(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const StopResize& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  if (pool.allocation_state != AllocationState::resizing) {
    return Error{
        ErrorCode::operation_invalid_for_current_state, "The pool is not being resized.", {}};
  }
  enter(pool, AllocationState::stopping, step.now.wall);
  pool.resize_errors.push_back({"ResizeStopped", "The resize was stopped by the user.", {}});
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  pursue_targets(step, seq);
  return Done{version};
}

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
  const auto found = pool->nodes.find(lower_cased(node_id));
  if (found == pool->nodes.end()) return {nullptr, {ErrorCode::node_not_found, {}, {}}};
  return {step.state().find_node(found->second), {}};
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
  empty_node(step, seq, fate, "The scheduling of the task's node was disabled");
  return decision;
}

Decision decide(Step& step, const std::string& account, const EnableNodeScheduling& command) {
  const FoundNode found = find_node(step, account, command.pool_id, command.node_id);
  if (found.node == nullptr) return found.refusal;
  return put_scheduling(step, *found.node, SchedulingState::enabled);
}

void pursue_targets(Step& step, PoolSeq seq) {
  const Pool* pool = step.state().find_pool(seq);
  if (pool == nullptr || pool->record.allocation_state == AllocationState::steady) return;
  const bool dedicated_done = pursue_kind(step, seq, true);
  const bool spot_done = pursue_kind(step, seq, false);
  if (!dedicated_done || !spot_done) return;
  if (step.state().find_pool(seq)->record.state == PoolState::deleting) {
    step.emit(PoolErased{seq});
    return;
  }
  end_resize(step, seq, std::nullopt);
}

std::optional<WallTime> resize_deadline(const PoolRecord& pool) {
  if (pool.allocation_state != AllocationState::resizing) return std::nullopt;
  if (!pool.resize_started || pool.resize_timeout_now == kInfinite) return std::nullopt;
  return *pool.resize_started + pool.resize_timeout_now;
}

void check_resize_clock(Step& step, PoolSeq seq) {
  const Pool* pool = step.state().find_pool(seq);
  if (pool == nullptr) return;
  const std::optional<WallTime> at = resize_deadline(pool->record);
  if (!at || step.now.wall < *at) return;
  const Tally dedicated = tally(step.state(), *pool, true);
  const Tally spot = tally(step.state(), *pool, false);
  const PoolSpec& spec = pool->record.spec;
  end_resize(
      step, seq,
      ResizeError{"AllocationTimedout",
                  "Desired number of nodes could not be allocated before the resize timeout: no "
                  "worker has enough free offers for this vmSize.",
                  {{"TargetDedicatedNodes", std::to_string(spec.target_dedicated_nodes)},
                   {"CurrentDedicatedNodes", std::to_string(dedicated.staying)},
                   {"TargetLowPriorityNodes", std::to_string(spec.target_spot_nodes)},
                   {"CurrentLowPriorityNodes", std::to_string(spot.staying)}}});
}

void return_if_empty(Step& step, NodeSeq seq) {
  const Node* node = step.state().find_node(seq);
  if (node == nullptr) return;
  const PoolSeq pool = node->record.pool;
  if (give_back_if_empty(step, seq)) pursue_targets(step, pool);
}

}  // namespace windlass::scheduler
