#include "scheduler/core/tasks.h"

#include "model/assert.h"
#include "model/museum.h"
#include "model/words.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/conditions.h"
#include "scheduler/core/jobs.h"
#include "scheduler/core/nodes.h"

#include <boost/container/flat_set.hpp>

#include <string>
#include <utility>

namespace windlass::scheduler {

namespace {

// The ids of one command. Clients mostly count them up: then each is looked at but once.
class IdsSeen {
 public:
  bool contains(const std::string& id) const {
    return !ids_.empty() && !(*ids_.rbegin() < id) && ids_.contains(id);
  }
  void add(std::string id) { ids_.insert(ids_.end(), std::move(id)); }

 private:
  boost::container::flat_set<std::string> ids_;
};

std::optional<Error> refuses(Step& step, const Job& job, const NewTask& task,
                             const std::string& lower_id, const IdsSeen& earlier) {
  if ((!task.depends_on_ids.empty() || !task.depends_on_ranges.empty()) &&
      !job.record.spec.uses_task_dependencies) {
    return Error{ErrorCode::task_dependencies_not_specified_on_job, {}, {}};
  }
  if (job.record.spec.on_task_failure == OnTaskFailure::noaction) {
    for (const ExitRule& rule : task.exit_rules) {
      if (!rule.job_action) continue;
      return property_error(ErrorCode::invalid_property_value, "exitConditions",
                            word(*rule.job_action),
                            "A jobAction needs a job whose onTaskFailure is "
                            "performexitoptionsjobaction.");
    }
  }
  const JobSpec& spec = job.record.spec;
  if (spec.preparation_task && lower_cased(spec.preparation_task->id) == lower_id)
    return Error{ErrorCode::task_id_same_as_job_preparation_task, {}, {}};
  if (spec.release_task && lower_cased(spec.release_task->id) == lower_id)
    return Error{ErrorCode::task_id_same_as_job_release_task, {}, {}};
  if (earlier.contains(lower_id) || step.rows.find_task(job.record.seq, lower_id)) {
    return Error{ErrorCode::task_exists, {}, {}};
  }
  return std::nullopt;
}

TaskRecord new_record(const Step& step, const Job& job, const NewTask& task, TaskSeq seq) {
  TaskRecord record;
  record.id = task.id;
  record.key = {job.record.seq, seq};
  record.version = step.next_version();
  record.creation_time = step.now.wall;
  record.state_time = step.now.wall;
  record.required_slots = task.required_slots;
  record.constraints.retries_max =
      task.retries_max.value_or(job.record.spec.constraints.task_retries_max);
  record.constraints.max_wall_clock_time = task.max_wall_clock_time.value_or(kInfinite);
  record.constraints.retention_time =
      task.retention_time.value_or(TaskConstraints{}.retention_time);
  record.exit_rules = task.exit_rules;
  record.instances = task.instances;
  return record;
}

// A task of this job shard, or the answer that says why not.
struct Found {
  std::optional<TaskRecord> task;
  Answer refusal;
};

Found find(Step& step, const std::string& account, const std::string& job_id,
           const std::string& task_id, const Conditions& conditions) {
  const Job* job = step.state().find_job(account, job_id);
  if (job == nullptr) return {std::nullopt, NotHere{}};
  if (job->record.state == JobState::deleting) {
    return {std::nullopt, Error{ErrorCode::job_being_deleted, {}, {}}};
  }
  std::optional<TaskRecord> task = find_task(step.state(), step.rows, job->record.seq, task_id);
  if (!task) return {std::nullopt, Error{ErrorCode::task_not_found, {}, {}}};
  if (std::optional<Error> refused =
          refused_by_conditions(conditions, step.state().shard(), task->version, false)) {
    return {std::nullopt, *refused};
  }
  return {std::move(task), {}};
}

}  // namespace

std::optional<TaskRecord> find_task(const State& state, Rows& rows, JobSeq job,
                                    std::string_view task_id) {
  const std::optional<TaskSeq> seq = rows.find_task(job, lower_cased(task_id));
  if (!seq) return std::nullopt;
  const TaskKey key{job, *seq};
  if (const RunningTask* running = state.find_running(key)) return running->record;
  if (std::optional<OpenTask> open = rows.open_task(key)) return std::move(open->record);
  std::optional<TaskRecord> done = rows.done_task(key);
  WINDLASS_ASSERT(done.has_value());
  return done;
}

void add_job_manager(Step& step, JobSeq seq, const NewTask& task) {
  const Job& job = *step.state().find_job(seq);
  WINDLASS_ASSERT(job.record.next_task == kJobManagerSeq);
  TasksWereAdded event{seq, {}};
  event.tasks.push_back({{new_record(step, job, task, kJobManagerSeq), {}, {}, {}}, task.document});
  step.emit(std::move(event));
}

Decision decide(Step& step, const std::string& account, AddTasks& command) {
  const Job* job = step.state().find_job(account, command.job_id);
  if (job == nullptr) return NotHere{};
  const auto closed = refuses_tasks(job->record);
  if (closed && !WINDLASS_PLANTED(refused_and_done)) return Error{*closed, {}, {}};
  const bool in_steps = WINDLASS_PLANTED(rest_forgotten) && command.tasks.size() > 1;
  if (in_steps) command.tasks.resize(command.tasks.size() / 2);
  TasksAdded answer;
  answer.outcomes.resize(command.tasks.size());
  TasksWereAdded event{job->record.seq, {}};
  event.tasks.reserve(command.tasks.size());
  IdsSeen earlier;  // of this very command: the first of equal ids wins
  TaskSeq seq = job->record.next_task;
  for (std::size_t i = 0; i < command.tasks.size(); ++i) {
    NewTask& task = command.tasks[i];
    std::string lower_id = lower_cased(task.id);
    if (std::optional<Error> refused = refuses(step, *job, task, lower_id, earlier)) {
      answer.outcomes[i].error = std::move(refused);
      continue;
    }
    if (command.tasks.size() > 1) earlier.add(std::move(lower_id));
    OpenTask open{new_record(step, *job, task, seq++), std::move(task.depends_on_ids),
                  std::move(task.affinity_id), std::move(task.depends_on_ranges)};
    answer.outcomes[i].version = open.record.version;
    event.tasks.push_back({std::move(open), std::move(task.document)});
  }
  if (!event.tasks.empty()) step.emit(std::move(event));
  if (WINDLASS_PLANTED(refused_and_done) && closed) return Error{*closed, {}, {}};
  if (in_steps) return std::nullopt;  // as if another shard were to be asked
  return answer;
}

Decision decide(Step& step, const std::string& account, const DeleteTask& command) {
  const Found found = find(step, account, command.job_id, command.task_id, command.conditions);
  if (!found.task) return found.refusal;
  const Version version = found.task->version;
  erase_task(step, *found.task);
  after_task(step, found.task->key.job);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const TerminateTask& command) {
  const Found found = find(step, account, command.job_id, command.task_id, command.conditions);
  if (!found.task) return found.refusal;
  const Job* job = step.state().find_job(account, command.job_id);
  if (const auto refused = refuses_tasks(job->record)) return Error{*refused, {}, {}};
  if (found.task->state == TaskState::completed) return Error{ErrorCode::task_completed, {}, {}};
  const Version version = step.next_version();
  end_task(step, *found.task, "The task was ended by user request");
  act_on_ended_task(step, found.task->key.job, outcome_of_ended(*found.task).job_action);
  after_task(step, found.task->key.job);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const ReactivateTask& command) {
  const Found found = find(step, account, command.job_id, command.task_id, command.conditions);
  if (!found.task) return found.refusal;
  const Job* job = step.state().find_job(account, command.job_id);
  if (const auto refused = refuses_tasks(job->record)) return Error{*refused, {}, {}};
  if (found.task->state != TaskState::completed)
    return Error{ErrorCode::task_not_completed, {}, {}};
  if (found.task->result == ExecutionResult::success) {
    return Error{ErrorCode::task_succeeded, {}, {}};
  }
  const Version version = step.next_version();
  reactivate(step, *found.task);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const ChangeTask& command) {
  const Found found = find(step, account, command.job_id, command.task_id, command.conditions);
  if (!found.task) return found.refusal;
  const Job* job = step.state().find_job(account, command.job_id);
  if (const auto refused = refuses_tasks(job->record)) return Error{*refused, {}, {}};
  TaskRecord task = *found.task;
  TaskConstraints constraints = command.constraints;
  constraints.retries_max =
      command.retries_max.value_or(job->record.spec.constraints.task_retries_max);
  if (task.state == TaskState::completed &&
      (constraints.retries_max != task.constraints.retries_max ||
       constraints.max_wall_clock_time != task.constraints.max_wall_clock_time)) {
    return Error{ErrorCode::task_completed, {}, {}};  // only its retention still matters
  }
  task.constraints = constraints;
  task.version = step.next_version();
  const Version version = task.version;
  step.emit(TaskPut{std::move(task)});
  return Done{version};
}

}  // namespace windlass::scheduler
