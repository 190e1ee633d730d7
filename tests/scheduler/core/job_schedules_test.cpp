#include "tests/support/one_shard.h"
#include "tests/support/two_shards.h"

#include <random>

using namespace windlass;
using namespace windlass::test;
using namespace std::chrono_literals;

namespace {

const std::string kPool = "p";

JobScheduleSpec hourly(const std::string& id, const std::string& pool = kPool) {
  JobScheduleSpec spec;
  spec.id = id;
  spec.schedule.recurrence_interval = 1h;
  spec.job.pool_id = pool;
  spec.job.priority = 7;
  return spec;
}

JobScheduleSpec with_pool(const std::string& id, PoolLifetime lifetime, bool keep_alive = false) {
  JobScheduleSpec spec = hourly(id, "");
  spec.job.auto_pool = AutoPoolSpec{"auto", lifetime, keep_alive, PoolSpec{}};
  spec.job.auto_pool->pool->vm_size = "any";
  return spec;
}

JobScheduleRecord schedule(OneShard& shard, const std::string& id = "s") {
  const Answer answer = shard.ask(GetJobSchedule{id, {}});
  BOOST_TEST_REQUIRE(std::holds_alternative<JobScheduleRecord>(answer), "no schedule " << id);
  return std::get<JobScheduleRecord>(answer);
}

void add(OneShard& shard, const JobScheduleSpec& spec) {
  BOOST_TEST_REQUIRE(std::holds_alternative<Done>(shard.ask(AddJobSchedule{spec})));
}

std::vector<std::string> jobs_of(OneShard& shard, const std::string& id = "s") {
  std::vector<std::string> ids;
  const Answer answer = shard.ask(ListJobs{{}, id});
  for (const JobRecord& job : std::get<Page<JobRecord>>(answer).entries) ids.push_back(job.spec.id);
  return ids;
}

ErrorCode refused(OneShard& shard, Request request) {
  const Answer answer = shard.ask(std::move(request));
  BOOST_TEST_REQUIRE(std::holds_alternative<Error>(answer));
  return std::get<Error>(answer).code;
}

bool done(OneShard& shard, Request request) {
  return std::holds_alternative<Done>(shard.ask(std::move(request)));
}

using Ids = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_job_schedules)

BOOST_AUTO_TEST_CASE(the_first_job_is_made_at_once_and_as_specified) {
  OneShard shard;
  add(shard, hourly("s"));
  BOOST_TEST(jobs_of(shard) == Ids{"s:job-1"}, boost::test_tools::per_element());
  const JobRecord job = shard.job("S:JOB-1");
  BOOST_TEST(job.spec.priority == 7);
  BOOST_TEST(job.spec.pool_id == kPool);
  BOOST_TEST((job.state == JobState::active));
  BOOST_TEST(schedule(shard).jobs_made == 1u);
  BOOST_TEST((schedule(shard).next_run == schedule(shard).creation_time + 1h));
}

BOOST_AUTO_TEST_CASE(a_job_waits_for_the_one_before_it) {
  OneShard shard;
  add(shard, hourly("s"));
  shard.pass(90min);
  BOOST_TEST(schedule(shard).jobs_made == 1u);
  shard.restart();
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  BOOST_TEST(schedule(shard).jobs_made == 2u);
  BOOST_TEST((shard.job("s:job-2").creation_time == shard.now().wall));
  BOOST_TEST(done(shard, TerminateJob{"s:job-2", {}, ""}));
  BOOST_TEST(schedule(shard).jobs_made == 2u, "its recurrence has had its job");
  shard.pass(30min);
  BOOST_TEST(schedule(shard).jobs_made == 3u);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_deleted_makes_room_for_the_next) {
  OneShard shard;
  add(shard, hourly("s"));
  shard.pass(61min);
  BOOST_TEST(done(shard, DeleteJob{"s:job-1", {}}));
  shard.tick();
  BOOST_TEST(jobs_of(shard) == Ids{"s:job-2"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_opportunity_that_is_missed_is_lost) {
  OneShard shard;
  JobScheduleSpec spec = hourly("s");
  spec.schedule.start_window = 10min;
  add(shard, spec);
  shard.pass(75min);
  BOOST_TEST((schedule(shard).next_run == schedule(shard).creation_time + 2h));
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  BOOST_TEST(schedule(shard).jobs_made == 1u);
  shard.pass(45min);
  BOOST_TEST(schedule(shard).jobs_made == 2u);
}

BOOST_AUTO_TEST_CASE(a_disabled_schedule_makes_no_jobs_and_leaves_its_job_alone) {
  OneShard shard;
  add(shard, hourly("s"));
  BOOST_TEST(done(shard, DisableJobSchedule{"s", {}}));
  BOOST_TEST((refused(shard, DisableJobSchedule{"s", {}}) == ErrorCode::job_schedule_disabled));
  BOOST_TEST((shard.job("s:job-1").state == JobState::active));
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  shard.pass(3h + 20min);
  BOOST_TEST(schedule(shard).jobs_made == 1u);
  BOOST_TEST(done(shard, EnableJobSchedule{"s", {}}));
  BOOST_TEST(schedule(shard).jobs_made == 2u, "the present recurrence is still open");
  BOOST_TEST((schedule(shard).previous_state == JobScheduleState::disabled));
  BOOST_TEST((refused(shard, EnableJobSchedule{"s", {}}) ==
              ErrorCode::operation_invalid_for_current_state));
}

BOOST_AUTO_TEST_CASE(terminating_ends_the_job_and_then_the_schedule) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool(kPool, 1);
  add(shard, hourly("s"));
  const std::string task = shard.add(a_task(), "s:job-1");
  const Assignment running = shard.take_assignment(task);
  BOOST_TEST(done(shard, TerminateJobSchedule{"s", {}}));
  BOOST_TEST((schedule(shard).state == JobScheduleState::terminating));
  BOOST_TEST(
      (refused(shard, TerminateJobSchedule{"s", {}}) == ErrorCode::job_schedule_being_terminated));
  BOOST_TEST((shard.job("s:job-1").state == JobState::terminating));
  BOOST_TEST(shard.job("s:job-1").terminate_reason == "TerminateJobSchedule");
  shard.end(running);
  BOOST_TEST((schedule(shard).state == JobScheduleState::completed));
  BOOST_TEST((schedule(shard).end_time == shard.now().wall));
  BOOST_TEST(!schedule(shard).next_run.has_value());
  BOOST_TEST((refused(shard, EnableJobSchedule{"s", {}}) == ErrorCode::job_schedule_completed));
  shard.pass(24h);
  BOOST_TEST(schedule(shard).jobs_made == 1u);
}

BOOST_AUTO_TEST_CASE(force_reaches_the_jobs) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool(kPool, 2);
  for (const std::string id : {"ends", "goes"}) {
    add(shard, hourly(id));
    shard.take_assignment(shard.add(a_task(), id + ":job-1"));  // and its process does not end
  }
  BOOST_TEST(done(shard, TerminateJobSchedule{"ends", {}, true}));
  BOOST_TEST((shard.job("ends:job-1").state == JobState::completed));
  BOOST_TEST((schedule(shard, "ends").state == JobScheduleState::completed));
  BOOST_TEST(done(shard, DeleteJobSchedule{"goes", {}, true}));
  for (int i = 0; i < 3; ++i) shard.pass(1ms);
  BOOST_TEST((refused(shard, GetJobSchedule{"goes", {}}) == ErrorCode::job_schedule_not_found));
  BOOST_TEST(jobs_of(shard, "goes").empty());
}

BOOST_AUTO_TEST_CASE(deleting_takes_all_its_jobs_along) {
  scheduler::Settings settings;
  settings.ended_jobs_per_batch_max = 2;
  OneShard shard(settings);
  add(shard, hourly("s"));
  add(shard, hourly("s2"));
  for (int i = 1; i <= 6; ++i) {
    BOOST_TEST(done(shard, TerminateJob{"s:job-" + std::to_string(i), {}, ""}));
    shard.pass(1h);
  }
  BOOST_TEST(jobs_of(shard).size() == 7u);
  BOOST_TEST(done(shard, DeleteJobSchedule{"s", {}}));
  BOOST_TEST((schedule(shard).state == JobScheduleState::deleting));
  BOOST_TEST((refused(shard, DeleteJobSchedule{"s", {}}) == ErrorCode::job_schedule_being_deleted));
  BOOST_TEST((refused(shard, AddJobSchedule{hourly("s")}) == ErrorCode::job_schedule_exists));
  for (int i = 0; i < 3; ++i) {
    shard.restart();
    BOOST_TEST(shard.shard().next_deadline(shard.now()).has_value());
    shard.tick();
  }
  for (int i = 0; i < 3; ++i) shard.tick();
  BOOST_TEST((refused(shard, GetJobSchedule{"s", {}}) == ErrorCode::job_schedule_not_found));
  BOOST_TEST(jobs_of(shard).empty());
  BOOST_TEST(jobs_of(shard, "s2").size() == 1u, "nobody else's");
  add(shard, hourly("S"));
  BOOST_TEST(jobs_of(shard) == Ids{"S:job-1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_that_does_not_recur_ends_with_its_job) {
  OneShard shard;
  JobScheduleSpec spec = hourly("s");
  spec.schedule.recurrence_interval.reset();
  spec.schedule.do_not_run_until = shard.now().wall + 10min;
  add(shard, spec);
  BOOST_TEST(jobs_of(shard).empty());
  BOOST_TEST((schedule(shard).next_run == spec.schedule.do_not_run_until));
  shard.pass(10min);
  BOOST_TEST(jobs_of(shard).size() == 1u);
  BOOST_TEST(!schedule(shard).next_run.has_value());
  shard.pass(24h);
  BOOST_TEST((schedule(shard).state == JobScheduleState::active));
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  BOOST_TEST((schedule(shard).state == JobScheduleState::completed));
}

BOOST_AUTO_TEST_CASE(it_completes_when_its_time_is_over) {
  OneShard shard;
  JobScheduleSpec spec = hourly("s");
  spec.schedule.do_not_run_after = shard.now().wall + 90min;
  add(shard, spec);
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  shard.pass(1h);
  shard.pass(1h);
  BOOST_TEST((schedule(shard).state == JobScheduleState::active), "its job goes on");
  BOOST_TEST(done(shard, TerminateJob{"s:job-2", {}, ""}));
  BOOST_TEST((schedule(shard).state == JobScheduleState::completed));
}

BOOST_AUTO_TEST_CASE(jobs_and_schedules_share_their_ids) {
  OneShard shard;
  add(shard, hourly("s"));
  JobSpec job;
  job.id = "S";
  job.pool_id = kPool;
  BOOST_TEST((refused(shard, AddJob{job}) == ErrorCode::job_schedule_with_same_id_exists));
  shard.make_job("j", kPool);
  BOOST_TEST((refused(shard, AddJobSchedule{hourly("J")}) == ErrorCode::job_with_same_id_exists));
  BOOST_TEST((refused(shard, AddJobSchedule{hourly("S")}) == ErrorCode::job_schedule_exists));
  BOOST_TEST((refused(shard, GetJobSchedule{"j", {}}) == ErrorCode::job_schedule_not_found));
}

BOOST_AUTO_TEST_CASE(changes_are_for_the_jobs_to_come) {
  OneShard shard;
  add(shard, hourly("s"));
  ChangeJobSchedule change;
  change.schedule_id = "s";
  change.job = hourly("s").job;
  change.job->priority = 100;
  change.metadata = std::vector<MetadataItem>{MetadataItem{"a", "b"}};
  BOOST_TEST(done(shard, change));
  BOOST_TEST(shard.job("s:job-1").spec.priority == 7);
  ChangeJobSchedule sooner;
  sooner.schedule_id = "s";
  sooner.schedule = Schedule{{}, {}, {}, 10min};
  BOOST_TEST(done(shard, sooner));
  BOOST_TEST((schedule(shard).next_run == schedule(shard).creation_time + 10min));
  BOOST_TEST(schedule(shard).spec.metadata.size() == 1u);
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  shard.pass(10min);
  BOOST_TEST(shard.job("s:job-2").spec.priority == 100);
  sooner.conditions.if_match = {"0x000000000000001"};
  BOOST_TEST((refused(shard, sooner) == ErrorCode::condition_not_met));
}

BOOST_AUTO_TEST_CASE(each_job_may_have_a_pool_of_its_own) {
  OneShard shard;
  add(shard, with_pool("s", PoolLifetime::job));
  const std::string first = shard.job("s:job-1").spec.pool_id;
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  shard.pass(1h);
  const std::string second = shard.job("s:job-2").spec.pool_id;
  BOOST_TEST(first != second);
  BOOST_TEST((refused(shard, GetPool{first, {}}) == ErrorCode::pool_not_found));
  BOOST_TEST((shard.pool(second).record.state == PoolState::active));
}

BOOST_AUTO_TEST_CASE(jobs_may_share_a_pool_that_goes_with_the_schedule) {
  OneShard shard;
  add(shard, with_pool("s", PoolLifetime::jobschedule));
  const std::string pool = shard.job("s:job-1").spec.pool_id;
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  shard.pass(1h);
  BOOST_TEST(shard.job("s:job-2").spec.pool_id == pool);
  BOOST_TEST(done(shard, TerminateJob{"s:job-2", {}, ""}));
  BOOST_TEST(done(shard, DeletePool{pool, {}}));
  shard.pass(1h);
  const std::string again = shard.job("s:job-3").spec.pool_id;
  BOOST_TEST(again != pool, "one that was deleted is made anew");
  BOOST_TEST(done(shard, TerminateJobSchedule{"s", {}}));
  shard.pass(scheduler::Settings{}.auto_pool_grace);
  BOOST_TEST((refused(shard, GetPool{again, {}}) == ErrorCode::pool_not_found));

  add(shard, with_pool("kept", PoolLifetime::jobschedule, true));
  const std::string kept = shard.job("kept:job-1").spec.pool_id;
  BOOST_TEST(done(shard, DeleteJobSchedule{"kept", {}}));
  shard.pass(1h);
  shard.pass(1h);
  BOOST_TEST((refused(shard, GetJobSchedule{"kept", {}}) == ErrorCode::job_schedule_not_found));
  BOOST_TEST((shard.pool(kept).record.state == PoolState::active));
}

BOOST_AUTO_TEST_CASE(another_shared_pool_is_for_the_jobs_to_come) {
  OneShard shard;
  add(shard, with_pool("s", PoolLifetime::jobschedule));
  const std::string first = shard.job("s:job-1").spec.pool_id;
  ChangeJobSchedule change;
  change.schedule_id = "s";
  change.job = with_pool("s", PoolLifetime::jobschedule).job;
  change.job->auto_pool->pool->task_slots_per_node = 4;
  BOOST_TEST(done(shard, change));
  shard.pass(1h);
  BOOST_TEST((shard.pool(first).record.state == PoolState::active), "its job goes on");
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  const std::string second = shard.job("s:job-2").spec.pool_id;
  BOOST_TEST(second != first);
  BOOST_TEST(shard.pool(second).record.spec.task_slots_per_node == 4);
  shard.pass(scheduler::Settings{}.auto_pool_grace);
  BOOST_TEST((refused(shard, GetPool{first, {}}) == ErrorCode::pool_not_found));
}

// The simulator found it: the second change looked for the pool in a job that had none.
BOOST_AUTO_TEST_CASE(a_shared_pool_that_is_given_up_goes_whatever_is_wanted_then) {
  OneShard shard;
  shard.make_pool(kPool, 0);
  add(shard, with_pool("s", PoolLifetime::jobschedule));
  const std::string first = shard.job("s:job-1").spec.pool_id;
  for (const JobSpec& job : {hourly("s").job, with_pool("s", PoolLifetime::jobschedule).job}) {
    ChangeJobSchedule change;
    change.schedule_id = "s";
    change.job = job;
    BOOST_TEST(done(shard, change));
  }
  shard.pass(1h);
  BOOST_TEST(done(shard, TerminateJob{"s:job-1", {}, ""}));
  BOOST_TEST(shard.job("s:job-2").spec.pool_id != first);
  shard.pass(scheduler::Settings{}.auto_pool_grace);
  BOOST_TEST((refused(shard, GetPool{first, {}}) == ErrorCode::pool_not_found));
}

BOOST_AUTO_TEST_CASE(pages_of_its_jobs_have_its_jobs_alone) {
  OneShard shard;
  add(shard, hourly("s"));
  add(shard, hourly("s-1"));
  shard.make_job("s_", kPool);
  for (int i = 1; i <= 3; ++i) {
    BOOST_TEST(done(shard, TerminateJob{"s:job-" + std::to_string(i), {}, ""}));
    shard.pass(1h);
  }
  PageRequest page;
  page.entries_max = 3;
  auto first = std::get<Page<JobRecord>>(shard.ask(ListJobs{page, "S"}));
  BOOST_TEST(first.entries.size() == 3u);
  page.after = first.next.value();
  auto second = std::get<Page<JobRecord>>(shard.ask(ListJobs{page, "S"}));
  BOOST_TEST(second.entries.size() == 1u);
  BOOST_TEST(!second.next.has_value());
  page.after.clear();
  page.filter = "state eq 'completed'";
  BOOST_TEST(std::get<Page<JobRecord>>(shard.ask(ListJobs{page, "s"})).entries.size() == 3u);
  const auto all = std::get<Page<JobRecord>>(shard.ask(ListJobs{{}, ""}));
  BOOST_TEST(all.entries.size() == 6u);
}

// The schedule on shard 0, the pool of its jobs on shard 1.
BOOST_AUTO_TEST_CASE(a_schedule_knows_of_the_end_of_a_job_elsewhere) {
  TwoShards shards;
  const std::string id = TwoShards::id_on(0, "s"), pool = TwoShards::id_on(1, "p");
  BOOST_TEST(std::holds_alternative<Done>(shards.answer(0, AddJobSchedule{hourly(id, pool)})));
  shards.deliver_all();
  BOOST_TEST(std::get<JobFound>(shards.answer(0, FindJob{id + ":job-1"})).shard == 1);
  const auto made = [&] {
    return std::get<JobScheduleRecord>(shards.answer(0, GetJobSchedule{id, {}})).jobs_made;
  };
  shards.pass(2h);
  shards.deliver_all();
  BOOST_TEST(made() == 1u);
  shards.ask(1, TerminateJob{id + ":job-1", {}, ""});
  shards.deliver_all();
  BOOST_TEST(made() == 2u);
  shards.ask(0, DeleteJobSchedule{id, {}});
  for (int i = 0; i < 3; ++i) {
    shards.pass(1ms);
    shards.deliver_all();
  }
  shards.pass(1ms);
  BOOST_TEST(std::holds_alternative<Error>(shards.answer(0, GetJobSchedule{id, {}})));
  BOOST_TEST(shards.state(1).jobs.empty());
  BOOST_TEST(shards.quiet());
}

// Whatever is lost, repeated or restarted: one job at a time, one job for each recurrence, and
// nothing is left behind.
BOOST_AUTO_TEST_CASE(trouble_makes_no_second_job) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    TwoShards shards;
    const std::string id = TwoShards::id_on(0, "s"), pool = TwoShards::id_on(1, "p");
    shards.ask(0, AddJobSchedule{hourly(id, pool)});
    for (int turn = 0; turn < 200; ++turn) {
      if (chance(10)) shards.restart(static_cast<ShardId>(random() % 2));
      if (chance(60)) shards.deliver(static_cast<int>(random() % 3));
      if (chance(20)) shards.pass(20min);
      if (chance(30)) shards.pass(1s);
      const JobScheduleRecord* now = shards.state(0).find_job_schedule("a", id);
      BOOST_TEST_REQUIRE(now != nullptr);
      const std::string newest = job_of_schedule(id, now->jobs_made);
      if (chance(10)) shards.ask(1, TerminateJob{newest, {}, ""});
      if (chance(5)) shards.ask(1, DeleteJob{newest, {}});
      int active = 0;
      for (const auto& [seq, job] : shards.state(1).jobs) {
        active += job.record.state != JobState::completed;
      }
      BOOST_TEST(active <= 1);
      const auto hours = (shards.now().wall - now->creation_time) / Duration(1h) + 1;
      BOOST_TEST(now->jobs_made <= static_cast<std::uint64_t>(hours));
    }
    shards.ask(0, DeleteJobSchedule{id, {}});
    for (int turn = 0; turn < 20; ++turn) {
      shards.pass(1s);
      shards.deliver_all();
    }
    BOOST_TEST(shards.state(0).job_schedules.empty());
    BOOST_TEST(shards.state(0).reservations.empty());
    BOOST_TEST(shards.state(1).jobs.empty());
    BOOST_TEST(shards.quiet());
  }
}

BOOST_AUTO_TEST_SUITE_END()
