#include "scheduler/core/workers.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/gangs.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/node_commands.h"
#include "scheduler/core/nodes.h"
#include "scheduler/core/usage.h"

#include <set>
#include <vector>

namespace windlass::scheduler {

namespace {

// Whether it leaves nothing of before on the node. One that is started was put aside before.
bool wipes(NodeRestart restart) {
  return restart == NodeRestart::reimage || restart == NodeRestart::deallocate;
}

// A live worker may still be told; asks again for what it may not have heard.
void repeat_requests(Step& step, std::uint64_t worker_id) {
  if (WINDLASS_PLANTED(requests_not_repeated)) return;
  const State& state = step.state();
  for (const auto& [id, claim] : state.claims) {
    if (claim.worker != worker_id) continue;
    const Pool& pool = *state.find_pool(claim.pool);
    step.tell_worker(worker_id, ClaimNodes{id, pool.record.spec.vm_size, claim.count,
                                           plan_of(pool, claim.dedicated)});
  }
  for (const NodeSeq seq : state.workers.at(worker_id).nodes) {
    const Node* node = state.find_node(seq);
    if (node->record.state == NodeState::leavingpool) {
      step.tell_worker(worker_id, return_request(node->record));
    }
    for (const auto& [attempt, slots] : node->slots.held()) {
      const LingeringAttempt* lingering = state.find_lingering(attempt);
      if (lingering != nullptr) {
        step.tell_worker(worker_id, EndAttempt{attempt, lingering->delete_folder});
      }
    }
    repeat_node_task_ends(step, seq);
    repeat_gang_orders(step, seq);
  }
}

// Everything that runs on the node is certainly gone.
void lose_attempts(Step& step, NodeSeq seq) {
  lose_node_tasks(step, seq);
  std::vector<AttemptId> held;
  for (const auto& [attempt, slots] : step.state().find_node(seq)->slots.held()) {
    held.push_back(attempt);
  }
  for (const AttemptId& attempt : held) {
    if (step.state().find_lingering(attempt) != nullptr) {
      drop_lingering(step, attempt);
    } else if (const RunningTask* running = step.state().find_running_instance(attempt.task)) {
      requeue_lost(step, *running, instance_number(attempt.task));
      after_task(step, attempt.task.job);
    }
  }
}

void enter(NodeRecord& node, NodeState state, WallTime at) {
  if (node.state == state) return;
  node.state = state;
  node.state_time = at;
}

void erase_node(Step& step, NodeSeq seq) {
  const PoolSeq pool = step.state().find_node(seq)->record.pool;
  lose_attempts(step, seq);
  if (const Node* node = step.state().find_node(seq)) {
    leave_node(step, seq);
    if (counts_on(node->record.state)) {  // until now it was there
      NodeRecord record = node->record;
      enter(record, NodeState::leavingpool, step.now.wall);
      step.emit(NodePut{std::move(record)});
    }
    step.emit(NodeErased{seq});
  }
  pursue_targets(step, pool);
}

// What the worker says of a node, in the words of the API: ready is idle or running by load.
void put_status(Step& step, const Node& node, NodeState said,
                const std::optional<StartTaskInfo>& info, const std::vector<NodeError>& errors) {
  NodeRecord record = node.record;
  if (record.state == NodeState::leavingpool) return;
  if (awaits_restart(record)) {  // said before it heard of the restart
    enter(record, state_before_restart(record.restart), step.now.wall);
    if (!(record == node.record)) step.emit(NodePut{std::move(record)});
    return;
  }
  const bool ready = said == NodeState::idle || said == NodeState::running;
  const NodeState state = ready ? ready_state(node) : said;
  enter(record, state, step.now.wall);
  if (info) record.start_task_info = info;
  record.errors = errors;
  if (record == node.record) return;
  step.emit(NodePut{std::move(record)});
}

void see_agent(Step& step, NodeSeq seq, const std::string& version) {
  const Node* node = step.state().find_node(seq);
  if (node == nullptr || node->record.agent_version == version) return;
  NodeRecord record = node->record;
  record.agent_version = version;
  record.agent_time = step.now.wall;
  step.emit(NodePut{std::move(record)});
}

bool take(Step& step, std::uint64_t worker_id, const OffersFree& offers) {
  Worker& worker = step.soft().workers[worker_id];
  worker.offers_free.clear();
  for (const OfferClass& offer : offers.classes) {
    worker.offers_free[{offer.vm_size, offer.dedicated}] += offer.free;
  }
  std::vector<PoolSeq> resizing;
  for (const auto& [seq, pool] : step.state().pools) {
    if (pool.record.allocation_state == AllocationState::resizing) resizing.push_back(seq);
  }
  for (const PoolSeq seq : resizing) pursue_targets(step, seq);
  return true;
}

bool take(Step& step, std::uint64_t worker_id, const ClaimAnswered& answer) {
  const auto found = step.state().claims.find(answer.claim);
  if (found == step.state().claims.end() || found->second.worker != worker_id) {
    // Given up meanwhile, or answered before. Nodes that we hold came from the earlier answer.
    for (const GrantedNode& granted : answer.nodes) {
      if (step.state().find_node_by_id(granted.node_id) == nullptr) {
        step.tell_worker(worker_id, ReturnNode{granted.node_id});
      }
    }
    return false;
  }
  const ClaimRecord claim = found->second;
  step.emit(ClaimErased{claim.id});
  for (const GrantedNode& granted : answer.nodes) {
    if (step.state().find_node_by_id(granted.node_id) != nullptr) continue;
    NodeRecord node;
    node.id = granted.node_id;
    node.pool = claim.pool;
    node.seq = step.state().counters.nodes + 1;
    node.worker = worker_id;
    node.boot = granted.boot;
    node.claim = claim.id;
    node.dedicated = claim.dedicated;
    node.ip_address = granted.ip_address;
    node.state_time = step.now.wall;
    node.allocation_time = step.now.wall;
    node.last_boot_time = step.now.wall;
    node.agent_version = step.state().workers.at(worker_id).agent_version;
    node.agent_time = step.now.wall;
    step.emit(NodePut{std::move(node)});
  }
  pursue_targets(step, claim.pool);
  return true;
}

bool take(Step& step, std::uint64_t worker_id, const NodeStatus& status) {
  const Node* node = step.state().find_node_by_id(status.node_id);
  if (node == nullptr || node->record.worker != worker_id) return false;
  if (status.boot < node->record.boot) return false;
  if (status.boot > node->record.boot) {
    const NodeSeq seq = node->record.seq;
    lose_attempts(step, seq);
    node = step.state().find_node(seq);
    if (node == nullptr) return true;
    NodeRecord record = node->record;
    record.boot = status.boot;
    if (wipes(record.restart) && status.restarts > record.restarts_begun)
      record.boot_wiped = status.boot;
    record.restarts_begun = std::max(record.restarts_begun, status.restarts);
    record.last_boot_time = step.now.wall;
    record.start_task_info.reset();
    record.errors.clear();
    step.emit(NodePut{record});
    node = step.state().find_node(seq);
  }
  put_status(step, *node, status.state, status.start_task_info, status.errors);
  return true;
}

bool take(Step& step, std::uint64_t worker_id, const NodeReturned& returned) {
  const Node* node = step.state().find_node_by_id(returned.node_id);
  if (node == nullptr || node->record.worker != worker_id) return false;
  erase_node(step, node->record.seq);
  return true;
}

// Whether this attempt has its place now; `task` is the one that it is of, if that runs.
bool runs(const RunningTask* task, const AttemptId& id) {
  return task != nullptr && task->record.attempt == id.attempt &&
         holds_its_node(task->record, instance_number(id.task));
}

bool take(Step& step, std::uint64_t worker_id, const InstanceReady& ready) {
  if (ready.id.shard != step.state().shard()) return false;
  const RunningTask* running = step.state().find_running_instance(ready.id.task);
  if (!runs(running, ready.id)) return false;
  const NodeSeq seq = node_of_instance(step.state(), *running, instance_number(ready.id.task));
  if (step.state().find_node(seq)->record.worker != worker_id) return false;
  return take_instance_ready(step, ready.id);
}

bool take(Step& step, std::uint64_t worker_id, const AttemptEnded& report) {
  if (report.id.shard != step.state().shard()) return false;
  // A worker speaks for its own nodes only.
  if (is_node_task(report.id.task)) {
    const Node* of = step.state().find_node(node_of_task(report.id.task));
    if (of == nullptr || of->record.worker != worker_id) return false;
    const NodeSeq empty = of->record.seq;
    if (!take_node_task_report(step, report)) return false;
    settle_node(step, empty);
    return true;
  }
  const RunningTask* running = step.state().find_running_instance(report.id.task);
  const LingeringAttempt* lingering = step.state().find_lingering(report.id);
  const NodeSeq seq = runs(running, report.id) ? node_of_instance(step.state(), *running,
                                                                  instance_number(report.id.task))
                                               : (lingering != nullptr ? lingering->node : 0);
  if (WINDLASS_PLANTED(stale_report_accepted) && running != nullptr)
    return take_report(step, report);
  const Node* node = step.state().find_node(seq);
  if (node == nullptr || node->record.worker != worker_id) return false;
  return take_report(step, report);
}

bool take(Step& step, std::uint64_t worker_id, const RenewLease& renewal) {
  Worker& worker = step.soft().workers[worker_id];
  worker.lease_until = std::max(
      worker.lease_until, lease_clock(step.now) + step.settings.lease + step.settings.lease_margin);
  worker.renewed_at = std::max(worker.renewed_at.value_or(renewal.sent_at), renewal.sent_at);
  step.tell_worker(worker_id, LeaseRenewed{renewal.sent_at, step.settings.lease});
  return true;
}

bool take(Step& step, std::uint64_t worker_id, const Resync& resync) {
  const State& state = step.state();
  // It asked in an epoch before, too, and both came now: the first said how things were, and of
  // what we have told it since the second knows nothing.
  if (state.workers.at(worker_id).synced && !WINDLASS_PLANTED(second_resync_believed)) return false;
  Resynced answer;
  const std::set<AttemptId> running(resync.running.begin(), resync.running.end());
  const std::set<AttemptId> unreported(resync.unreported.begin(), resync.unreported.end());
  const auto known = [&](const AttemptId& id) {
    if (id.shard != state.shard()) return false;
    if (is_node_task(id.task)) return knows_node_task(state, id);
    if (runs(state.find_running_instance(id.task), id)) return true;
    return state.find_lingering(id) != nullptr;
  };
  for (const AttemptId& id : running) {
    if (!known(id)) answer.unwanted.push_back(id);
  }
  for (const AttemptId& id : unreported) {
    if (!known(id)) answer.recorded.push_back(id);
  }

  std::map<std::string, NodeHeld> held;
  for (const NodeHeld& node : resync.nodes) {
    const Node* ours = state.find_node_by_id(node.node_id);
    const bool is_ours = ours != nullptr && ours->record.worker == worker_id;
    if (is_ours) {
      held.emplace(lower_cased(node.node_id), node);
    } else if (!state.claims.contains(node.claim)) {
      answer.unwanted_nodes.push_back(node.node_id);
    }
  }

  step.soft().workers[worker_id].synced = true;
  step.soft().workers[worker_id].agent_version = resync.agent_version;
  const std::set<NodeSeq> nodes = state.workers.at(worker_id).nodes;
  for (const NodeSeq seq : nodes) {
    const Node* node = state.find_node(seq);
    if (node == nullptr) continue;
    const auto still = held.find(lower_cased(node->record.id));
    if (still == held.end()) {
      erase_node(step, seq);  // the worker no longer speaks for it: its grant is lost
      continue;
    }
    // Attempts that we think run there and the worker does not know: their assignment never
    // arrived, or it lost them. Nothing of them can run.
    std::vector<AttemptId> missing;
    for (const JobSeq job : node->node_tasks) {
      const AttemptId attempt = node_task_attempt(state, job, seq);
      if (!running.contains(attempt) && !unreported.contains(attempt)) missing.push_back(attempt);
    }
    for (const auto& [attempt, slots] : node->slots.held()) {
      if (WINDLASS_PLANTED(missing_attempts_believed)) break;
      const RunningTask* task = state.find_running_instance(attempt.task);
      if (task != nullptr && task->record.state == TaskState::preparing) continue;
      if (!running.contains(attempt) && !unreported.contains(attempt)) missing.push_back(attempt);
    }
    for (const AttemptId& attempt : missing) {
      AttemptEnded lost;
      lost.id = attempt;
      lost.end = AttemptEnd::lost;
      lost.end_time = step.now.wall;
      if (is_node_task(attempt.task))
        take_node_task_report(step, lost);
      else
        take_report(step, lost);
    }
    if (state.find_node(seq) == nullptr) continue;
    take(step, worker_id,
         NodeStatus{still->second.node_id,
                    still->second.boot,
                    still->second.state,
                    std::nullopt,
                    {},
                    still->second.restarts});
    see_agent(step, seq, resync.agent_version);
    if (state.find_node(seq) != nullptr) reindex_node(step.soft(), seq);
    settle_node(step, seq);
  }
  step.tell_worker(worker_id, std::move(answer));
  repeat_requests(step, worker_id);
  return true;
}

}  // namespace

void worker_connected(Step& step, std::uint64_t worker_id, InstanceId instance) {
  Worker& worker = step.soft().workers[worker_id];
  worker.instance = instance;
  worker.synced = false;
  worker.offers_free.clear();
  worker.renewed_at.reset();
  const MonoTime others =
      WINDLASS_PLANTED(parting_lease_not_counted) ? MonoTime{} : step.state().other_leases_until;
  const MonoTime until =
      std::max(lease_clock(step.now) + step.settings.lease + step.settings.lease_margin, others);
  if (worker.lease_until == kNoLease || worker.lease_until < until) worker.lease_until = until;
  for (const NodeSeq node : worker.nodes) reindex_node(step.soft(), node);
  if (step.settings.lease > step.state().counters.lease_longest) {
    step.emit(LeasesBounded{step.settings.lease});
  }
}

bool take_worker_message(Step& step, std::uint64_t worker, const FromWorker& message) {
  const auto known = step.state().workers.find(worker);
  if (known == step.state().workers.end() || known->second.instance == 0) return false;
  return std::visit([&](const auto& said) { return take(step, worker, said); }, message);
}

void expire_lease(Step& step, std::uint64_t worker_id) {
  const auto found = step.soft().workers.find(worker_id);
  WINDLASS_ASSERT(found != step.soft().workers.end());
  found->second.instance = 0;
  found->second.synced = false;
  found->second.offers_free.clear();
  found->second.lease_until = kNoLease;
  step.say(ForgetWorker{worker_id});
  std::vector<ClaimId> claims;
  for (const auto& [id, claim] : step.state().claims) {
    if (claim.worker == worker_id) claims.push_back(id);
  }
  for (const ClaimId claim : claims) {
    const PoolSeq pool = step.state().claims.at(claim).pool;
    step.emit(ClaimErased{claim});
    pursue_targets(step, pool);
  }
  const std::set<NodeSeq> nodes = found->second.nodes;
  for (const NodeSeq seq : nodes) {
    const Node* node = step.state().find_node(seq);
    if (node == nullptr) continue;
    if (node->record.draining) {
      erase_node(step, seq);
      continue;
    }
    NodeRecord record = node->record;
    // Of a spot node it is to be expected: its owner has it, and may give it back.
    enter(record, record.dedicated ? NodeState::unknown : NodeState::preempted, step.now.wall);
    step.emit(NodePut{std::move(record)});
    lose_attempts(step, seq);
  }
}

void give_up_unknown_nodes(Step& step) {
  std::vector<NodeRecord> lost;
  for (const NodeSeq seq : step.state().nodes_unknown) {
    const Node& node = *step.state().find_node(seq);
    if (step.now.wall < node.record.state_time + step.settings.unknown_node_patience) continue;
    lost.push_back(node.record);
  }
  for (NodeRecord& node : lost) {
    enter(node, NodeState::unusable, step.now.wall);
    step.emit(NodePut{std::move(node)});
  }
}

}  // namespace windlass::scheduler
