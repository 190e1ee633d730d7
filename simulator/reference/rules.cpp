#include "simulator/reference/rules.h"

namespace windlass::simulator {

namespace {

Verdict refused(ErrorCode code) {
  return {false, {code}};
}

const Verdict kDone{true, {}};

}  // namespace

// ---- pools ---------------------------------------------------------------------------------

Verdict PoolRules::verdict(const State& state, const Act& act) const {
  if (std::holds_alternative<AddPool>(act))
    return state.phase == absent ? kDone : refused(ErrorCode::pool_exists);
  if (state.phase == absent) return refused(ErrorCode::pool_not_found);
  if (state.phase == deleting) return refused(ErrorCode::pool_being_deleted);
  if (std::holds_alternative<ResizePool>(act) && state.allocation != AllocationState::steady)
    return refused(ErrorCode::pool_being_resized);
  if (std::holds_alternative<RemoveNodes>(act)) {
    if (state.allocation != AllocationState::steady) return refused(ErrorCode::pool_being_resized);
    return {true, {ErrorCode::node_not_found}};
  }
  if (std::holds_alternative<StopResize>(act) && state.allocation != AllocationState::resizing)
    return refused(ErrorCode::operation_invalid_for_current_state);
  const auto* patch = std::get_if<PatchPool>(&act);
  if (patch != nullptr && patch->display_name)  // only while it has no nodes
    return {true, {ErrorCode::operation_invalid_for_current_state}};
  return kDone;
}

PoolRules::State PoolRules::after(State state, const Act& act) const {
  if (const auto* add = std::get_if<AddPool>(&act)) {
    const bool sized = add->spec.target_dedicated_nodes > 0 || add->spec.target_spot_nodes > 0;
    return {active, sized ? AllocationState::resizing : AllocationState::steady, false, 0,
            add->spec};
  }
  if (std::holds_alternative<DeletePool>(act)) {
    state.phase = deleting;
    state.allocation = AllocationState::resizing;
    state.stopped = false;
  } else if (const auto* patch = std::get_if<PatchPool>(&act)) {
    if (patch->start_task) state.spec.start_task = patch->start_task;
    if (patch->metadata) state.spec.metadata = *patch->metadata;
    if (patch->target_node_communication_mode)
      state.spec.target_node_communication_mode = *patch->target_node_communication_mode;
    if (patch->display_name) state.spec.display_name = *patch->display_name;
  } else if (const auto* replace = std::get_if<ReplacePoolProperties>(&act)) {
    state.spec.start_task = replace->start_task;
    state.spec.metadata = replace->metadata;
    state.spec.target_node_communication_mode = replace->target_node_communication_mode;
  } else if (const auto* remove = std::get_if<RemoveNodes>(&act)) {
    const std::set<std::string> nodes(remove->node_ids.begin(), remove->node_ids.end());
    state.removed_max = std::min(state.removed_max + static_cast<std::int32_t>(nodes.size()),
                                 state.spec.target_dedicated_nodes + state.spec.target_spot_nodes);
    state.allocation = AllocationState::resizing;
    state.stopped = false;
  } else if (const auto* resize = std::get_if<ResizePool>(&act)) {
    state.removed_max = 0;  // a pool of the workload has nodes of one kind only
    if (resize->target_dedicated_nodes)
      state.spec.target_dedicated_nodes = *resize->target_dedicated_nodes;
    if (resize->target_spot_nodes) state.spec.target_spot_nodes = *resize->target_spot_nodes;
    state.allocation = AllocationState::resizing;
    state.stopped = false;
  } else {
    state.allocation = AllocationState::stopping;
    state.stopped = true;
  }
  return state;
}

std::vector<PoolRules::State> PoolRules::moves(const State& state, MonoTime) const {
  if (state.phase == deleting) return {State{}};
  if (state.phase == absent || state.allocation == AllocationState::steady) return {};
  State reached = state;
  reached.allocation = AllocationState::steady;
  return {reached};
}

std::optional<PoolRules::State> PoolRules::shown(const State& state, const PoolView& view) {
  const PoolRecord& record = view.record;
  const Phase phase = record.state == PoolState::active ? active : deleting;
  if (state.phase != phase || state.allocation != record.allocation_state) return std::nullopt;
  const std::int32_t fewer = state.spec.target_dedicated_nodes - record.spec.target_dedicated_nodes;
  const std::int32_t fewer_spot = state.spec.target_spot_nodes - record.spec.target_spot_nodes;
  if (fewer < 0 || fewer_spot < 0 || fewer + fewer_spot > state.removed_max) return std::nullopt;
  State known = state;
  known.removed_max = 0;
  known.spec.target_dedicated_nodes = record.spec.target_dedicated_nodes;
  known.spec.target_spot_nodes = record.spec.target_spot_nodes;
  if (!(known.spec == record.spec)) return std::nullopt;
  if (phase == active && state.allocation == AllocationState::steady) {
    const bool stopped = std::any_of(record.resize_errors.begin(), record.resize_errors.end(),
                                     [](const auto& e) { return e.code == "ResizeStopped"; });
    if (stopped != state.stopped) return std::nullopt;
  }
  return known;
}

std::string misshapen(const PoolView& view) {
  const PoolRecord& record = view.record;
  const bool steady = record.allocation_state == AllocationState::steady;
  const bool more = view.current_dedicated_nodes > record.spec.target_dedicated_nodes ||
                    view.current_spot_nodes > record.spec.target_spot_nodes;
  if (steady && record.resize_errors.empty() && more) return "has more nodes than it wants";
  if (record.allocation_state == AllocationState::resizing && !record.resize_errors.empty())
    return "has errors of a resize that goes on";
  return {};
}

// ---- nodes ---------------------------------------------------------------------------------

Verdict NodeRules::verdict(const State& state, const Act& act) const {
  // Its pool may be gone with it.
  if (!state.there) return {false, {ErrorCode::node_not_found, ErrorCode::pool_not_found}};
  constexpr ErrorCode kInvalid = ErrorCode::operation_invalid_for_current_state;
  if (const auto* restart = std::get_if<RestartNode>(&act)) {
    if (restart->restart == NodeRestart::start) return {state.phase == deallocated, {kInvalid}};
    // While it is being removed, its worker away, or it is broken.
    Verdict verdict{state.phase == ordinary,
                    {kInvalid, ErrorCode::node_not_ready, ErrorCode::node_state_unusable}};
    if (state.phase == ordinary) verdict.refused.push_back(ErrorCode::node_being_started);
    if (state.phase == rebooting) verdict.refused.push_back(ErrorCode::node_being_rebooted);
    if (state.phase == reimaging) verdict.refused.push_back(ErrorCode::node_being_reimaged);
    return verdict;
  }
  const bool disables = std::holds_alternative<DisableNodeScheduling>(act);
  const bool enabled = state.scheduling == SchedulingState::enabled;
  if (disables != enabled) return refused(ErrorCode::node_already_in_target_scheduling_state);
  return kDone;
}

NodeRules::State NodeRules::after(State state, const Act& act) const {
  if (const auto* restart = std::get_if<RestartNode>(&act)) {
    static constexpr Phase kPhases[] = {rebooting, reimaging, deallocating, ordinary};
    state.phase = kPhases[static_cast<std::size_t>(restart->restart)];
    return state;
  }
  state.scheduling = std::holds_alternative<DisableNodeScheduling>(act) ? SchedulingState::disabled
                                                                        : SchedulingState::enabled;
  return state;
}

std::vector<NodeRules::State> NodeRules::moves(const State& state, MonoTime) const {
  if (!state.there) return {};
  std::vector<State> found{State{false, state.scheduling, ordinary}};
  if (state.phase == rebooting || state.phase == reimaging)
    found.push_back({true, state.scheduling, ordinary});
  if (state.phase == deallocating) found.push_back({true, state.scheduling, deallocated});
  return found;
}

std::optional<NodeRules::State> NodeRules::shown(const State& state, const NodeRecord& record) {
  if (!state.there || state.scheduling != record.scheduling_state) return std::nullopt;
  Phase phase = ordinary;
  switch (record.state) {
    case NodeState::unknown:
    case NodeState::preempted:
    case NodeState::unusable:
    case NodeState::leavingpool:
      return state;  // whatever else it does
    case NodeState::rebooting:
      phase = rebooting;
      break;
    case NodeState::reimaging:
      phase = reimaging;
      break;
    case NodeState::deallocating:
      phase = deallocating;
      break;
    case NodeState::deallocated:
      phase = deallocated;
      break;
    default:
      break;
  }
  return state.phase == phase ? std::optional(state) : std::nullopt;
}

// ---- jobs ----------------------------------------------------------------------------------

std::optional<ErrorCode> JobRules::closed_by(Phase phase) {
  if (phase == terminating) return ErrorCode::job_being_terminated;
  if (phase == completed) return ErrorCode::job_completed;
  if (phase == deleting) return ErrorCode::job_being_deleted;
  return std::nullopt;
}

bool JobRules::is_there(const State& state) const {
  return state.phase != absent && state.phase != arriving && state.phase != leaving;
}

Verdict JobRules::verdict(const State& state, const Act& act) const {
  if (std::holds_alternative<AddJob>(act)) {
    if (state.phase == absent) return kDone;
    if (state.phase == arriving) return {true, {ErrorCode::job_exists}};
    return refused(ErrorCode::job_exists);
  }
  if (!is_there(state)) return refused(ErrorCode::job_not_found);
  if (std::holds_alternative<DeleteJob>(act))
    return state.phase == deleting ? refused(ErrorCode::job_being_deleted) : kDone;
  if (const auto closed = closed_by(state.phase)) return refused(*closed);
  if (std::holds_alternative<EnableJob>(act) && state.phase == active)
    return refused(ErrorCode::operation_invalid_for_current_state);
  if (const auto* change = std::get_if<ChangeJob>(&act)) {
    if (change->change.on_all_tasks_complete == OnAllTasksComplete::noaction &&
        state.spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob)
      return refused(ErrorCode::invalid_property_value);
    // Of an automatic pool only keepAlive changes, and nothing else becomes one.
    if (change->change.auto_pool.has_value() > state.spec.auto_pool.has_value() ||
        (change->change.pool_id && state.spec.auto_pool))
      return refused(ErrorCode::invalid_property_value);
  }
  return kDone;
}

JobRules::State JobRules::after(State state, const Act& act) const {
  if (const auto* add = std::get_if<AddJob>(&act)) return {active, add->spec, {}};
  if (std::holds_alternative<DeleteJob>(act)) {
    state.phase = deleting;
  } else if (const auto* terminate = std::get_if<TerminateJob>(&act)) {
    state.phase = terminating;
    state.terminate_reason = terminate->reason.empty() ? "UserTerminate" : terminate->reason;
  } else if (std::holds_alternative<DisableJob>(act)) {
    state.phase = disabling;
  } else if (std::holds_alternative<EnableJob>(act)) {
    state.phase = active;  // nothing has to be waited for, so nobody sees `enabling`
  } else {
    const JobChange& change = std::get<ChangeJob>(act).change;
    if (change.priority) state.spec.priority = *change.priority;
    if (change.parallel_tasks_max) state.spec.parallel_tasks_max = *change.parallel_tasks_max;
    if (change.allow_task_preemption)
      state.spec.allow_task_preemption = *change.allow_task_preemption;
    if (change.on_all_tasks_complete)
      state.spec.on_all_tasks_complete = *change.on_all_tasks_complete;
    if (change.constraints) state.spec.constraints = *change.constraints;
    if (change.pool_id) state.spec.pool_id = *change.pool_id;
    if (change.auto_pool) state.spec.auto_pool->keep_alive = change.auto_pool->keep_alive;
    if (change.metadata) state.spec.metadata = *change.metadata;
  }
  return state;
}

std::vector<JobRules::State> JobRules::halves(const State& state, const Act& act) const {
  if (state.phase != absent || !std::holds_alternative<AddJob>(act)) return {};
  return {State{arriving, {}, {}}};
}

std::vector<JobRules::State> JobRules::moves(const State& state, MonoTime) const {
  std::vector<State> found;
  const auto move = [&](Phase phase, const std::string& reason) {
    found.push_back({phase, state.spec, reason});
  };
  const bool open = state.phase == active || state.phase == disabling || state.phase == disabled;
  if (open && state.spec.constraints.max_wall_clock_time != kInfinite)
    move(terminating, "MaxWallClockTimeExpiry");
  if (open && state.spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob)
    move(terminating, "AllTasksComplete");
  if (open && state.spec.manager_task && state.spec.manager_task->kill_job_on_completion)
    move(terminating, "JMComplete");
  if (open && state.spec.on_task_failure == OnTaskFailure::performexitoptionsjobaction) {
    move(terminating, "TaskFailed");
    if (state.phase == active) move(disabling, {});
  }
  if (state.phase == disabling) move(disabled, {});
  if (state.phase == terminating) move(completed, state.terminate_reason);
  if (state.phase == deleting) found.push_back({leaving, {}, {}});
  if (state.phase == leaving) found.push_back({absent, {}, {}});
  return found;
}

std::optional<JobRules::State> JobRules::shown(const State& state, const JobRecord& record) {
  static constexpr Phase kPhases[] = {active,      disabling, disabled, active,
                                      terminating, completed, deleting};
  if (state.phase != kPhases[static_cast<std::size_t>(record.state)]) return std::nullopt;
  State known = state;
  // The service chooses the pool's id, once.
  if (known.spec.auto_pool && known.spec.pool_id.empty()) known.spec.pool_id = record.spec.pool_id;
  if (!(known.spec == record.spec)) return std::nullopt;
  if (known.terminate_reason != record.terminate_reason) return std::nullopt;
  return known;
}

std::string misshapen(const JobRecord& record) {
  const bool completed = record.state == JobState::completed;
  if (completed && !record.end_time) return "is completed and has no end time";
  if (!completed && record.state != JobState::deleting && record.end_time)
    return "is not completed and has an end time";
  if (record.spec.auto_pool && record.spec.pool_id.empty()) return "has no automatic pool";
  if (record.state == JobState::active && !record.previous_state && record.disable_tasks)
    return "was never disabled and has a way of being disabled";
  if (record.previous_state.has_value() != record.previous_state_time.has_value())
    return "has half of a previous state";
  const TaskCounts& counts = record.counts;
  for (const StateCounts& of : {counts.tasks, counts.slots}) {
    if (of.active < 0 || of.running < 0 || of.succeeded < 0 || of.failed < 0)
      return "counts fewer than none";
  }
  // Each task that has ended was booked when it ended; tasks that are gone or run again stay
  // booked.
  const auto booked = [](std::uint64_t book, std::int64_t count) {
    return book >= static_cast<std::uint64_t>(count);
  };
  if (!booked(record.usage.tasks_succeeded, counts.tasks.succeeded) ||
      !booked(record.usage.tasks_failed, counts.tasks.failed))
    return "has booked fewer ends of tasks than it counts";
  if (record.usage.wall_clock_time < Duration{} || record.usage.wait_time < Duration{})
    return "has used less than no time";
  return {};
}

// ---- job schedules -------------------------------------------------------------------------

Verdict JobScheduleRules::verdict(const State& state, const Act& act) const {
  if (std::holds_alternative<AddJobSchedule>(act))
    return state.phase == absent ? kDone : refused(ErrorCode::job_schedule_exists);
  if (state.phase == absent) return refused(ErrorCode::job_schedule_not_found);
  if (state.phase == deleting) return refused(ErrorCode::job_schedule_being_deleted);
  if (std::holds_alternative<DeleteJobSchedule>(act)) return kDone;
  if (state.phase == completed) return refused(ErrorCode::job_schedule_completed);
  if (state.phase == terminating) return refused(ErrorCode::job_schedule_being_terminated);
  if (std::holds_alternative<DisableJobSchedule>(act) && state.phase == disabled)
    return refused(ErrorCode::job_schedule_disabled);
  if (std::holds_alternative<EnableJobSchedule>(act) && state.phase == active)
    return refused(ErrorCode::operation_invalid_for_current_state);
  return kDone;
}

JobScheduleRules::State JobScheduleRules::after(State state, const Act& act) const {
  if (const auto* add = std::get_if<AddJobSchedule>(&act)) return {active, add->spec};
  if (std::holds_alternative<DeleteJobSchedule>(act)) {
    state.phase = deleting;
  } else if (std::holds_alternative<TerminateJobSchedule>(act)) {
    state.phase = terminating;
  } else if (std::holds_alternative<DisableJobSchedule>(act)) {
    state.phase = disabled;
  } else if (std::holds_alternative<EnableJobSchedule>(act)) {
    state.phase = active;
  } else {
    const ChangeJobSchedule& change = std::get<ChangeJobSchedule>(act);
    if (change.schedule) state.spec.schedule = *change.schedule;
    if (change.job) state.spec.job = *change.job;
    if (change.metadata) state.spec.metadata = *change.metadata;
  }
  return state;
}

std::vector<JobScheduleRules::State> JobScheduleRules::moves(const State& state, MonoTime) const {
  if (state.phase == absent) return {};
  std::vector<State> found{state};  // with another job, or without one
  const Schedule& schedule = state.spec.schedule;
  const bool may_be_over = !schedule.recurrence_interval || schedule.do_not_run_after;
  if ((state.phase == active && may_be_over) || state.phase == terminating)
    found.push_back({completed, state.spec});
  if (state.phase == deleting) found.push_back({});
  return found;
}

std::optional<JobScheduleRules::State> JobScheduleRules::shown(const State& state,
                                                               const JobScheduleRecord& record) {
  static constexpr Phase kPhases[] = {active, completed, disabled, terminating, deleting};
  if (state.phase != kPhases[static_cast<std::size_t>(record.state)]) return std::nullopt;
  if (!(state.spec == record.spec)) return std::nullopt;
  return state;
}

std::string misshapen(const JobScheduleRecord& record) {
  const bool completed = record.state == JobScheduleState::completed;
  if (completed && (!record.end_time || record.job_active))
    return "is completed and has no end time, or a job";
  if (!completed && record.state != JobScheduleState::deleting && record.end_time)
    return "is not completed and has an end time";
  const bool goes_on =
      record.state == JobScheduleState::active || record.state == JobScheduleState::disabled;
  if (!goes_on && record.next_run) return "will run again and is at its end";
  if (record.job_active && record.jobs_made == 0) return "has a job and made none";
  if ((record.jobs_made > 0) != record.last_run.has_value()) return "has made jobs for no time";
  if (record.next_run && record.last_run && *record.next_run <= *record.last_run)
    return "will run for a time for which it has run";
  return {};
}

// ---- certificates --------------------------------------------------------------------------

Verdict CertificateRules::verdict(const State& state, const Act& act) const {
  if (std::holds_alternative<AddCertificate>(act))
    return state.there ? refused(ErrorCode::certificate_exists) : kDone;
  if (!state.there) return refused(ErrorCode::certificate_not_found);
  if (std::holds_alternative<DeleteCertificate>(act)) return kDone;
  return refused(ErrorCode::certificate_state_active);
}

CertificateRules::State CertificateRules::after(State, const Act& act) const {
  if (const auto* add = std::get_if<AddCertificate>(&act))
    return {true, add->thumbprint, add->public_data};
  return {};
}

std::optional<CertificateRules::State> CertificateRules::shown(const State& state,
                                                               const CertificateRecord& record) {
  const bool same = state.there && state.thumbprint == record.thumbprint &&
                    state.public_data == record.public_data;
  return same ? std::optional(state) : std::nullopt;
}

// ---- tasks ---------------------------------------------------------------------------------

Verdict TaskRules::verdict(const State& state, const Act& act) const {
  if (std::holds_alternative<Add>(act))
    return state.phase == absent ? kDone : refused(ErrorCode::task_exists);
  if (state.phase == absent) return refused(ErrorCode::task_not_found);
  const bool ended = state.phase == succeeded || state.phase == failed;
  if (std::holds_alternative<TerminateTask>(act))
    return ended ? refused(ErrorCode::task_completed) : kDone;
  if (std::holds_alternative<ReactivateTask>(act)) {
    if (!ended) return refused(ErrorCode::task_not_completed);
    return state.phase == succeeded ? refused(ErrorCode::task_succeeded) : kDone;
  }
  const auto* change = std::get_if<ChangeTask>(&act);
  if (change == nullptr || !ended) return kDone;
  // Only its retention still matters.
  if (change->constraints.max_wall_clock_time != state.constraints.max_wall_clock_time)
    return refused(ErrorCode::task_completed);
  if (!change->retries_max || !state.retries_max) return {true, {ErrorCode::task_completed}};
  return *change->retries_max == *state.retries_max ? kDone : refused(ErrorCode::task_completed);
}

TaskRules::State TaskRules::after(State state, const Act& act) const {
  if (const auto* add = std::get_if<Add>(&act)) {
    State added{active, add->task, add->work, add->task.retries_max, {}};
    added.constraints.max_wall_clock_time = add->task.max_wall_clock_time.value_or(kInfinite);
    if (add->task.retention_time) added.constraints.retention_time = *add->task.retention_time;
    return added;
  }
  if (std::holds_alternative<DeleteTask>(act)) return {};
  if (std::holds_alternative<TerminateTask>(act)) {
    state.phase = failed;
  } else if (std::holds_alternative<ReactivateTask>(act)) {
    state.phase = active;
  } else {
    const ChangeTask& change = std::get<ChangeTask>(act);
    state.constraints = change.constraints;
    state.constraints.retries_max = 0;
    state.retries_max = change.retries_max;
  }
  return state;
}

std::vector<TaskRules::State> TaskRules::moves(const State& state, MonoTime until) const {
  std::vector<State> found;
  const auto move = [&](Phase phase) {
    found.push_back(state);
    found.back().phase = phase;
  };
  if (state.phase == active) move(running);
  // It will never start, which its job wants to be told.
  const bool waits =
      !state.wanted.depends_on_ids.empty() || !state.wanted.depends_on_ranges.empty();
  if (state.phase == active && waits) move(failed);
  if (state.phase == running) {
    move(active);  // retried, or requeued
    move(failed);  // also by what ends its job or its node
    if (state.work.may_succeed) move(succeeded);
  }
  if (state.phase != absent && until > job_deletable_from) found.push_back({});
  return found;
}

std::optional<TaskRules::State> TaskRules::shown(const State& state, const TaskView& view,
                                                 const std::set<std::int32_t>& job_retries) {
  const TaskRecord& record = view.record;
  Phase phase = active;
  if (record.state == TaskState::running || record.state == TaskState::preparing) phase = running;
  if (record.state == TaskState::completed)
    phase = record.result == ExecutionResult::success ? succeeded : failed;
  if (state.phase != phase) return std::nullopt;
  const std::int32_t retries = record.constraints.retries_max;
  if (state.retries_max ? *state.retries_max != retries : !job_retries.contains(retries))
    return std::nullopt;
  TaskConstraints constraints = record.constraints;
  constraints.retries_max = state.constraints.retries_max;
  if (!(constraints == state.constraints)) return std::nullopt;
  if (record.required_slots != state.wanted.required_slots) return std::nullopt;
  if (record.instances != state.wanted.instances) return std::nullopt;
  if (view.document != state.wanted.document) return std::nullopt;  // always asked for
  const bool by_exit = record.failure && record.failure->code == "FailureExitCode";
  if (by_exit && !state.work.may_fail) return std::nullopt;
  State known = state;
  known.retries_max = retries;
  return known;
}

std::string misshapen(const TaskRecord& record) {
  const bool completed = record.state == TaskState::completed;
  const bool success = record.result == ExecutionResult::success;
  if (completed != record.result.has_value())
    return "has a result if and only if it is not completed";
  if (completed != record.end_time.has_value()) return "has an end time and no end, or the reverse";
  if (completed && success == record.failure.has_value()) return "succeeded and failed";
  if (!completed && (record.exit_code || record.failure)) return "has an exit without an end";
  if (completed && success && record.exit_code != 0) return "succeeded with another exit code";
  if (record.state == TaskState::active && (record.start_time || record.node))
    return "is active and has begun";
  if (record.state == TaskState::running && (!record.start_time || !record.node))
    return "runs and has not begun";
  if (record.failure && record.failure->code == "FailureExitCode") {
    if (!record.exit_code || *record.exit_code == 0) return "failed by an exit code that is none";
    const std::int32_t retries_max = record.constraints.retries_max;
    if (retries_max < 0 || record.retry_count < retries_max) return "failed with retries left";
  }
  if (record.state == TaskState::active && (record.coordinated || !record.subtasks.empty()))
    return "is active and has subtasks";
  const bool placed = record.state == TaskState::preparing || record.state == TaskState::running;
  if (placed && record.instances > 0 &&
      record.subtasks.size() + 1 != static_cast<std::size_t>(record.instances))
    return "runs without some of its instances";
  if (record.instances == 0 && !record.subtasks.empty()) return "has subtasks and is alone";
  for (const Subtask& subtask : record.subtasks) {
    const bool over = subtask.state == SubtaskState::completed;
    if (completed && !over) return "is completed, and a subtask is not";
    if (over != subtask.result.has_value() || over != subtask.end_time.has_value())
      return "has a subtask with a result or an end and no end, or the reverse";
    const bool well = subtask.result == ExecutionResult::success;
    if (over && well == subtask.failure.has_value()) return "has a subtask that failed and not";
    if (completed && success && !well) return "succeeded, and a subtask did not";
  }
  if (record.failure && record.failure->code == "CoordinationCommandFailed") {
    if (record.exit_code) return "ended before its command began, and has an exit code";
    const std::int32_t retries_max = record.constraints.retries_max;
    if (retries_max < 0 || record.retry_count < retries_max) return "failed with retries left";
  }
  if (record.retry_count < 0 || record.requeue_count < 0) return "counts fewer than none";
  if ((record.retry_count > 0) != record.last_retry_time.has_value())
    return "has a retry without a time, or the reverse";
  if ((record.requeue_count > 0) != record.last_requeue_time.has_value())
    return "has a requeue without a time, or the reverse";
  if (record.previous_state.has_value() != record.previous_state_time.has_value())
    return "has half of a previous state";
  return {};
}

}  // namespace windlass::simulator
