// What clients do with job schedules; and with certificates, which nothing else depends on.
#include "simulator/workload.h"

#include "simulator/host_clock.h"

namespace windlass::simulator {

void Workload::act_on_schedule(ClientProcess& client, Account& account) {
  constexpr int kSchedulesMax = 3;
  std::vector<ScheduleFact*> schedules;
  for (auto& [key, schedule] : history_.schedules) {
    if (schedule.account == account.name) schedules.push_back(&schedule);
  }
  if (schedules.empty() || (account.schedules_made < kSchedulesMax && random_.chance(200))) {
    const std::string id = "every-" + std::to_string(++account.schedules_made);
    ScheduleFact& schedule = history_.schedules[account.name + "/" + id];
    schedule.account = account.name;
    schedule.id = id;
    schedule.shard = shard_of(account.name, id, static_cast<ShardId>(world_.options.shards));
    return make_schedule(client, account, schedule);
  }
  ScheduleFact& schedule = *one_of(schedules);
  if ((schedule.ended || !schedule.there) && random_.chance(400))
    return make_schedule(client, account, schedule);
  const std::int64_t what = random_.between(0, 99);
  if (what < 35) return read_schedule(client, account, schedule);
  if (what < 60) return end_job_of(client, schedule);
  change_schedule(client, account, schedule);
}

// Far shorter than the API allows: its shell is not in this world.
Schedule Workload::some_schedule() {
  Schedule schedule;
  const WallTime now{kWallStart + world_.timeline.now().ticks};
  if (random_.chance(300))
    schedule.do_not_run_until = now + random_.between(Duration{}, std::chrono::seconds(20));
  if (random_.chance(150))
    schedule.do_not_run_after =
        now + random_.between(std::chrono::seconds(21), std::chrono::seconds(90));
  if (random_.chance(300))
    schedule.start_window =
        random_.between(std::chrono::milliseconds(10), std::chrono::seconds(10));
  if (random_.chance(850))
    schedule.recurrence_interval =
        random_.between(std::chrono::seconds(1), std::chrono::seconds(15));
  return schedule;
}

JobSpec Workload::some_scheduled_job(Account& account, ScheduleFact& schedule) {
  JobSpec job;
  const PoolFact& pool = some_pool(account);
  if (random_.chance(300)) {
    const auto lifetime = random_.chance(500) ? PoolLifetime::job : PoolLifetime::jobschedule;
    job.auto_pool = auto_pool(lifetime, 0);
    schedule.job_shard = schedule.shard;
  } else {
    job.pool_id = pool.id;
    schedule.job_shard = pool.shard;
  }
  job.priority = static_cast<std::int32_t>(random_.between(-1, 1));
  if (random_.chance(500)) job.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  if (random_.chance(500))
    job.constraints.max_wall_clock_time =
        random_.between(std::chrono::milliseconds(1), std::chrono::seconds(20));
  return job;
}

void Workload::make_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule) {
  JobScheduleSpec spec;
  spec.id = schedule.id;
  spec.schedule = some_schedule();
  spec.job = some_scheduled_job(account, schedule);
  spec.metadata = some_metadata();
  const auto then = [&schedule](const std::optional<Answer>& answer) {
    if (is_done(answer)) {
      schedule.there = true;
      schedule.ended = false;
    }
    remember(schedule)(answer);
  };
  history_.ask(client, schedule, schedule.shard, AddJobSchedule{spec}, then);
}

void Workload::change_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule) {
  const Conditions conditions = some_conditions(schedule, schedule.shard);
  const std::int64_t what = random_.between(0, 99);
  if (what < 25) {
    history_.ask(client, schedule, schedule.shard, DisableJobSchedule{schedule.id, conditions},
                 remember(schedule));
  } else if (what < 60) {
    history_.ask(client, schedule, schedule.shard, EnableJobSchedule{schedule.id, conditions},
                 remember(schedule));
  } else if (what < 82) {
    ChangeJobSchedule request;
    request.schedule_id = schedule.id;
    request.conditions = conditions;
    if (random_.chance(500)) request.schedule = some_schedule();
    if (random_.chance(400)) request.job = some_scheduled_job(account, schedule);
    if (random_.chance(400)) request.metadata = some_metadata();
    history_.ask(client, schedule, schedule.shard, request, remember(schedule));
  } else {
    const bool force = random_.chance(300);
    const Request request = what < 91
                                ? Request{TerminateJobSchedule{schedule.id, conditions, force}}
                                : Request{DeleteJobSchedule{schedule.id, conditions, force}};
    if (history_.ask(client, schedule, schedule.shard, request, remember(schedule)))
      schedule.ended = true;
  }
}

void Workload::read_schedule(ClientProcess& client, Account&, ScheduleFact& schedule) {
  const auto hear = [&schedule](const std::optional<Answer>& answer) {
    remember(schedule)(answer);
    const auto* record = answer ? std::get_if<JobScheduleRecord>(&*answer) : nullptr;
    if (record != nullptr) schedule.jobs = static_cast<int>(record->jobs_made);
  };
  const std::int64_t what = random_.between(0, 99);
  PageRequest page;
  page.entries_max = static_cast<std::uint32_t>(random_.between(1, 10));
  if (what < 70) {
    const Conditions conditions = some_conditions(schedule, schedule.shard);
    history_.ask(client, schedule, schedule.shard, GetJobSchedule{schedule.id, conditions}, hear);
  } else if (what < 85) {
    history_.ask(client, schedule, schedule.shard, ListJobSchedules{page}, {});
  } else {
    history_.ask(client, schedule, schedule.job_shard, ListJobs{page, schedule.id}, {});
  }
}

// Most of its jobs end by themselves; those of clients who look after them, sooner.
void Workload::end_job_of(ClientProcess& client, ScheduleFact& schedule) {
  if (schedule.jobs == 0) return;
  const std::string id = schedule.id + ":job-" + std::to_string(schedule.jobs);
  if (random_.chance(600))
    history_.ask(client, schedule, schedule.job_shard, TerminateJob{id, {}, "its turn"}, {});
  else
    history_.ask(client, schedule, schedule.job_shard, DeleteJob{id, {}}, {});
}

void Workload::act_on_certificate(ClientProcess& client, const Account& account) {
  const std::string thumbprint = "print-" + std::to_string(random_.between(1, 3));
  PageRequest page;
  page.entries_max = static_cast<std::uint32_t>(random_.between(1, 3));
  const std::int64_t what = random_.between(0, 99);
  Request request = GetCertificate{thumbprint};
  if (what >= 25) request = ListCertificates{page};
  if (what >= 40)
    request = AddCertificate{thumbprint, "data " + std::to_string(random_.between(0, 999'999))};
  if (what >= 75) request = DeleteCertificate{thumbprint};
  if (what >= 95) request = CancelCertificateDeletion{thumbprint};
  Fact of;
  of.account = account.name;
  history_.ask(client, of, kCertificatesShard, request, {});
}

}  // namespace windlass::simulator
