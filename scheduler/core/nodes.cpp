#include "scheduler/core/nodes.h"

#include "model/assert.h"
#include "model/kept_members.h"
#include "model/museum.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/conditions.h"
#include "scheduler/core/dispatch.h"
#include "scheduler/core/emptying.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/node_commands.h"

#include <algorithm>
#include <set>
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

bool offers_match(const std::pair<std::string, bool>& offer, const PoolSpec& spec, bool dedicated) {
  if (offer.second != dedicated) return false;
  return offer.first == "*" || lower_cased(offer.first) == lower_cased(spec.vm_size);
}

void claim_from(Step& step, const Pool& pool, std::uint64_t worker, bool dedicated,
                std::int32_t count) {
  const ClaimRecord claim{step.state().counters.claims + 1, pool.record.seq, worker, count,
                          dedicated};
  ClaimNodes message{claim.id, pool.record.spec.vm_size, count, plan_of(pool, dedicated)};
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

// Its worker has not been heard of for a lease.
bool is_away(NodeState state) {
  return state == NodeState::unknown || state == NodeState::preempted;
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
      is_away(record.state) || (record.state == NodeState::unusable && !connected);
  if (worker_gone) {  // nobody to ask: a worker that comes back is told at its resync
    leave_node(step, seq);
    step.emit(NodeErased{seq});
    return true;
  }
  record.state = NodeState::leavingpool;
  record.state_time = step.now.wall;
  const std::uint64_t worker = record.worker;
  const ReturnNode request = return_request(record);
  step.emit(NodePut{std::move(record)});
  step.tell_worker(worker, request);
  return false;
}

// Part of pursuing the pool's targets, which therefore must not begin anew in here.
void drain(Step& step, NodeSeq seq, NodeDeallocationOption option) {
  NodeRecord record = step.state().find_node(seq)->record;
  record.draining = true;
  record.emptying = option;
  step.emit(NodePut{std::move(record)});
  empty_node(step, seq, fate_of(option), Requeue::counted, "The node of the task was removed");
  if (give_back_if_empty(step, seq) && WINDLASS_PLANTED(shrink_reenters))
    pursue_targets(step, record.pool);
}

// Nodes that run a job manager go last.
constexpr std::int32_t kManagerWeight = 1 << 20;

std::int32_t load_of(const State& state, const Node& node) {
  std::int32_t load = node.running;
  for (const auto& [attempt, slots] : node.slots.held()) {
    if (attempt.task.task != kJobManagerSeq) continue;
    const Job* job = state.find_job(attempt.task.job);
    if (job != nullptr && is_job_manager(job->record, attempt.task)) load += kManagerWeight;
  }
  return load;
}

// Idle nodes go first, then those that run least; the youngest among equals.
void drain_some(Step& step, const Pool& pool, bool dedicated, std::int32_t count) {
  std::vector<std::pair<std::int32_t, NodeSeq>> candidates;
  for (const auto& [id, seq] : pool.nodes) {
    const Node* node = step.state().find_node(seq);
    if (node->record.dedicated != dedicated || node->record.draining) continue;
    const bool useless = is_away(node->record.state) || node->record.state == NodeState::unusable;
    candidates.emplace_back(useless ? -1 : load_of(step.state(), *node), seq);
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
  // Live: it shows what is drained and claimed below.
  const NodeTally& tally = dedicated ? pool->dedicated_nodes : pool->spot_nodes;
  const bool stopping = pool->record.allocation_state == AllocationState::stopping;
  const std::int32_t excess = tally.staying - target;
  if (excess > 0 && !stopping) drain_some(step, *pool, dedicated, excess);
  const std::int32_t missing = -excess - claimed;
  if (missing > 0 && !stopping && !deleting) claim_nodes(step, *pool, dedicated, missing);
  const std::int32_t pending = dedicated ? pool->nodes_claimed_dedicated : pool->nodes_claimed_spot;
  if (stopping) return pending == 0 && tally.leaving == 0;
  return pending == 0 && tally.draining == 0 && tally.staying == target;
}

// Nodes that wait for their tasks or for what these left wait no more.
void hasten_drained(Step& step, const Pool& pool) {
  std::vector<NodeSeq> patient;
  for (const auto& [id, seq] : pool.nodes) {
    const NodeRecord& node = step.state().find_node(seq)->record;
    if (node.draining && node.emptying != NodeDeallocationOption::requeue) patient.push_back(seq);
  }
  for (const NodeSeq seq : patient) {
    NodeRecord record = step.state().find_node(seq)->record;
    record.emptying = NodeDeallocationOption::requeue;
    const bool leaves = record.state == NodeState::leavingpool;
    if (leaves) step.tell_worker(record.worker, return_request(record));
    step.emit(NodePut{std::move(record)});
    if (!leaves)
      empty_node(step, seq, TasksOfNode::requeue, Requeue::counted,
                 "The node of the task was removed");
  }
}

// What a stopped resize has not begun to take away stays.
void keep_undrained(Step& step, const Pool& pool) {
  std::vector<NodeRecord> staying;
  for (const auto& [id, seq] : pool.nodes) {
    const NodeRecord& node = step.state().find_node(seq)->record;
    if (node.draining && node.state != NodeState::leavingpool) staying.push_back(node);
  }
  for (NodeRecord& node : staying) {
    const NodeSeq seq = node.seq;
    node.draining = false;
    step.emit(NodePut{std::move(node)});
    settle_node(step, seq);
  }
}

// What may change only while there is no node that was made by it.
std::optional<std::string_view> needs_empty_pool(const PatchPool& command) {
  if (command.display_name) return "displayName";
  if (command.vm_size) return "vmSize";
  if (command.enable_inter_node_communication) return "enableInterNodeCommunication";
  if (command.task_slots_per_node) return "taskSlotsPerNode";
  if (command.fill_type) return "taskSchedulingPolicy";
  if (const auto member = KeptMembers(command.kept_json).next()) return member->first;
  return std::nullopt;
}

bool is_empty(const Pool& pool) {
  return pool.nodes.empty() && pool.nodes_claimed_dedicated == 0 && pool.nodes_claimed_spot == 0;
}

}  // namespace

Version add_pool(Step& step, const std::string& account, const PoolSpec& spec) {
  WINDLASS_ASSERT(step.state().find_pool(account, spec.id) == nullptr);
  PoolRecord pool;
  pool.account = account;
  pool.seq = step.state().counters.pools + 1;
  pool.spec = spec;
  pool.creation_time = step.now.wall;
  pool.state_time = step.now.wall;
  pool.allocation_state_time = step.now.wall;
  if (pool.spec.target_dedicated_nodes > 0 || pool.spec.target_spot_nodes > 0) {
    begin_resize(pool, step.now.wall, pool.spec.resize_timeout, NodeDeallocationOption::requeue);
  }
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  pursue_targets(step, seq);
  return version;
}

Version delete_pool(Step& step, PoolSeq seq) {
  PoolRecord pool = step.state().find_pool(seq)->record;
  WINDLASS_ASSERT(pool.state == PoolState::active);
  pool.state = PoolState::deleting;
  pool.state_time = step.now.wall;
  pool.delete_at.reset();
  begin_resize(pool, step.now.wall, kInfinite, NodeDeallocationOption::requeue);
  const Version version = put(step, std::move(pool));
  hasten_drained(step, *step.state().find_pool(seq));
  pursue_targets(step, seq);
  return version;
}

Decision decide(Step& step, const std::string& account, const AddPool& command) {
  if (step.state().find_pool(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::pool_exists, {}, {}};
  }
  return Done{add_pool(step, account, command.spec)};
}

Decision decide(Step& step, const std::string& account, const DeletePool& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  return Done{delete_pool(step, found.pool->record.seq)};
}

Decision decide(Step& step, const std::string& account, const PatchPool& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  const auto fixed = needs_empty_pool(command);
  if (fixed && !is_empty(*found.pool)) {
    return Error{ErrorCode::operation_invalid_for_current_state,
                 "The property can be changed only while the pool has no nodes.",
                 {{"PropertyName", std::string(*fixed)},
                  {"Nodes", std::to_string(found.pool->nodes.size())}}};
  }
  PoolRecord pool = found.pool->record;
  if (command.start_task) pool.spec.start_task = command.start_task;
  if (command.metadata) pool.spec.metadata = *command.metadata;
  if (command.target_node_communication_mode) {
    pool.spec.target_node_communication_mode = *command.target_node_communication_mode;
  }
  if (command.display_name) pool.spec.display_name = *command.display_name;
  if (command.vm_size) pool.spec.vm_size = *command.vm_size;
  if (command.enable_inter_node_communication) {
    pool.spec.enable_inter_node_communication = *command.enable_inter_node_communication;
  }
  if (command.task_slots_per_node) pool.spec.task_slots_per_node = *command.task_slots_per_node;
  if (command.fill_type) pool.spec.fill_type = *command.fill_type;
  if (command.job_default_order) {
    pool.spec.job_default_order = *command.job_default_order;
    const auto queue = step.state().pool_queues.find(entity_key(account, command.pool_id));
    if (queue != step.state().pool_queues.end()) forget_turns(step.soft(), queue->second);
  }
  if (!command.kept_json.empty()) {
    pool.spec.kept_json = with_members(pool.spec.kept_json, command.kept_json);
    // A pool has one of the two; only this one can be patched.
    const bool has_machine =
        without_member(command.kept_json, "virtualMachineConfiguration") != command.kept_json;
    if (has_machine) {
      pool.spec.kept_json = without_member(pool.spec.kept_json, "cloudServiceConfiguration");
    }
  }
  return Done{put(step, std::move(pool))};
}

Decision decide(Step& step, const std::string& account, const ReplacePoolProperties& command) {
  const Found found = find(step, account, command.pool_id, {});
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  pool.spec.start_task = command.start_task;
  pool.spec.metadata = command.metadata;
  pool.spec.target_node_communication_mode = command.target_node_communication_mode;
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
  keep_undrained(step, *step.state().find_pool(seq));
  pursue_targets(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const RemoveNodes& command) {
  const Found found = find(step, account, command.pool_id, command.conditions);
  if (found.pool == nullptr) return found.refusal;
  PoolRecord pool = found.pool->record;
  if (pool.allocation_state != AllocationState::steady) {
    return Error{ErrorCode::pool_being_resized, {}, {}};
  }
  std::set<NodeSeq> removed;
  for (const std::string& id : command.node_ids) {
    const Node* node = step.state().find_node(*found.pool, id);
    if (node == nullptr) return Error{ErrorCode::node_not_found, {}, {{"NodeId", id}}};
    if (node->record.draining) continue;  // has left the targets already
    if (!removed.insert(node->record.seq).second) continue;
    std::int32_t& target =
        node->record.dedicated ? pool.spec.target_dedicated_nodes : pool.spec.target_spot_nodes;
    target = std::max(target - 1, 0);
  }
  begin_resize(pool, step.now.wall, command.resize_timeout.value_or(pool.spec.resize_timeout),
               command.deallocation);
  const PoolSeq seq = pool.seq;
  const Version version = put(step, std::move(pool));
  for (const NodeSeq node : removed) drain(step, node, command.deallocation);
  pursue_targets(step, seq);
  return Done{version};
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
  const NodeTally& dedicated = pool->dedicated_nodes;
  const NodeTally& spot = pool->spot_nodes;
  const PoolSpec& spec = pool->record.spec;
  const bool reached =
      dedicated.staying == spec.target_dedicated_nodes && spot.staying == spec.target_spot_nodes;
  if (reached) {
    return end_resize(
        step, seq,
        ResizeError{"RemoveNodesFailed",
                    "Nodes could not be removed before the resize timeout; they leave when what "
                    "they wait for has ended.",
                    {{"NodesLeft", std::to_string(dedicated.draining + spot.draining)}}});
  }
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

NodePlan plan_of(const Pool& pool, bool dedicated) {
  const PoolSpec& spec = pool.record.spec;
  return {pool.record.account, spec.id, spec.task_slots_per_node, dedicated, spec.start_task};
}

ReturnNode return_request(const NodeRecord& node) {
  return {node.id, node.emptying == NodeDeallocationOption::retaineddata};
}

void settle_node(Step& step, NodeSeq seq) {
  const Node* node = step.state().find_node(seq);
  if (node == nullptr) return;
  const PoolSeq pool = node->record.pool;
  if (give_back_if_empty(step, seq)) return pursue_targets(step, pool);
  begin_restart_if_empty(step, seq);
}

}  // namespace windlass::scheduler
