#include "scheduler/core/job_schedules.h"

#include "model/assert.h"
#include "scheduler/core/auto_pools.h"
#include "scheduler/core/conditions.h"
#include "scheduler/core/recurrences.h"
#include "scheduler/core/reservations.h"

#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace windlass::scheduler {

namespace {

void enter(JobScheduleRecord& schedule, JobScheduleState state, WallTime at) {
  schedule.previous_state = schedule.state;
  schedule.previous_state_time = schedule.state_time;
  schedule.state = state;
  schedule.state_time = at;
}

Version put(Step& step, JobScheduleRecord schedule) {
  schedule.version = step.next_version();
  const Version version = schedule.version;
  step.emit(JobSchedulePut{std::move(schedule)});
  return version;
}

// The schedule, or why the command on it is refused before its own rules are asked.
struct Found {
  const JobScheduleRecord* schedule = nullptr;
  Error refusal;
};

Found find(Step& step, const std::string& account, const std::string& id,
           const Conditions& conditions) {
  const JobScheduleRecord* schedule = step.state().find_job_schedule(account, id);
  if (schedule == nullptr) return {nullptr, {ErrorCode::job_schedule_not_found, {}, {}}};
  if (std::optional<Error> refused =
          refused_by_conditions(conditions, step.state().shard(), schedule->version, false)) {
    return {nullptr, *refused};
  }
  return {schedule, {}};
}

std::optional<ErrorCode> refuses_change(JobScheduleState state) {
  switch (state) {
    case JobScheduleState::completed:
      return ErrorCode::job_schedule_completed;
    case JobScheduleState::terminating:
      return ErrorCode::job_schedule_being_terminated;
    case JobScheduleState::deleting:
      return ErrorCode::job_schedule_being_deleted;
    default:
      return std::nullopt;
  }
}

std::string newest_job(const JobScheduleRecord& schedule) {
  return job_of_schedule(schedule.spec.id, schedule.jobs_made);
}

bool shares_pool(const JobSpec& job) {
  return job.auto_pool && job.auto_pool->lifetime == PoolLifetime::jobschedule;
}

// The pool that the jobs shared is needed no more.
void give_up_pool(Step& step, JobScheduleRecord& schedule, Duration grace) {
  if (schedule.pool_id.empty()) return;
  release_pool(step, schedule.account, std::exchange(schedule.pool_id, {}), grace);
  schedule.pool_outdated = false;
}

// Whether the jobs from now on want another pool than the one that those before share.
bool wants_other_pool(const JobSpec& before, const JobSpec& now) {
  WINDLASS_ASSERT(shares_pool(before));
  if (!shares_pool(now)) return true;
  return before.auto_pool->id_prefix != now.auto_pool->id_prefix ||
         before.auto_pool->pool != now.auto_pool->pool;
}

void change_job(Step& step, JobScheduleRecord& schedule, const JobSpec& job) {
  const JobSpec before = std::exchange(schedule.spec.job, job);
  if (schedule.pool_id.empty() || schedule.pool_outdated) return;  // it goes whatever comes now
  if (!wants_other_pool(before, job)) return;
  if (before.auto_pool->keep_alive) {
    schedule.pool_id.clear();  // kept, and nobody's any more
  } else if (schedule.job_active) {
    schedule.pool_outdated = true;
  } else {
    give_up_pool(step, schedule, step.settings.auto_pool_grace);
  }
}

// One that the user has deleted is made anew.
std::string shared_pool(Step& step, const JobScheduleRecord& schedule) {
  const Pool* pool = step.state().find_pool(schedule.account, schedule.pool_id);
  if (pool != nullptr && pool->record.state == PoolState::active) return schedule.pool_id;
  return make_auto_pool(step, schedule.account, *schedule.spec.job.auto_pool);
}

void make_next_job(Step& step, JobScheduleRecord schedule, WallTime recurrence) {
  WINDLASS_ASSERT(!schedule.job_active);
  schedule.last_run = recurrence;
  do {
    schedule.jobs_made += 1;
  } while (step.state().find_reservation(schedule.account, newest_job(schedule)) != nullptr);
  schedule.job_active = true;
  pass_recurrence(schedule);
  JobSpec job = schedule.spec.job;
  job.id = newest_job(schedule);
  if (shares_pool(job)) job.pool_id = schedule.pool_id = shared_pool(step, schedule);
  const std::string account = schedule.account;
  put(step, std::move(schedule));
  reserve_job(step, {}, account, std::move(job));
}

// The reservations of the schedule's jobs, which stand beside each other: {schedule}:job-{n}.
using Reservations = std::map<EntityKey, Reservation>;
struct OfSchedule {
  Reservations::const_iterator first;
  Reservations::const_iterator last;
};
OfSchedule jobs_of(const State& state, const JobScheduleRecord& schedule) {
  const std::string& id = schedule.spec.id;
  return {state.reservations.lower_bound(entity_key(schedule.account, id + ":")),
          state.reservations.lower_bound(entity_key(schedule.account, id + ";"))};
}

void complete(Step& step, JobScheduleRecord schedule) {
  enter(schedule, JobScheduleState::completed, step.now.wall);
  schedule.end_time = step.now.wall;
  schedule.next_run.reset();
  if (shares_pool(schedule.spec.job) && !schedule.spec.job.auto_pool->keep_alive) {
    give_up_pool(step, schedule, step.settings.auto_pool_grace);
  }
  put(step, std::move(schedule));
}

// The active job ends first.
void terminate_on(Step& step, JobScheduleRecord schedule) {
  if (!schedule.job_active) {
    complete(step, std::move(schedule));
  } else if (!schedule.job_told) {
    schedule.job_told = true;
    const std::string account = schedule.account;
    const std::string job = newest_job(schedule);
    const bool force = schedule.forced;
    put(step, std::move(schedule));
    end_reserved_job(step, account, job, false, force);
  }
}

}  // namespace

Decision decide(Step& step, const std::string& account, const AddJobSchedule& command) {
  const State& state = step.state();
  if (state.find_job_schedule(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::job_schedule_exists, {}, {}};
  }
  if (state.find_reservation(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::job_with_same_id_exists, {}, {}};
  }
  JobScheduleRecord schedule;
  schedule.account = account;
  schedule.seq = state.counters.job_schedules + 1;
  schedule.spec = command.spec;
  schedule.creation_time = step.now.wall;
  schedule.state_time = step.now.wall;
  schedule.next_run = first_recurrence(schedule);
  const JobScheduleSeq seq = schedule.seq;
  const Version version = put(step, std::move(schedule));
  settle_job_schedule(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const DeleteJobSchedule& command) {
  const Found found = find(step, account, command.schedule_id, command.conditions);
  if (found.schedule == nullptr) return found.refusal;
  JobScheduleRecord schedule = *found.schedule;
  if (schedule.state == JobScheduleState::deleting) {
    return Error{ErrorCode::job_schedule_being_deleted, {}, {}};
  }
  enter(schedule, JobScheduleState::deleting, step.now.wall);
  schedule.forced = command.force;
  schedule.next_run.reset();
  return Done{put(step, std::move(schedule))};
}

Decision decide(Step& step, const std::string& account, const TerminateJobSchedule& command) {
  const Found found = find(step, account, command.schedule_id, command.conditions);
  if (found.schedule == nullptr) return found.refusal;
  JobScheduleRecord schedule = *found.schedule;
  if (const auto refused = refuses_change(schedule.state)) return Error{*refused, {}, {}};
  enter(schedule, JobScheduleState::terminating, step.now.wall);
  schedule.forced = command.force;
  schedule.next_run.reset();
  const JobScheduleSeq seq = schedule.seq;
  const Version version = put(step, std::move(schedule));
  settle_job_schedule(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const DisableJobSchedule& command) {
  const Found found = find(step, account, command.schedule_id, command.conditions);
  if (found.schedule == nullptr) return found.refusal;
  JobScheduleRecord schedule = *found.schedule;
  if (const auto refused = refuses_change(schedule.state)) return Error{*refused, {}, {}};
  if (schedule.state == JobScheduleState::disabled) {
    return Error{ErrorCode::job_schedule_disabled, {}, {}};
  }
  enter(schedule, JobScheduleState::disabled, step.now.wall);
  return Done{put(step, std::move(schedule))};
}

Decision decide(Step& step, const std::string& account, const EnableJobSchedule& command) {
  const Found found = find(step, account, command.schedule_id, command.conditions);
  if (found.schedule == nullptr) return found.refusal;
  JobScheduleRecord schedule = *found.schedule;
  if (const auto refused = refuses_change(schedule.state)) return Error{*refused, {}, {}};
  if (schedule.state != JobScheduleState::disabled) {
    return Error{ErrorCode::operation_invalid_for_current_state, {}, {}};
  }
  enter(schedule, JobScheduleState::active, step.now.wall);
  const JobScheduleSeq seq = schedule.seq;
  const Version version = put(step, std::move(schedule));
  settle_job_schedule(step, seq);
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const ChangeJobSchedule& command) {
  const Found found = find(step, account, command.schedule_id, command.conditions);
  if (found.schedule == nullptr) return found.refusal;
  JobScheduleRecord schedule = *found.schedule;
  if (const auto refused = refuses_change(schedule.state)) return Error{*refused, {}, {}};
  if (command.metadata) schedule.spec.metadata = *command.metadata;
  if (command.job) change_job(step, schedule, *command.job);
  if (command.schedule) {
    schedule.spec.schedule = *command.schedule;
    schedule.next_run = first_recurrence(schedule);
  }
  const JobScheduleSeq seq = schedule.seq;
  const Version version = put(step, std::move(schedule));
  settle_job_schedule(step, seq);
  return Done{version};
}

void settle_job_schedule(Step& step, JobScheduleSeq seq) {
  const JobScheduleRecord* found = step.state().find_job_schedule(seq);
  if (found == nullptr) return;
  JobScheduleRecord schedule = *found;
  if (schedule.state == JobScheduleState::terminating) {
    terminate_on(step, std::move(schedule));
    return;
  }
  if (schedule.state != JobScheduleState::active) return;
  const std::optional<WallTime> due = due_recurrence(schedule, step.now.wall);
  if (due && !schedule.job_active) {
    make_next_job(step, std::move(schedule), *due);
  } else if (!schedule.job_active && is_over(schedule, step.now.wall)) {
    complete(step, std::move(schedule));
  } else if (schedule.next_run != found->next_run) {
    put(step, std::move(schedule));
  }
}

std::optional<WallTime> job_schedule_deadline(const JobScheduleRecord& schedule) {
  const bool untold = schedule.state == JobScheduleState::terminating && !schedule.job_told;
  if (untold) return schedule.state_time;
  if (schedule.state != JobScheduleState::active) return std::nullopt;
  return schedule.job_active ? recurrence_lost_at(schedule) : next_decision_at(schedule);
}

void job_of_schedule_ended(Step& step, const std::string& account, const std::string& job_id) {
  const JobScheduleRecord* found = step.state().find_job_schedule(account, schedule_of(job_id));
  if (found == nullptr || !found->job_active) return;
  if (lower_cased(newest_job(*found)) != lower_cased(job_id)) return;
  JobScheduleRecord schedule = *found;
  schedule.job_active = false;
  if (schedule.pool_outdated) give_up_pool(step, schedule, step.settings.auto_pool_grace);
  const JobScheduleSeq seq = schedule.seq;
  put(step, std::move(schedule));
  settle_job_schedule(step, seq);
}

bool erase_some_jobs(Step& step, JobScheduleSeq seq) {
  JobScheduleRecord schedule = *step.state().find_job_schedule(seq);
  WINDLASS_ASSERT(schedule.state == JobScheduleState::deleting);
  const State& state = step.state();
  const std::string account = schedule.account;
  std::vector<std::string> jobs;
  const std::size_t jobs_max = step.settings.ended_jobs_per_batch_max;
  const OfSchedule all = jobs_of(state, schedule);
  for (auto it = all.first; it != all.last && jobs.size() <= jobs_max; ++it) {
    if (it->first.second > schedule.jobs_deleted_through) jobs.push_back(it->second.job_id);
  }
  const bool more = jobs.size() > jobs_max;
  if (more) jobs.pop_back();
  if (!jobs.empty()) {
    schedule.jobs_deleted_through = lower_cased(jobs.back());
    put(step, schedule);
    for (const std::string& job : jobs) end_reserved_job(step, account, job, true, schedule.forced);
  }
  const OfSchedule left = jobs_of(state, schedule);
  if (left.first != left.last) return more;
  if (shares_pool(schedule.spec.job) && !schedule.spec.job.auto_pool->keep_alive) {
    release_pool(step, account, schedule.pool_id, Duration{});
  }
  step.emit(JobScheduleErased{seq});
  return false;
}

bool has_jobs_to_tell(const State& state, const JobScheduleRecord& schedule) {
  const OfSchedule all = jobs_of(state, schedule);
  // Once none is left there is still the schedule itself to be erased.
  return all.first == all.last || std::prev(all.last)->first.second > schedule.jobs_deleted_through;
}

}  // namespace windlass::scheduler
