#include "scheduler/core/jobs.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/auto_pools.h"
#include "scheduler/core/conditions.h"
#include "scheduler/core/dependents.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/reservations.h"

#include <vector>

namespace windlass::scheduler {

namespace {

void enter(JobRecord& job, JobState state, WallTime at) {
  job.previous_state = job.state;
  job.previous_state_time = job.state_time;
  job.state = state;
  job.state_time = at;
}

Version put(Step& step, JobRecord job) {
  job.version = step.next_version();
  const Version version = job.version;
  step.emit(JobPut{std::move(job)});
  return version;
}

// The job, or why the command on it is refused before its own rules are asked.
struct Found {
  const Job* job = nullptr;
  Answer refusal;
};

Found find(Step& step, const std::string& account, const std::string& id,
           const Conditions& conditions) {
  const Job* job = step.state().find_job(account, id);
  if (job == nullptr) return {nullptr, NotHere{}};
  if (std::optional<Error> refused =
          refused_by_conditions(conditions, step.state().shard(), job->record.version, false)) {
    return {nullptr, *refused};
  }
  return {job, {}};
}

std::optional<ErrorCode> refuses_change(JobState state) {
  switch (state) {
    case JobState::completed:
      return ErrorCode::job_completed;
    case JobState::terminating:
      return ErrorCode::job_being_terminated;
    case JobState::deleting:
      return ErrorCode::job_being_deleted;
    default:
      return std::nullopt;
  }
}

std::vector<RunningTask> running_tasks(const State& state, const Job& job) {
  std::vector<RunningTask> tasks;
  for (const TaskSeq task : job.running) {
    tasks.push_back(*state.find_running({job.record.seq, task}));
  }
  return tasks;
}

// Those of a job of the same id before it, whose end was forced, do not count.
bool job_lingers(const State& state, const Job& job) {
  const auto first = state.lingering.lower_bound({state.shard(), {job.record.seq, 0}, 0});
  return first != state.lingering.end() && first->first.task.job == job.record.seq;
}

Version terminate(Step& step, const Job& job, const std::string& reason, bool force = false) {
  const JobSeq seq = job.record.seq;
  JobRecord record = job.record;
  enter(record, JobState::terminating, step.now.wall);
  record.terminate_reason = reason;
  record.forced = force;
  record.disable_tasks.reset();
  const Version version = put(step, std::move(record));
  for (const RunningTask& running : running_tasks(step.state(), *step.state().find_job(seq))) {
    end_task(step, running.record, "The job of the task was terminated");
  }
  end_preparations(step, seq);
  settle_job(step, seq);
  return version;
}

Version erase(Step& step, const Job& job, bool force = false) {
  const JobSeq seq = job.record.seq;
  JobRecord record = job.record;
  enter(record, JobState::deleting, step.now.wall);
  record.forced = force;
  const Version version = put(step, std::move(record));
  for (const RunningTask& running : running_tasks(step.state(), *step.state().find_job(seq))) {
    erase_task(step, running.record);
  }
  end_preparations(step, seq);
  return version;
}

Version disable(Step& step, const Job& job, DisableTasks tasks) {
  const JobSeq seq = job.record.seq;
  JobRecord record = job.record;
  if (record.state != JobState::disabling) enter(record, JobState::disabling, step.now.wall);
  record.disable_tasks = tasks;
  const Version version = put(step, std::move(record));
  for (const RunningTask& running : running_tasks(step.state(), *step.state().find_job(seq))) {
    if (tasks == DisableTasks::requeue) requeue_running(step, running, true);
    if (tasks == DisableTasks::terminate) {
      end_task(step, running.record, "The job of the task was disabled");
    }
  }
  settle_job(step, seq);
  return version;
}

bool all_tasks_complete(const JobRecord& job) {
  return job.counts.tasks.active == 0 && job.counts.tasks.running == 0;
}

bool ends_with_its_manager(const Job& job) {
  return job.manager_completed && job.record.spec.manager_task &&
         job.record.spec.manager_task->kill_job_on_completion;
}

bool is_empty(const JobRecord& job) {
  return job.next_task == 1;
}

Version applied(Step& step, const Job& job, const JobChange& change) {
  JobRecord record = job.record;
  if (change.priority) record.spec.priority = *change.priority;
  if (change.parallel_tasks_max) record.spec.parallel_tasks_max = *change.parallel_tasks_max;
  if (change.allow_task_preemption)
    record.spec.allow_task_preemption = *change.allow_task_preemption;
  if (change.on_all_tasks_complete) {
    record.spec.on_all_tasks_complete = *change.on_all_tasks_complete;
  }
  if (change.constraints) record.spec.constraints = *change.constraints;
  if (change.pool_id) record.spec.pool_id = *change.pool_id;
  if (change.auto_pool) record.spec.auto_pool->keep_alive = change.auto_pool->keep_alive;
  if (change.metadata) record.spec.metadata = *change.metadata;
  return put(step, std::move(record));
}

}  // namespace

// A forced end does not wait for tasks that are still being ended on nodes.
bool is_over(const State& state, const Job& job) {
  const bool ended = job.record.forced || !job_lingers(state, job);
  return job.running.empty() && ended && !awaits_node_tasks(job);
}

std::optional<ErrorCode> refuses_tasks(const JobRecord& job) {
  return refuses_change(job.state);
}

Decision decide(Step& step, const std::string& account, const DeleteJob& command) {
  const Found found = find(step, account, command.job_id, command.conditions);
  if (found.job == nullptr) return found.refusal;
  if (found.job->record.state == JobState::deleting) return Error{ErrorCode::job_being_deleted};
  return Done{erase(step, *found.job, command.force)};
}

Decision decide(Step& step, const std::string& account, const TerminateJob& command) {
  const Found found = find(step, account, command.job_id, command.conditions);
  if (found.job == nullptr) return found.refusal;
  if (const auto refused = refuses_change(found.job->record.state)) return Error{*refused};
  return Done{terminate(step, *found.job, command.reason.empty() ? "UserTerminate" : command.reason,
                        command.force)};
}

Decision decide(Step& step, const std::string& account, const DisableJob& command) {
  const Found found = find(step, account, command.job_id, command.conditions);
  if (found.job == nullptr) return found.refusal;
  const auto refused = refuses_change(found.job->record.state);
  if (refused && !WINDLASS_PLANTED(ended_job_disabled)) return Error{*refused};
  if (found.job->record.state == JobState::enabling) {
    return Error{ErrorCode::operation_invalid_for_current_state};
  }
  return Done{disable(step, *found.job, command.disable_tasks)};
}

Decision decide(Step& step, const std::string& account, const EnableJob& command) {
  const Found found = find(step, account, command.job_id, command.conditions);
  if (found.job == nullptr) return found.refusal;
  JobRecord record = found.job->record;
  if (const auto refused = refuses_change(record.state)) return Error{*refused};
  if (record.state != JobState::disabled && record.state != JobState::disabling) {
    return Error{ErrorCode::operation_invalid_for_current_state};
  }
  // Nothing has to be waited for, so `enabling` is passed in the same commit.
  enter(record, JobState::enabling, step.now.wall);
  enter(record, JobState::active, step.now.wall);
  record.disable_tasks.reset();
  const JobSeq seq = record.seq;
  const Version version = put(step, std::move(record));
  settle_job(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const ChangeJob& command) {
  const Found found = find(step, account, command.job_id, command.conditions);
  if (found.job == nullptr) return found.refusal;
  const JobRecord& record = found.job->record;
  const JobChange& change = command.change;
  if (const auto refused = refuses_change(record.state)) return Error{*refused};
  if (change.on_all_tasks_complete == OnAllTasksComplete::noaction &&
      record.spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob) {
    return property_error(ErrorCode::invalid_property_value, "onAllTasksComplete", "noaction",
                          "onAllTasksComplete cannot be changed back from terminatejob.");
  }
  if (auto refused = refuses_pool_change(record.spec, change)) return std::move(*refused);
  const bool moves =
      change.pool_id && lower_cased(*change.pool_id) != lower_cased(record.spec.pool_id);
  if (moves && record.state != JobState::disabled) {
    Error error{ErrorCode::operation_invalid_for_current_state,
                "The pool of a job can only be changed while the job is disabled.",
                {}};
    return error;
  }
  if (moves &&
      shard_of(account, *change.pool_id, step.state().shards_total()) != step.state().shard()) {
    return not_implemented("Moving a job to a pool of another shard");
  }
  const bool now_terminates = change.on_all_tasks_complete == OnAllTasksComplete::terminatejob &&
                              record.spec.on_all_tasks_complete == OnAllTasksComplete::noaction;
  const JobSeq seq = record.seq;
  const Version version = applied(step, *found.job, change);
  const Job* job = step.state().find_job(seq);
  if (now_terminates && job->record.state == JobState::active && is_empty(job->record)) {
    terminate(step, *job, "AllTasksComplete");  // no grace: it was asked for now
  } else {
    settle_job(step, seq);
  }
  check_job_clock(step, seq);
  return Done{version};
}

void terminate_job(Step& step, JobSeq seq, const std::string& reason, bool force) {
  const Job* job = step.state().find_job(seq);
  if (job != nullptr && !refuses_change(job->record.state)) terminate(step, *job, reason, force);
}

void delete_job(Step& step, JobSeq seq, bool force) {
  const Job* job = step.state().find_job(seq);
  if (job != nullptr && job->record.state != JobState::deleting) erase(step, *job, force);
}

void act_on_ended_task(Step& step, JobSeq seq, JobAction action) {
  if (action == JobAction::none || WINDLASS_PLANTED(exit_action_forgotten)) return;
  const Job* job = step.state().find_job(seq);
  if (job == nullptr || refuses_change(job->record.state)) return;
  if (ends_with_its_manager(*job)) return;  // see settle_job
  if (job->record.spec.on_task_failure == OnTaskFailure::noaction) return;
  if (action == JobAction::terminate) {
    terminate(step, *job, "TaskFailed");
  } else if (job->record.state == JobState::active) {
    disable(step, *job, DisableTasks::requeue);
  }
}

void settle_job(Step& step, JobSeq seq) {
  const Job* job = step.state().find_job(seq);
  if (job == nullptr) return;
  const JobRecord& record = job->record;
  if (ends_with_its_manager(*job) && !refuses_change(record.state)) {
    terminate(step, *job, "JMComplete");
    return;
  }
  switch (record.state) {
    case JobState::active:
      if (record.spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob &&
          all_tasks_complete(record) && !is_empty(record)) {
        terminate(step, *job, "AllTasksComplete");
      }
      break;
    case JobState::disabling:
      if (job->running.empty() && !job_lingers(step.state(), *job)) {
        JobRecord next = record;
        enter(next, JobState::disabled, step.now.wall);
        put(step, std::move(next));
      }
      break;
    case JobState::terminating:
      if (is_over(step.state(), *job)) {
        JobRecord next = record;
        enter(next, JobState::completed, step.now.wall);
        next.end_time = step.now.wall;
        put(step, next);
        release_auto_pool(step, next, step.settings.auto_pool_grace);
        report_job_end(step, next);
      }
      break;
    default:
      break;
  }
}

std::optional<WallTime> job_deadline(const Settings& settings, const JobRecord& job) {
  if (refuses_change(job.state)) return std::nullopt;
  std::optional<WallTime> at;
  if (job.spec.constraints.max_wall_clock_time != kInfinite) {
    at = job.creation_time + job.spec.constraints.max_wall_clock_time;
  }
  if (job.state == JobState::active && is_empty(job) &&
      job.spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob) {
    const WallTime grace = job.creation_time + settings.empty_job_grace;
    if (!at || grace < *at) at = grace;
  }
  return at;
}

void check_job_clock(Step& step, JobSeq seq) {
  const Job* job = step.state().find_job(seq);
  if (job == nullptr) return;
  const std::optional<WallTime> at = job_deadline(step.settings, job->record);
  if (!at || step.now.wall < *at) return;
  const JobConstraints& constraints = job->record.spec.constraints;
  const bool by_clock =
      constraints.max_wall_clock_time != kInfinite &&
      step.now.wall >= job->record.creation_time + constraints.max_wall_clock_time;
  terminate(step, *job, by_clock ? "MaxWallClockTimeExpiry" : "AllTasksComplete");
}

void fail_some_blocked(Step& step, JobSeq seq) {
  for (std::size_t failed = 0; failed < step.settings.blocked_tasks_per_batch_max; ++failed) {
    if (!step.state().jobs_blocked.contains(seq)) return;
    const Job* job = step.state().find_job(seq);
    const TaskSeq task = *job->dependencies.blocked().begin();
    const std::optional<OpenTask> open = step.rows.open_task({seq, task});
    WINDLASS_ASSERT(open.has_value());
    const std::string parent = blocking_parent(step.rows, *job, task);
    fail_blocked_task(step, open->record, parent);
    act_on_ended_task(step, seq, outcome_of_ended(open->record).job_action);
    settle_job(step, seq);
  }
}

bool erase_some(Step& step, JobSeq seq) {
  const Job* job = step.state().find_job(seq);
  WINDLASS_ASSERT(job != nullptr);
  WINDLASS_ASSERT(job->record.state == JobState::deleting);
  if (!is_over(step.state(), *job)) return false;
  if (step.rows.erase_tasks(seq, step.settings.erased_rows_per_batch_max)) return true;
  const JobRecord record = job->record;
  if (const Pool* pool = step.state().find_pool(record.account, record.spec.pool_id)) {
    for (const auto& [id, node_seq] : pool->nodes) {
      const Node* node = step.state().find_node(node_seq);
      step.tell_worker(node->record.worker, DeleteTaskFolder{node->record.id, record.spec.id, ""});
    }
  }
  step.emit(JobErased{seq});
  release_auto_pool(step, record, Duration{});
  release_reservation(step, record);
  return false;
}

}  // namespace windlass::scheduler
