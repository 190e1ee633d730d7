#include "scheduler/core/dispatch.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/assignment.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/placement/policy.h"

#include <set>
#include <utility>

namespace windlass::scheduler {

namespace {

struct Choice {
  JobSeq job = 0;
  ReadyQueue::Entry task;
  std::optional<NodeSeq> node;  // when the job cannot run everywhere: where it can
};

template <class Condition>
PlaceableNodes nodes_where(const State& state, const PlaceableNodes& nodes, Condition&& holds) {
  PlaceableNodes found;
  for (const auto& entry : nodes) {
    if (holds(*state.find_node(entry.second))) found.insert(found.end(), entry);
  }
  return found;
}

bool manager_is_ready(const Job& job) {
  const auto& manager = job.record.spec.manager_task;
  return manager && job.ready.contains(kJobManagerSeq, manager->task.required_slots);
}

std::optional<Choice> choose_manager(const State& state, const Pool& pool, const Job& job,
                                     const PlaceableNodes& usable) {
  const JobManagerTask& manager = *job.record.spec.manager_task;
  const PlaceableNodes nodes = nodes_where(state, usable, [&](const Node& node) {
    if (!manager.allow_spot_node && !node.record.dedicated) return false;
    return !manager.run_exclusive || node.slots.used() == 0;
  });
  const auto node = place(pool.record.spec.fill_type, nodes, manager.task.required_slots);
  if (!node) return std::nullopt;
  return Choice{job.record.seq, {kJobManagerSeq, manager.task.required_slots}, node};
}

// Of a job that is choosy about nodes: its preparation failed on some, or its manager is to start.
std::optional<Choice> choose_with_care(const State& state, const Pool& pool, const Job& job) {
  const PlaceableNodes usable =
      nodes_where(state, pool.placeable, [&](const Node& node) { return may_run_on(job, node); });
  std::optional<TaskSeq> left_out;
  if (manager_is_ready(job)) {
    if (auto choice = choose_manager(state, pool, job, usable)) return choice;
    left_out = kJobManagerSeq;  // it holds back nobody
  }
  const auto task = job.ready.first_fitting(widest_gap(usable), left_out);
  if (!task) return std::nullopt;
  return Choice{job.record.seq, *task, place(pool.record.spec.fill_type, usable, task->slots)};
}

// The first job in order with a task that fits somewhere. Jobs whose tasks are all too wide do not
// hold back the others. `nowhere`: jobs that have found no node since dispatching began.
std::optional<Choice> choose(const State& state, const Pool& pool, const PoolQueue& queue,
                             std::set<JobSeq>& nowhere) {
  const SlotCount slots_max = widest_gap(pool.placeable);
  for (const JobOrder& order : queue.runnable) {
    const Job* job = state.find_job(order.job);
    WINDLASS_ASSERT(job != nullptr);
    if (!job->nodes_refused.empty() || manager_is_ready(*job)) {
      if (nowhere.contains(order.job)) continue;
      if (auto choice = choose_with_care(state, pool, *job)) return choice;
      nowhere.insert(order.job);
      continue;
    }
    if (const auto task = job->ready.first_fitting(slots_max))
      return Choice{order.job, *task, std::nullopt};
  }
  return std::nullopt;
}

// A node named by the task's affinity is preferred while it has room.
std::optional<NodeSeq> node_for(const State& state, const Pool& pool, const Choice& choice,
                                const OpenTask& task) {
  const SlotCount required = task.record.required_slots;
  const Job& job = *state.find_job(choice.job);
  if (task.affinity_id.starts_with("TVM:") && !is_job_manager(job.record, task.record.key)) {
    const Node* wished = state.find_node(pool, std::string_view(task.affinity_id).substr(4));
    if (wished != nullptr && wished->placeable_as >= required && may_run_on(job, *wished))
      return wished->record.seq;
  }
  if (choice.node) return choice.node;
  return place(pool.record.spec.fill_type, pool.placeable, required);
}

void start(Step& step, const Pool& pool, const Job& job, OpenTask open, const Node& node) {
  WINDLASS_ASSERT(job.record.state == JobState::active);
  WINDLASS_ASSERT(takes_tasks(step.state(), node));
  TaskRecord task = std::move(open.record);
  if (!WINDLASS_PLANTED(attempt_number_reused) || task.attempt == 0) task.attempt += 1;
  task.node = TaskNode{pool.record.spec.id, node.record.id, node.record.worker};
  prepare_node(step, job.record.seq, node.record.seq);
  if (waits_for_preparation(job, node)) {
    enter(task, TaskState::preparing, step.now.wall);
    task.version = step.next_version();
    step.emit(TaskPut{std::move(task)});
    return;
  }
  enter(task, TaskState::running, step.now.wall);
  task.start_time = step.now.wall;
  task.version = step.next_version();
  Assignment assignment = task_assignment(step, job, task, node);
  step.emit(TaskPut{std::move(task)});
  step.tell_worker(node.record.worker, std::move(assignment));
}

void take_turn(State& state, JobSeq seq) {
  // The job leaves the queue under its old turn and comes back under the new one.
  Job& job = state.jobs.at(seq);
  PoolQueue& queue = *job.queue;
  if (queue.runnable.size() == 1) return;  // alone: turns do not matter
  if (job.queued) {
    queue.runnable.erase({-job.record.spec.priority, job.turn, seq});
    job.queued = false;
  }
  job.turn = ++state.turns;
  reindex_job(state, seq);
}

}  // namespace

void dispatch(Step& step, const Pool& pool) {
  if (pool.record.state != PoolState::active) return;
  const EntityKey key = entity_key(pool.record.account, pool.record.spec.id);
  const auto queue = step.state().pool_queues.find(key);
  if (queue == step.state().pool_queues.end()) return;
  std::set<JobSeq> nowhere;
  while (!pool.placeable.empty() && !queue->second.runnable.empty()) {
    const auto choice = choose(step.state(), pool, queue->second, nowhere);
    if (!choice) break;
    std::optional<OpenTask> open = step.rows.open_task({choice->job, choice->task.task});
    WINDLASS_ASSERT(open.has_value());
    const std::optional<NodeSeq> node = node_for(step.state(), pool, *choice, *open);
    WINDLASS_ASSERT(node.has_value());
    start(step, pool, *step.state().find_job(choice->job), std::move(*open),
          *step.state().find_node(*node));
    take_turn(step.soft(), choice->job);
  }
}

}  // namespace windlass::scheduler
