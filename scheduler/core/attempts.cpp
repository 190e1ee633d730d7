#include "scheduler/core/attempts.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/gangs.h"
#include "scheduler/core/jobs.h"
#include "scheduler/core/nodes.h"
#include "scheduler/core/retry.h"

#include <utility>

namespace windlass::scheduler {

namespace {

// Each instance of the task as it was running, but for one that is over.
void linger(Step& step, const TaskRecord& task, bool delete_folder,
            std::optional<std::int32_t> over = std::nullopt) {
  if (task.state == TaskState::preparing) return;  // no worker was told of it
  const Job* job = step.state().find_job(task.key.job);
  WINDLASS_ASSERT(job != nullptr);
  each_instance(task, [&](std::int32_t instance, const std::string& node_id) {
    if (instance == over) return;
    const Node* node = step.state().find_node_by_id(node_id);
    WINDLASS_ASSERT(node != nullptr);
    const AttemptId id{step.state().shard(), instance_key(task.key, instance), task.attempt};
    const std::uint64_t worker = node->record.worker;
    if (!WINDLASS_PLANTED(slot_freed_early))
      step.emit(LingeringPut{{id, node->record.seq, slots_held(job->record, task, *node),
                              job->record.spec.id, task.id, delete_folder}});
    step.tell_worker(worker, EndAttempt{id, delete_folder});
  });
}

void clear_run(TaskRecord& task) {
  task.coordinated = false;
  task.subtasks.clear();
  task.start_time.reset();
  task.end_time.reset();
  task.exit_code.reset();
  task.failure.reset();
  task.result.reset();
  task.satisfies_dependents = false;
  task.node.reset();
}

FailureInfo failure_exit_code() {
  return {ErrorCategory::usererror,
          "FailureExitCode",
          "The task exited with an exit code representing a failure",
          {}};
}

void put(Step& step, TaskRecord task) {
  task.version = step.next_version();
  if (WINDLASS_PLANTED(version_from_wall_clock))
    task.version.event = static_cast<EventNumber>(step.now.wall.ticks);
  step.emit(TaskPut{std::move(task)});
}

JobAction complete(Step& step, TaskRecord task, const AttemptEnded& report) {
  const Verdict verdict = judge_end(report, task.retry_count, task.constraints.retries_max);
  // A failed instance: the task's own command has not begun, and so has no exit code.
  const bool began = !is_subtask(report.id.task) && report.end != AttemptEnd::coordination_failed;
  enter(task, TaskState::completed, step.now.wall);
  if (report.start_time && !is_subtask(report.id.task)) task.start_time = report.start_time;
  task.end_time = report.end_time;
  if (began) task.exit_code = report.exit_code;
  task.usage.resources += report.usage;
  task.result = verdict == Verdict::succeed ? ExecutionResult::success : ExecutionResult::failure;
  if (verdict == Verdict::fail) {
    task.failure = report.failure ? *report.failure : failure_exit_code();
    if (!began) task.failure = instance_failure(report);
  }
  // Time that is up is that, whoever noticed it; all else of an instance came before the command.
  const bool as_said = began || report.end == AttemptEnd::wall_clock;
  const ExitOutcome outcome =
      judge_exit(task.exit_rules, as_said ? report.end : AttemptEnd::not_started, task.exit_code);
  end_subtasks(task, step.now.wall);
  task.satisfies_dependents = outcome.satisfies_dependents;
  put(step, std::move(task));
  return outcome.job_action;
}

// What the attempt has used counts, though the record forgets it.
void remember_usage(TaskRecord& task, const AttemptEnded& report) {
  task.usage.resources += report.usage;
  const WallTime begun = report.start_time.value_or(report.end_time);
  if (report.end_time > begun) task.usage.earlier_wall_clock_time += report.end_time - begun;
}

void retry(Step& step, TaskRecord task, const AttemptEnded& report) {
  remember_usage(task, report);
  task.retry_count += 1;
  task.last_retry_time = step.now.wall;
  clear_run(task);
  enter(task, TaskState::active, step.now.wall);
  put(step, std::move(task));
}

// Completed without a report.
void fail(Step& step, const TaskRecord& task, FailureInfo why) {
  TaskRecord ended = task;
  enter(ended, TaskState::completed, step.now.wall);
  end_subtasks(ended, step.now.wall);
  ended.end_time = step.now.wall;
  ended.exit_code.reset();
  ended.result = ExecutionResult::failure;
  ended.failure = std::move(why);
  ended.satisfies_dependents = outcome_of_ended(task).satisfies_dependents;
  put(step, std::move(ended));
}

}  // namespace

void enter(TaskRecord& task, TaskState state, WallTime at) {
  task.previous_state = task.state;
  task.previous_state_time = task.state_time;
  task.state = state;
  task.state_time = at;
}

FailureInfo task_ended(std::string_view why) {
  return {ErrorCategory::usererror, "TaskEnded", std::string(why), {}};
}

bool take_report(Step& step, const AttemptEnded& report) {
  const RunningTask* running = step.state().find_running_instance(report.id.task);
  const std::int32_t instance = instance_number(report.id.task);
  const bool current = running != nullptr && running->record.state == TaskState::running &&
                       holds_its_node(running->record, instance) &&
                       (running->record.attempt == report.id.attempt ||
                        (WINDLASS_PLANTED(stale_report_accepted) && report.exit_code == 0));
  if (!current) {
    if (step.state().find_lingering(report.id) == nullptr) return false;
    drop_lingering(step, report.id);
    return true;
  }
  const JobSeq job = report.id.task.job;
  const NodeSeq node = node_of_instance(step.state(), *running, instance);
  TaskRecord task = running->record;
  // Its other instances go on; most tasks have none.
  const std::optional<TaskRecord> gang = task.subtasks.empty() ? std::nullopt : std::optional(task);
  const auto end_others = [&] {
    if (gang) linger(step, *gang, false, instance);
  };
  if (instance > 0)
    end_subtask(task.subtasks[static_cast<std::size_t>(instance) - 1], report, step.now.wall);
  const Verdict verdict = judge_end(report, task.retry_count, task.constraints.retries_max);
  if (verdict == Verdict::succeed && instance > 0) {  // and left nothing that would go on
    put(step, std::move(task));
    begin_if_all_are_ready(step, report.id.task);
    settle_node(step, node);
    return true;
  }
  switch (verdict) {
    case Verdict::run_again:
      requeue_lost(step, *running, instance);
      break;
    case Verdict::retry:
      retry(step, std::move(task), report);
      end_others();
      break;
    case Verdict::succeed:
    case Verdict::fail: {
      const JobAction action = complete(step, std::move(task), report);
      end_others();
      act_on_ended_task(step, job, action);
      break;
    }
  }
  after_task(step, job);
  settle_node(step, node);
  return true;
}

ExitOutcome outcome_of_ended(const TaskRecord& task) {
  return judge_exit(task.exit_rules, AttemptEnd::stopped, std::nullopt);
}

void end_task(Step& step, const TaskRecord& task, std::string_view why) {
  const RunningTask* found = step.state().find_running(task.key);
  const std::optional<RunningTask> running =
      found == nullptr ? std::nullopt : std::optional(*found);
  fail(step, task, task_ended(why));
  if (running) linger(step, running->record, false);
}

void fail_blocked_task(Step& step, const TaskRecord& task, const std::string& parent_id) {
  fail(step, task,
       {ErrorCategory::usererror,
        "TaskDependencyFailed",
        "The task will never start: a task that it depends on ended without satisfying it",
        {{"TaskId", parent_id}}});
}

void requeue_running(Step& step, const RunningTask& running, bool counted) {
  const RunningTask before = running;
  TaskRecord task = before.record;
  // Until now: what it uses while it is being ended is not told of.
  if (task.start_time && step.now.wall > *task.start_time)
    task.usage.earlier_wall_clock_time += step.now.wall - *task.start_time;
  if (counted) {
    task.requeue_count += 1;
    task.last_requeue_time = step.now.wall;
  }
  clear_run(task);
  enter(task, TaskState::active, step.now.wall);
  put(step, std::move(task));
  linger(step, before.record, false);
}

void requeue_lost(Step& step, const RunningTask& running, std::int32_t instance) {
  const TaskRecord before = running.record;
  TaskRecord task = before;
  if (WINDLASS_PLANTED(lost_attempt_costs_a_retry)) task.retry_count += 1;
  clear_run(task);
  enter(task, TaskState::active, step.now.wall);
  put(step, std::move(task));
  linger(step, before, false, instance);
}

void reactivate(Step& step, TaskRecord task) {
  if (task.start_time && task.end_time && *task.end_time > *task.start_time)
    task.usage.earlier_wall_clock_time += *task.end_time - *task.start_time;
  task.retry_count = 0;
  task.last_retry_time.reset();
  clear_run(task);
  enter(task, TaskState::active, step.now.wall);
  put(step, std::move(task));
}

void erase_task(Step& step, const TaskRecord& task) {
  const RunningTask* found = step.state().find_running(task.key);
  if (found == nullptr) {
    // Its folder may still be on the node where it ran.
    const Job* job = step.state().find_job(task.key.job);
    const auto tell = [&](const TaskNode& node) {
      step.tell_worker(node.worker, DeleteTaskFolder{node.node_id, job->record.spec.id, task.id});
    };
    if (task.node) tell(*task.node);
    for (const Subtask& subtask : task.subtasks) tell(subtask.node);
    step.emit(TaskErased{task.key, task.id});
    return;
  }
  const RunningTask running = *found;
  step.emit(TaskErased{task.key, task.id});
  linger(step, running.record, true);
}

void after_task(Step& step, JobSeq job) {
  settle_job(step, job);
}

void drop_lingering(Step& step, const AttemptId& id) {
  const LingeringAttempt* lingering = step.state().find_lingering(id);
  WINDLASS_ASSERT(lingering != nullptr);
  const NodeSeq node = lingering->node;
  step.emit(LingeringErased{id});
  settle_job(step, id.task.job);
  settle_node(step, node);
}

}  // namespace windlass::scheduler
