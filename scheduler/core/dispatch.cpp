#include "scheduler/core/dispatch.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/assignment.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/gangs.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/placement/policy.h"
#include "scheduler/core/preemption.h"

#include <set>
#include <utility>
#include <vector>

namespace windlass::scheduler {

namespace {

struct Choice {
  JobSeq job = 0;
  ReadyQueue::Entry task;
  std::optional<NodeSeq> node;  // when the job cannot run everywhere: where it can
  std::vector<NodeSeq> gang;    // of a multi-instance task: all its nodes
};

Choice choice_of(JobSeq job, GangChoice gang) {
  const auto instances = static_cast<SlotCount>(gang.nodes.size());
  return Choice{job, {gang.task, instances}, std::nullopt, std::move(gang.nodes)};
}

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
  return Choice{job.record.seq, {kJobManagerSeq, manager.task.required_slots}, node, {}};
}

// Of a job that is choosy about nodes: its preparation failed on some, its manager is to start, or
// those that `leaves_to` could use are not for it.
std::optional<Choice> choose_with_care(const State& state, const Pool& pool, const Job& job,
                                       const Job* leaves_to = nullptr) {
  const PlaceableNodes usable = nodes_where(state, pool.placeable, [&](const Node& node) {
    return may_run_on(job, node) && (leaves_to == nullptr || !may_run_on(*leaves_to, node));
  });
  std::optional<TaskSeq> left_out;
  if (manager_is_ready(job)) {
    if (auto choice = choose_manager(state, pool, job, usable)) return choice;
    left_out = kJobManagerSeq;  // it holds back nobody
  }
  const auto task = job.ready.first_fitting(widest_gap(usable), left_out);
  if (!task) return std::nullopt;
  return Choice{job.record.seq, *task, place(pool.record.spec.fill_type, usable, task->slots), {}};
}

// While nodes are left to a gang, jobs of its priority and below have only what it cannot use.
std::optional<Choice> choose_beside(const State& state, const Pool& pool, const Job& job,
                                    const TaskKey& gang) {
  if (job.record.seq == gang.job) {
    auto choice = choose_gang(state, pool, job, gang);
    return choice ? std::optional(choice_of(job.record.seq, std::move(*choice))) : std::nullopt;
  }
  const Job& waits = *state.find_job(gang.job);
  return waits.nodes_refused.empty() ? std::nullopt : choose_with_care(state, pool, job, &waits);
}

// The older of the two that come next in the job, if its turn is a gang's.
std::optional<Choice> choose_gang_before(const State& state, const Pool& pool, const Job& job,
                                         const std::optional<Choice>& other) {
  auto gang = choose_gang(state, pool, job);
  if (!gang || (other && other->task.task < gang->task)) return std::nullopt;
  return choice_of(job.record.seq, std::move(*gang));
}

// The first job in order with a task that fits somewhere. Jobs whose tasks are all too wide do not
// hold back the others. `nowhere`: jobs that have found no node since dispatching began.
std::optional<Choice> choose(const State& state, const Pool& pool, const PoolQueue& queue,
                             std::set<JobSeq>& nowhere) {
  const SlotCount slots_max = widest_gap(pool.placeable);
  const std::optional<TaskKey> keeper = gang_that_keeps_nodes(state, pool);
  const JobOrder kept_from = keeper ? order_of(*state.find_job(keeper->job)) : JobOrder{};
  for (const JobOrder& order : queue.runnable) {
    const Job* job = state.find_job(order.job);
    WINDLASS_ASSERT(job != nullptr);
    if (keeper && order.priority_reversed >= kept_from.priority_reversed) {
      if (auto choice = choose_beside(state, pool, *job, *keeper)) return choice;
      continue;
    }
    if (!job->nodes_refused.empty() || manager_is_ready(*job) || !job->ready_gangs.empty()) {
      if (nowhere.contains(order.job)) continue;
      auto choice = choose_with_care(state, pool, *job);
      if (auto gang = choose_gang_before(state, pool, *job, choice)) return gang;
      if (choice) return choice;
      nowhere.insert(order.job);
      continue;
    }
    if (const auto task = job->ready.first_fitting(slots_max))
      return Choice{order.job, *task, std::nullopt, {}};
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

void put_turn(State& state, JobSeq seq, std::uint64_t turn) {
  Job& job = state.jobs.at(seq);
  if (job.queued) {  // leaves under its old turn and comes back under the new one
    job.queue->runnable.erase({-job.record.spec.priority, job.turn, seq});
    job.queued = false;
  }
  job.turn = turn;
  reindex_job(state, seq);
}

// Whoever was served comes after its equals, unless the pool wants them in the order of their
// creation: then each keeps turn 0, and the number of the job decides.
void take_turn(State& state, const Pool& pool, JobSeq seq) {
  if (pool.record.spec.job_default_order == JobDefaultOrder::creationtime) return;
  if (state.jobs.at(seq).queue->runnable.size() == 1) return;  // alone: turns do not matter
  put_turn(state, seq, ++state.turns);
}

}  // namespace

void forget_turns(State& state, const PoolQueue& queue) {
  for (const JobSeq job : queue.jobs) put_turn(state, job, 0);
}

void dispatch(Step& step, const Pool& pool) {
  if (pool.record.state != PoolState::active) return;
  const EntityKey name = entity_key(pool.record.account, pool.record.spec.id);
  const auto queue = step.state().pool_queues.find(name);
  if (queue == step.state().pool_queues.end()) return;
  std::set<JobSeq> nowhere;
  await_gang(step.soft(), pool.record.seq, queue->second);
  while (!pool.placeable.empty() && !queue->second.runnable.empty()) {
    const auto choice = choose(step.state(), pool, queue->second, nowhere);
    if (!choice) break;
    const TaskKey key{choice->job, choice->task.task};
    std::optional<OpenTask> open = step.rows.open_task(key);
    WINDLASS_ASSERT(open.has_value());
    note_begun(step.soft(), pool.record.seq, key);
    if (!choice->gang.empty()) {
      begin_gang(step, pool, *step.state().find_job(choice->job), std::move(*open), choice->gang);
      take_turn(step.soft(), pool, choice->job);
      await_gang(step.soft(), pool.record.seq, queue->second);
      continue;
    }
    const std::optional<NodeSeq> node = node_for(step.state(), pool, *choice, *open);
    WINDLASS_ASSERT(node.has_value());
    start(step, pool, *step.state().find_job(choice->job), std::move(*open),
          *step.state().find_node(*node));
    take_turn(step.soft(), pool, choice->job);
  }
  preempt(step, pool, queue->second);
}

}  // namespace windlass::scheduler
