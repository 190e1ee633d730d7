#include "scheduler/core/gangs.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/assignment.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/job_nodes.h"

#include <algorithm>
#include <utility>

namespace windlass::scheduler {

namespace {

void move(Subtask& subtask, SubtaskState state, WallTime at) {
  subtask.previous_state = subtask.state;
  subtask.previous_state_time = subtask.state_time;
  subtask.state = state;
  subtask.state_time = at;
}

// Idle nodes that the job may use. In a pool for gangs each has one slot.
std::vector<NodeSeq> idle_nodes(const State& state, const Pool& pool, const Job& job) {
  std::vector<NodeSeq> nodes;
  for (const auto& [slots, seq] : pool.placeable) {
    if (may_run_on(job, *state.find_node(seq))) nodes.push_back(seq);
  }
  return nodes;
}

// Nodes that the job could use if nothing ran on them; counted no further than `enough`.
std::int32_t usable_nodes(const State& state, const Pool& pool, const Job& job,
                          std::int32_t enough) {
  std::int32_t nodes = 0;
  for (const auto& [id, seq] : pool.nodes) {
    const Node& node = *state.find_node(seq);
    if (!takes_tasks(state, node) || !may_run_on(job, node)) continue;
    if (++nodes == enough) break;
  }
  return nodes;
}

std::int32_t instances_of(const Job& job, TaskSeq task) {
  std::int32_t instances = 0;
  job.ready_gangs.each([&](TaskSeq other, SlotCount width) {
    if (other == task) instances = width;
  });
  return instances;
}

bool could_begin(const State& state, const Pool& pool, const Job& job, std::int32_t instances) {
  return instances > 0 && usable_nodes(state, pool, job, instances) == instances;
}

// The job's oldest gang that the pool could hold.
std::optional<TaskKey> foremost(const State& state, const Pool& pool, const Job& job) {
  const std::int32_t nodes = usable_nodes(state, pool, job, kInstancesMax);
  const auto gang = job.ready_gangs.first_fitting(nodes);
  if (!gang) return std::nullopt;
  return TaskKey{job.record.seq, gang->task};
}

bool still_waits(const State& state, const Pool& pool, const PoolQueue& queue,
                 const AwaitedGang& awaited) {
  if (!queue.with_gangs.contains(awaited.task.job)) return false;
  const Job& job = *state.find_job(awaited.task.job);
  return could_begin(state, pool, job, instances_of(job, awaited.task.task));
}

const Node& node_named(const State& state, const std::string& node_id) {
  const Node* node = state.find_node_by_id(node_id);
  WINDLASS_ASSERT(node != nullptr);
  return *node;
}

// Every instance is told of its place. Before the commit nobody hears.
void send_gang(Step& step, const Job& job, const TaskRecord& task) {
  InstancePlace place;
  each_instance(task, [&](std::int32_t, const std::string& node_id) {
    place.addresses.push_back(node_named(step.state(), node_id).record.ip_address);
  });
  each_instance(task, [&](std::int32_t number, const std::string& node_id) {
    const Node& node = node_named(step.state(), node_id);
    Assignment assignment = task_assignment(step, job, task, node);
    assignment.id.task = instance_key(task.key, number);
    place.number = number;
    assignment.instance = place;
    step.tell_worker(node.record.worker, std::move(assignment));
  });
}

void set_running(Step& step, TaskRecord& task) {
  enter(task, TaskState::running, step.now.wall);
  task.start_time = step.now.wall;
  for (Subtask& subtask : task.subtasks) {
    move(subtask, SubtaskState::running, step.now.wall);
    subtask.start_time = step.now.wall;
  }
  task.version = step.next_version();
}

bool all_ready(const TaskRecord& task) {
  if (WINDLASS_PLANTED(primary_begins_alone)) return task.coordinated;
  return task.coordinated && std::all_of(task.subtasks.begin(), task.subtasks.end(),
                                         [](const Subtask& subtask) { return subtask.ready; });
}

void tell_to_begin(Step& step, const TaskRecord& task) {
  const Node& node = node_named(step.state(), task.node->node_id);
  step.tell_worker(node.record.worker,
                   BeginCommand{{step.state().shard(), task.key, task.attempt}});
}

}  // namespace

bool suits_gangs(const PoolSpec& pool) {
  return pool.enable_inter_node_communication && pool.task_slots_per_node == 1;
}

std::optional<GangChoice> choose_gang(const State& state, const Pool& pool, const Job& job,
                                      std::optional<TaskKey> only) {
  if (job.ready_gangs.empty() || !suits_gangs(pool.record.spec)) return std::nullopt;
  std::vector<NodeSeq> nodes = idle_nodes(state, pool, job);
  const auto room =
      static_cast<SlotCount>(std::min(nodes.size(), static_cast<std::size_t>(kInstancesMax)));
  std::optional<ReadyQueue::Entry> gang = job.ready_gangs.first_fitting(room);
  if (only) {
    const std::int32_t instances = instances_of(job, only->task);
    gang.reset();
    if (instances > 0 && instances <= room) gang = ReadyQueue::Entry{only->task, instances};
  }
  if (!gang) return std::nullopt;
  nodes.resize(static_cast<std::size_t>(gang->slots));
  return GangChoice{gang->task, std::move(nodes)};
}

void await_gang(State& state, PoolSeq seq, const PoolQueue& queue) {
  Pool& pool = state.pools.at(seq);
  if (queue.with_gangs.empty() || !suits_gangs(pool.record.spec)) {
    pool.awaited.reset();
    return;
  }
  if (pool.awaited && !still_waits(state, pool, queue, *pool.awaited)) pool.awaited.reset();
  std::vector<JobOrder> orders;
  for (const JobSeq job : queue.with_gangs) orders.push_back(order_of(*state.find_job(job)));
  std::sort(orders.begin(), orders.end());
  for (const JobOrder& order : orders) {
    // Among equals turns change all the time: who is waited for stays so.
    if (pool.awaited && order.priority_reversed >=
                            order_of(*state.find_job(pool.awaited->task.job)).priority_reversed)
      return;
    if (const auto gang = foremost(state, pool, *state.find_job(order.job))) {
      pool.awaited = AwaitedGang{*gang, 0};
      return;
    }
  }
}

std::optional<TaskKey> gang_that_keeps_nodes(const State& state, const Pool& pool) {
  if (!pool.awaited) return std::nullopt;
  const TaskKey task = pool.awaited->task;
  const Job* job = state.find_job(task.job);
  if (job == nullptr || pool.awaited->passed < instances_of(*job, task.task)) return std::nullopt;
  return task;
}

void note_begun(State& state, PoolSeq seq, const TaskKey& task) {
  std::optional<AwaitedGang>& awaited = state.pools.at(seq).awaited;
  if (!awaited) return;
  if (awaited->task == task) {
    awaited.reset();
    return;
  }
  const Job* job = state.find_job(awaited->task.job);
  const Job* other = state.find_job(task.job);
  if (job->record.spec.priority >= other->record.spec.priority) awaited->passed += 1;
}

void begin_gang(Step& step, const Pool& pool, const Job& job, OpenTask open,
                const std::vector<NodeSeq>& nodes) {
  WINDLASS_ASSERT(job.record.state == JobState::active);
  TaskRecord task = std::move(open.record);
  WINDLASS_ASSERT(static_cast<std::size_t>(task.instances) == nodes.size());
  task.attempt += 1;
  task.coordinated = false;
  task.subtasks.clear();
  for (const NodeSeq seq : nodes) {
    const Node& node = *step.state().find_node(seq);
    WINDLASS_ASSERT(takes_tasks(step.state(), node));
    TaskNode place{pool.record.spec.id, node.record.id, node.record.worker};
    if (seq == nodes.front()) {
      task.node = std::move(place);
    } else {
      Subtask subtask;
      subtask.state_time = step.now.wall;
      subtask.node = std::move(place);
      task.subtasks.push_back(std::move(subtask));
    }
    prepare_node(step, job.record.seq, seq);
  }
  const bool waits = std::any_of(nodes.begin(), nodes.end(), [&](NodeSeq seq) {
    return waits_for_preparation(job, *step.state().find_node(seq));
  });
  if (waits) {
    enter(task, TaskState::preparing, step.now.wall);
    task.version = step.next_version();
    step.emit(TaskPut{std::move(task)});
    return;
  }
  set_running(step, task);
  step.emit(TaskPut{task});
  send_gang(step, job, task);
}

bool waits_for_preparations(const State& state, const Job& job, const TaskRecord& task) {
  bool waits = false;
  each_instance(task, [&](std::int32_t, const std::string& node_id) {
    waits = waits || waits_for_preparation(job, node_named(state, node_id));
  });
  return waits;
}

bool can_tell_all(const State& state, const TaskRecord& task) {
  bool can = true;
  each_instance(task, [&](std::int32_t, const std::string& node_id) {
    can = can && takes_assignments(state, node_named(state, node_id));
  });
  return can;
}

void start_prepared_gang(Step& step, const TaskRecord& waiting) {
  TaskRecord task = waiting;
  set_running(step, task);
  step.emit(TaskPut{task});
  send_gang(step, *step.state().find_job(task.key.job), task);
}

bool take_instance_ready(Step& step, const AttemptId& id) {
  const RunningTask* running = step.state().find_running_instance(id.task);
  if (running == nullptr || running->record.attempt != id.attempt) return false;
  if (running->record.state != TaskState::running || running->record.instances == 0) return false;
  const std::int32_t number = instance_number(id.task);
  if (!holds_its_node(running->record, number)) return false;
  TaskRecord task = running->record;
  bool& ready =
      number == 0 ? task.coordinated : task.subtasks[static_cast<std::size_t>(number) - 1].ready;
  if (std::exchange(ready, true)) return true;
  task.version = step.next_version();
  step.emit(TaskPut{task});
  if (all_ready(task)) tell_to_begin(step, task);
  return true;
}

void begin_if_all_are_ready(Step& step, const TaskKey& instance) {
  const RunningTask* running = step.state().find_running_instance(instance);
  WINDLASS_ASSERT(running != nullptr);
  if (all_ready(running->record)) tell_to_begin(step, running->record);
}

NodeSeq node_of_instance(const State& state, const RunningTask& running, std::int32_t instance) {
  if (instance == 0) return running.node;
  const auto index = static_cast<std::size_t>(instance) - 1;
  return node_named(state, running.record.subtasks[index].node.node_id).record.seq;
}

void repeat_gang_orders(Step& step, NodeSeq seq) {
  if (WINDLASS_PLANTED(gang_order_not_repeated)) return;
  for (const auto& [attempt, slots] : step.state().find_node(seq)->slots.held()) {
    const RunningTask* running = step.state().find_running(attempt.task);
    if (running == nullptr || running->record.attempt != attempt.attempt) continue;
    const TaskRecord& task = running->record;
    if (task.instances == 0 || task.state != TaskState::running || !all_ready(task)) continue;
    tell_to_begin(step, task);
  }
}

// One that was ready has done what was asked of it, and nothing more was to come.
void end_subtasks(TaskRecord& task, WallTime now) {
  for (Subtask& subtask : task.subtasks) {
    if (subtask.state == SubtaskState::completed) continue;
    move(subtask, SubtaskState::completed, now);
    subtask.end_time = now;
    if (subtask.ready) {
      subtask.exit_code = 0;
      subtask.result = ExecutionResult::success;
    } else {
      subtask.result = ExecutionResult::failure;
      subtask.failure = task_ended("The task of the subtask has ended");
    }
  }
}

void end_subtask(Subtask& subtask, const AttemptEnded& report, WallTime now) {
  move(subtask, SubtaskState::completed, now);
  if (report.start_time) subtask.start_time = report.start_time;
  subtask.end_time = report.end_time;
  subtask.exit_code = report.exit_code;
  if (report.end == AttemptEnd::exited && report.exit_code == 0) {
    subtask.ready = true;
    subtask.result = ExecutionResult::success;
    return;
  }
  subtask.result = ExecutionResult::failure;
  subtask.failure = instance_failure(report);
}

FailureInfo instance_failure(const AttemptEnded& report) {
  const std::string number = std::to_string(instance_number(report.id.task));
  FailureInfo failure;
  if (report.failure) {
    failure = *report.failure;
  } else {
    const std::string code = std::to_string(report.exit_code.value_or(-1));
    failure = {ErrorCategory::usererror,
               "CoordinationCommandFailed",
               "The coordination command exited with code " + code,
               {{"ExitCode", code}}};
  }
  failure.details.push_back({"SubtaskId", number});
  return failure;
}

}  // namespace windlass::scheduler
