#include "tests/support/one_shard.h"

using namespace windlass;
using namespace windlass::test;

namespace {

struct Ready : OneShard {
  explicit Ready(JobSpec spec = {}, std::int32_t nodes = 2) {
    connect_worker();
    make_pool("p", nodes, 1);
    make_job("j", "p", spec);
  }
};

ErrorCode code_of(const Answer& answer) {
  BOOST_TEST_REQUIRE(std::holds_alternative<Error>(answer));
  return std::get<Error>(answer).code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_jobs)

BOOST_AUTO_TEST_CASE(terminate_completes_running_tasks_and_leaves_active_ones) {
  Ready shard;
  for (const char* id : {"a", "b", "c"}) shard.add(a_task().id(id));
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(TerminateJob{"j", {}, ""})));
  BOOST_TEST((shard.job().state == JobState::terminating));
  BOOST_TEST((shard.task("a").state == TaskState::completed));
  BOOST_TEST((shard.task("c").state == TaskState::active));
  BOOST_TEST((code_of(shard.ask(AddTasks{"j", {}})) == ErrorCode::job_being_terminated));
  for (const char* id : {"a", "b"}) {
    shard.end(shard.take_assignment(id), 0, AttemptEnd::stopped);
  }
  const JobRecord job = shard.job();
  BOOST_TEST((job.state == JobState::completed));
  BOOST_TEST(job.terminate_reason == "UserTerminate");
  BOOST_TEST(job.end_time.has_value());
  BOOST_TEST((code_of(shard.ask(TerminateJob{"j", {}, ""})) == ErrorCode::job_completed));
}

BOOST_AUTO_TEST_CASE(disable_requeue_and_enable) {
  Ready shard;
  shard.add(a_task().id("a"));
  const Assignment old = shard.take_assignment("a");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DisableJob{"j", {}, DisableTasks::requeue})));
  BOOST_TEST((shard.job().state == JobState::disabling));
  BOOST_TEST(shard.task("a").requeue_count == 1);
  BOOST_TEST((shard.task("a").state == TaskState::active));
  shard.end(old, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.job().state == JobState::disabled));
  BOOST_TEST(shard.assigned().empty());
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(EnableJob{"j", {}})));
  BOOST_TEST((shard.job().state == JobState::active));
  BOOST_TEST((shard.task("a").state == TaskState::running));
  BOOST_TEST(
      (code_of(shard.ask(EnableJob{"j", {}})) == ErrorCode::operation_invalid_for_current_state));
}

BOOST_AUTO_TEST_CASE(disable_wait_lets_tasks_finish) {
  Ready shard;
  shard.add(a_task().id("a"));
  shard.ask(DisableJob{"j", {}, DisableTasks::wait});
  BOOST_TEST((shard.job().state == JobState::disabling));
  shard.finish("a");
  BOOST_TEST((shard.job().state == JobState::disabled));
  BOOST_TEST(shard.job().counts.tasks.succeeded == 1);
}

BOOST_AUTO_TEST_CASE(delete_removes_everything_in_steps) {
  scheduler::Settings settings;
  Ready shard;
  for (int i = 0; i < 20; ++i) shard.add(a_task());
  const Assignment one = shard.take_assignment("t1");
  const Assignment two = shard.take_assignment("t2");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteJob{"j", {}})));
  BOOST_TEST((shard.job().state == JobState::deleting));
  BOOST_TEST((code_of(shard.ask(DeleteJob{"j", {}})) == ErrorCode::job_being_deleted));
  shard.end(one, 0, AttemptEnd::stopped);
  shard.restart();
  shard.give(scheduler::WorkerConnected{OneShard::kWorker, 5});
  Resync resync = shard.resync_of(OneShard::kWorker);
  resync.running = {two.id};
  shard.say(resync);
  shard.end(two, 0, AttemptEnd::stopped);
  shard.tick();
  BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}})));
  BOOST_TEST((code_of(shard.ask(FindJob{"j"})) == ErrorCode::job_not_found));
  shard.make_job("j", "p");
  BOOST_TEST(shard.job().counts.tasks.active == 0);
}

BOOST_AUTO_TEST_CASE(terminates_when_all_tasks_complete) {
  Ready shard;
  shard.add(a_task().id("a"));
  JobChange change;
  change.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  shard.ask(ChangeJob{"j", {}, change, false});
  BOOST_TEST((shard.job().state == JobState::active));
  shard.finish("a");
  BOOST_TEST((shard.job().state == JobState::completed));
  BOOST_TEST(shard.job().terminate_reason == "AllTasksComplete");
}

BOOST_AUTO_TEST_CASE(empty_job_has_a_grace_that_its_first_task_ends) {
  JobSpec spec;
  spec.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  Ready empty(spec);
  empty.pass(std::chrono::seconds(4));
  BOOST_TEST((empty.job().state == JobState::active));
  empty.pass(std::chrono::seconds(1));
  BOOST_TEST((empty.job().state == JobState::completed));

  Ready used(spec);
  used.add(a_task().id("a"));
  used.pass(std::chrono::seconds(6));
  BOOST_TEST((used.job().state == JobState::active));

  Ready patched;
  JobChange change;
  change.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  patched.ask(ChangeJob{"j", {}, change, false});
  BOOST_TEST((patched.job().state == JobState::completed));  // asked for now: no grace
}

BOOST_AUTO_TEST_CASE(wall_clock_of_a_job_counts_from_its_creation) {
  JobSpec spec;
  spec.constraints.max_wall_clock_time = std::chrono::seconds(10);
  Ready shard(spec);
  shard.add(a_task().id("a"));
  shard.pass(std::chrono::seconds(9));
  BOOST_TEST((shard.job().state == JobState::active));
  shard.pass(std::chrono::seconds(1));
  BOOST_TEST((shard.job().state == JobState::terminating));
  BOOST_TEST(shard.job().terminate_reason == "MaxWallClockTimeExpiry");
}

BOOST_AUTO_TEST_CASE(conditions_are_judged_against_the_version) {
  Ready shard;
  const std::string tag = etag_text(0, shard.job().version.event);
  Conditions stale;
  stale.if_match = {"0x000000000000001"};
  BOOST_TEST((code_of(shard.ask(TerminateJob{"j", stale, ""})) == ErrorCode::condition_not_met));
  Conditions same;
  same.if_none_match = {tag};
  BOOST_TEST((code_of(shard.ask(GetJob{"j", same})) == ErrorCode::not_modified));
  Conditions right;
  right.if_match = {tag};
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(TerminateJob{"j", right, ""})));
}

BOOST_AUTO_TEST_CASE(tasks_do_not_change_the_tag_of_their_job) {
  Ready shard;
  const EventNumber before = shard.job().version.event;
  shard.add(a_task().id("a"));
  shard.finish("a");
  BOOST_TEST(shard.job().version.event == before);
}

BOOST_AUTO_TEST_CASE(accounts_do_not_see_each_other) {
  Ready shard;
  BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}}, "other")));
  BOOST_TEST((code_of(shard.ask(GetPool{"p", {}}, "other")) == ErrorCode::pool_not_found));
  BOOST_TEST(std::get<Page<JobRecord>>(shard.ask(ListJobs{}, "other")).entries.empty());
  BOOST_TEST(std::get<Page<JobRecord>>(shard.ask(ListJobs{})).entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(lists_of_tasks_are_filtered_and_paged) {
  Ready shard;
  for (const char* id : {"a1", "b1", "b2", "B3", "c1"}) shard.add(a_task().id(id));
  shard.finish("b1", 1);
  const auto ids = [&](const std::string& filter, std::uint32_t entries_max = 100) {
    std::vector<std::string> found;
    PageRequest page;
    page.filter = filter;
    page.entries_max = entries_max;
    while (true) {
      const auto answer = std::get<Page<TaskView>>(shard.ask(ListTasks{"j", page}));
      for (const TaskView& task : answer.entries) found.push_back(task.record.id);
      if (!answer.next) return found;
      page.after = *answer.next;
    }
  };
  using Ids = std::vector<std::string>;
  BOOST_TEST((ids("") == Ids{"a1", "b1", "b2", "B3", "c1"}));
  BOOST_TEST((ids("", 2) == Ids{"a1", "b1", "b2", "B3", "c1"}));
  BOOST_TEST((ids("startswith(id, 'b')", 1) == Ids{"b1", "b2", "B3"}));
  BOOST_TEST((ids("executionInfo/exitCode ne 0") == Ids{"b1"}));
  BOOST_TEST((ids("state eq 'active'") == Ids{"B3", "c1"}));
  BOOST_TEST((code_of(shard.ask(ListTasks{"j", PageRequest{.filter = "state eq"}})) ==
              ErrorCode::invalid_query_parameter_value));
}

BOOST_AUTO_TEST_CASE(low_disk_space_refuses_new_work_only) {
  Ready shard;
  shard.add(a_task().id("a"));
  shard.shard().set_space_shortage(scheduler::SpaceShortage{10, 100});
  const Answer refused = shard.ask(AddTasks{"j", {NewTask{}}});
  BOOST_TEST((code_of(refused) == ErrorCode::server_busy));
  BOOST_TEST(std::get<Error>(refused).values.at(0).key == "Reason");
  shard.finish("a");
  BOOST_TEST((shard.task("a").state == TaskState::completed));
  shard.shard().set_space_shortage(std::nullopt);
  shard.add(a_task().id("b"));
}

BOOST_AUTO_TEST_SUITE_END()
