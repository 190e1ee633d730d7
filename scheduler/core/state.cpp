#include "scheduler/core/state.h"

#include "model/assert.h"
#include "model/museum.h"
#include "model/words.h"
#include "scheduler/core/found.h"

#include <algorithm>
#include <utility>

namespace windlass::scheduler {

EntityKey entity_key(std::string_view account, std::string_view id) {
  return {WINDLASS_PLANTED(account_not_in_key) ? "" : lower_cased(account), lower_cased(id)};
}

const Pool* State::find_pool(std::string_view account, std::string_view id) const {
  const auto found = pools_by_id.find(entity_key(account, id));
  return found == pools_by_id.end() ? nullptr : find_pool(found->second);
}

const Pool* State::find_pool(PoolSeq seq) const {
  const auto found = pools.find(seq);
  return found == pools.end() ? nullptr : &found->second;
}

const Node* State::find_node(NodeSeq seq) const {
  const auto found = nodes.find(seq);
  return found == nodes.end() ? nullptr : &found->second;
}

const Node* State::find_node(const Pool& pool, std::string_view node_id) const {
  const auto found = pool.nodes.find(lower_cased(node_id));
  return found == pool.nodes.end() ? nullptr : find_node(found->second);
}

const Node* State::find_node_by_id(std::string_view node_id) const {
  auto found = nodes_by_id.find(node_id);  // as it is mostly written
  if (found == nodes_by_id.end()) found = nodes_by_id.find(lower_cased(node_id));
  return found == nodes_by_id.end() ? nullptr : found->second;
}

const Job* State::find_job(std::string_view account, std::string_view id) const {
  const auto found = jobs_by_id.find(entity_key(account, id));
  return found == jobs_by_id.end() ? nullptr : find_job(found->second);
}

const Job* State::find_job(JobSeq seq) const {
  const auto found = jobs.find(seq);
  return found == jobs.end() ? nullptr : &found->second;
}

const JobScheduleRecord* State::find_job_schedule(std::string_view account,
                                                  std::string_view id) const {
  const auto found = job_schedules_by_id.find(entity_key(account, id));
  return found == job_schedules_by_id.end() ? nullptr : find_job_schedule(found->second);
}

const JobScheduleRecord* State::find_job_schedule(JobScheduleSeq seq) const {
  const auto found = job_schedules.find(seq);
  return found == job_schedules.end() ? nullptr : &found->second;
}

const CertificateRecord* State::find_certificate(std::string_view account,
                                                 std::string_view thumbprint) const {
  const auto found = certificates.find(entity_key(account, thumbprint));
  return found == certificates.end() ? nullptr : &found->second;
}

const RunningTask* State::find_running(const TaskKey& key) const {
  const auto found = running.find(key);
  return found == running.end() ? nullptr : &found->second;
}

const RunningTask* State::find_running_instance(const TaskKey& key) const {
  return find_running(task_of_instance(key));
}

const LingeringAttempt* State::find_lingering(const AttemptId& id) const {
  const auto found = lingering.find(id);
  return found == lingering.end() ? nullptr : &found->second;
}

const Reservation* State::find_reservation(std::string_view account, std::string_view id) const {
  const auto found = reservations.find(entity_key(account, id));
  return found == reservations.end() ? nullptr : &found->second;
}

State::Place State::place_of(const Job& job, const TaskRecord& task) const {
  const TaskSeq seq = task.key.task;
  const QueueWidth width = queue_width(task);
  const ReadyQueue& ready = width.of_nodes ? job.ready_gangs : job.ready;
  if (ready.contains(seq, width.width)) return Place::ready;
  if (job.dependencies.waits(seq)) return Place::waiting;
  if (job.held_back.contains(seq)) return Place::held_back;
  return Place::nowhere;
}

QueueWidth queue_width(const TaskRecord& task) {
  if (task.instances > 0) return {task.instances, true};
  return {task.required_slots, false};
}

ReadyQueue& queue_for(Job& job, const QueueWidth& width) {
  return width.of_nodes ? job.ready_gangs : job.ready;
}

JobOrder order_of(const Job& job) {
  return {-job.record.spec.priority, job.turn, job.record.seq};
}

bool holds_its_node(const TaskRecord& task, std::int32_t instance) {
  if (!is_on_node(task.state)) return false;
  if (instance == 0) return true;
  const auto index = static_cast<std::size_t>(instance) - 1;
  return index < task.subtasks.size() && task.subtasks[index].state != SubtaskState::completed;
}

bool State::job_takes_turns(const Job& job) const {
  if (job.record.state != JobState::active && !WINDLASS_PLANTED(stopped_job_goes_on)) return false;
  if (job.ready.empty() && job.ready_gangs.empty()) return false;
  const std::int32_t parallel_max = job.record.spec.parallel_tasks_max;
  return parallel_max < 0 || job.record.counts.tasks.running < parallel_max;
}

bool State::lingers(std::string_view account, std::string_view job_id,
                    std::string_view task_id) const {
  return lingering_by_id.contains({entity_key(account, job_id), lower_cased(task_id)});
}

NodeState ready_state(const Node& node) {
  if (node.running > 0) return NodeState::running;
  const bool disabled = node.record.scheduling_state == SchedulingState::disabled;
  return disabled ? NodeState::offline : NodeState::idle;
}

bool takes_tasks(const State& state, const Node& node) {
  if (node.record.draining) return false;
  if (node.record.scheduling_state != SchedulingState::enabled) return false;
  if (node.record.state != NodeState::idle && node.record.state != NodeState::running) return false;
  const auto pool = state.pools.find(node.record.pool);
  if (pool == state.pools.end() || pool->second.record.state != PoolState::active) return false;
  const auto worker = state.workers.find(node.record.worker);
  return worker != state.workers.end() && worker->second.synced && worker->second.instance != 0;
}

bool is_ending(const JobRecord& job) {
  return job.state == JobState::terminating || job.state == JobState::deleting;
}

bool releases_nodes(const JobRecord& job) {
  if (!job.spec.release_task || job.forced) return false;
  if (job.state == JobState::terminating) return true;
  return job.state == JobState::deleting && job.previous_state != JobState::completed;
}

SlotCount slots_held(const JobRecord& job, const TaskRecord& task, const Node& node) {
  const bool alone = is_job_manager(job, task.key) && job.spec.manager_task->run_exclusive;
  return alone ? node.slots.total() : task.required_slots;
}

namespace {

void keep_in(std::set<std::uint64_t>& set, std::uint64_t value, bool wanted) {
  if (wanted)
    set.insert(value);
  else
    set.erase(value);
}

void index_job_node(State& state, Job& job, const JobNodeRecord& record) {
  const JobSeq seq = job.record.seq;
  const NodeTaskRun& preparation = record.preparation;
  const auto node = state.nodes.find(record.node);
  const bool there = node != state.nodes.end();
  const bool releases = record.release && record.release->state == NodeTaskState::running;
  const bool busy = preparation.state == NodeTaskState::running || releases;
  WINDLASS_ASSERT(there || !busy);
  const bool released = record.release_skipped || (record.release && record.release->judged);
  const bool due = there && !busy && !released && releases_nodes(job.record);
  const bool refused = job.record.spec.preparation_task->wait_for_success && preparation.judged &&
                       preparation.result == ExecutionResult::failure;
  keep_in(job.nodes_busy, record.node, busy);
  keep_in(job.nodes_refused, record.node, refused);
  keep_in(job.releases_due, record.node, due);
  keep_in(state.jobs_releasing, seq, !job.releases_due.empty());
  if (!there) return;
  keep_in(node->second.node_tasks, seq, busy);
  keep_in(node->second.releases_due, seq, due);
  if (due) state.nodes_to_release.insert(record.node);
}

}  // namespace

void keep_job_node(State& state, Job& job, const JobNodeRecord& record) {
  job.nodes.insert_or_assign(record.node, record);
  index_job_node(state, job, record);
}

void reindex_job_nodes(State& state, Job& job) {
  for (const auto& [node, record] : job.nodes) index_job_node(state, job, record);
}

void tally_node(Pool& pool, const NodeRecord& node, std::int32_t by) {
  NodeTally& tally = node.dedicated ? pool.dedicated_nodes : pool.spot_nodes;
  (node.draining ? tally.draining : tally.staying) += by;
  const bool waits = node.emptying == NodeDeallocationOption::retaineddata;
  if (node.draining && node.state == NodeState::leavingpool && !waits) tally.leaving += by;
}

void reindex_node(State& state, NodeSeq seq) {
  Node& node = node_of(state, seq);
  if (!node.releases_due.empty()) state.nodes_to_release.insert(seq);
  if (node.record.state == NodeState::unknown)
    state.nodes_unknown.insert(seq);
  else if (!state.nodes_unknown.empty())
    state.nodes_unknown.erase(seq);
  const auto pool = state.pools.find(node.record.pool);
  WINDLASS_ASSERT(pool != state.pools.end());
  auto& placeable = pool->second.placeable;
  const bool open = takes_tasks(state, node) && !pool->second.making_room.contains(seq);
  const SlotCount wanted = open ? node.slots.free() : 0;
  const SlotCount before = std::exchange(node.placeable_as, wanted);
  if (before == wanted) return;
  if (before == 0) {
    placeable.insert({wanted, seq});
    return;
  }
  auto entry = placeable.extract({before, seq});
  WINDLASS_ASSERT(!entry.empty());
  if (wanted == 0) return;
  entry.value().first = wanted;
  placeable.insert(std::move(entry));
}

bool fails_blocked_tasks(const JobRecord& job) {
  if (job.state == JobState::terminating || job.state == JobState::completed ||
      job.state == JobState::deleting) {
    return false;
  }
  return std::any_of(job.spec.metadata.begin(), job.spec.metadata.end(), [](const auto& item) {
    return item.name == "windlass.failBlockedDependents" && same_word(item.value, "true");
  });
}

bool yields(const Job& job) {
  return job.record.spec.allow_task_preemption && !job.running.empty();
}

void join_queue(State& state, Job& job) {
  WINDLASS_ASSERT(job.queue == nullptr);
  job.queue = &state.pool_queues[entity_key(job.record.account, job.record.spec.pool_id)];
  job.queue->jobs.insert(job.record.seq);
  job.turn = 0;  // among its equals as one that was never served
}

void leave_queue(State& state, Job& job) {
  WINDLASS_ASSERT(job.queue != nullptr);
  PoolQueue& queue = *std::exchange(job.queue, nullptr);
  if (job.queued) {
    queue.runnable.erase({-job.record.spec.priority, job.turn, job.record.seq});
    job.queued = false;
  }
  queue.with_gangs.erase(job.record.seq);
  queue.yielding.erase(job.record.seq);
  queue.jobs.erase(job.record.seq);
  if (queue.jobs.empty())
    state.pool_queues.erase(entity_key(job.record.account, job.record.spec.pool_id));
}

void reindex_job(State& state, JobSeq seq) {
  const auto found = state.jobs.find(seq);
  WINDLASS_ASSERT(found != state.jobs.end());
  Job& job = found->second;
  WINDLASS_ASSERT(job.queue != nullptr);
  if (!job.dependencies.blocked().empty() && fails_blocked_tasks(job.record)) {
    state.jobs_blocked.insert(seq);
  } else if (!state.jobs_blocked.empty()) {
    state.jobs_blocked.erase(seq);
  }
  PoolQueue& queue = *job.queue;
  const bool wanted = state.job_takes_turns(job);
  if (wanted && !job.ready_gangs.empty())
    queue.with_gangs.insert(seq);
  else if (!queue.with_gangs.empty())
    queue.with_gangs.erase(seq);
  if (yields(job))
    queue.yielding.insert(seq);
  else if (!queue.yielding.empty())
    queue.yielding.erase(seq);
  const JobOrder order = order_of(job);
  if (wanted == job.queued && (!wanted || queue.runnable.contains(order))) return;
  if (job.queued) {
    // Priority may have changed since: look for the job's own entry.
    if (queue.runnable.erase(order) == 0) {
      std::erase_if(queue.runnable, [&](const JobOrder& other) { return other.job == seq; });
    }
    job.queued = false;
  }
  if (wanted) {
    queue.runnable.insert(order);
    job.queued = true;
  }
}

}  // namespace windlass::scheduler
