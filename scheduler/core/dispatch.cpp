#include "scheduler/core/dispatch.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/placement/policy.h"

namespace windlass::scheduler {

namespace {

struct Choice {
  JobSeq job = 0;
  ReadyQueue::Entry task;
};

// The first job in order with a task that fits somewhere. Jobs whose tasks are all too wide do not
// hold back the others.
std::optional<Choice> choose(const State& state, const PoolQueue& queue, SlotCount slots_max) {
  for (const JobOrder& order : queue.runnable) {
    const Job* job = state.find_job(order.job);
    WINDLASS_ASSERT(job != nullptr);
    if (const auto task = job->ready.first_fitting(slots_max)) return Choice{order.job, *task};
  }
  return std::nullopt;
}

// A node named by the task's affinity is preferred while it has room.
std::optional<NodeSeq> node_for(const State& state, const Pool& pool, const OpenTask& task) {
  const SlotCount required = task.record.required_slots;
  if (task.affinity_id.starts_with("TVM:")) {
    const Node* wished = state.find_node(pool, std::string_view(task.affinity_id).substr(4));
    if (wished != nullptr && wished->placeable_as >= required) return wished->record.seq;
  }
  return place(pool.record.spec.fill_type, pool.placeable, required);
}

void start(Step& step, const Pool& pool, const Job& job, OpenTask open, const Node& node) {
  WINDLASS_ASSERT(job.record.state == JobState::active);
  WINDLASS_ASSERT(takes_tasks(step.state(), node));
  TaskRecord task = std::move(open.record);
  if (!WINDLASS_PLANTED(attempt_number_reused) || task.attempt == 0) task.attempt += 1;
  enter(task, TaskState::running, step.now.wall);
  task.start_time = step.now.wall;
  task.node = TaskNode{pool.record.spec.id, node.record.id, node.record.worker};
  task.version = step.next_version();

  Assignment assignment;
  assignment.id = {step.state().shard(), task.key, task.attempt};
  assignment.account = job.record.account;
  assignment.job_id = job.record.spec.id;
  assignment.task_id = task.id;
  assignment.node_id = node.record.id;
  assignment.node_boot = node.record.boot;
  assignment.required_slots = task.required_slots;
  assignment.max_wall_clock_time = task.constraints.max_wall_clock_time;
  assignment.retention_time = task.constraints.retention_time;
  assignment.common_environment_settings = job.record.spec.common_environment_settings;
  assignment.document = step.rows.document(task.key);

  const std::uint64_t worker = node.record.worker;
  step.emit(TaskPut{std::move(task)});
  step.tell_worker(worker, std::move(assignment));
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
  while (!pool.placeable.empty() && !queue->second.runnable.empty()) {
    const auto choice = choose(step.state(), queue->second, widest_gap(pool.placeable));
    if (!choice) break;
    std::optional<OpenTask> open = step.rows.open_task({choice->job, choice->task.task});
    WINDLASS_ASSERT(open.has_value());
    const std::optional<NodeSeq> node = node_for(step.state(), pool, *open);
    WINDLASS_ASSERT(node.has_value());
    start(step, pool, *step.state().find_job(choice->job), std::move(*open),
          *step.state().find_node(*node));
    take_turn(step.soft(), choice->job);
  }
}

}  // namespace windlass::scheduler
