#include "tests/support/one_shard.h"

namespace windlass::scheduler {

namespace {

using test::a_task;
using test::OneShard;

// A pool of `nodes` nodes and a job with a preparation and a release.
struct Prepared : OneShard {
  explicit Prepared(std::int32_t nodes = 2, JobPreparationTask preparation = {},
                    std::int32_t slots = 1) {
    connect_worker();
    make_pool("p", nodes, slots);
    JobSpec spec;
    spec.preparation_task = preparation;
    spec.preparation_task->id = "prep";
    spec.preparation_task->document = "prepare";
    spec.release_task = JobReleaseTask{};
    spec.release_task->id = "rel";
    spec.release_task->document = "release";
    make_job("j", "p", spec);
  }

  std::vector<JobNodeView> nodes_of_job(const std::string& job = "j") {
    return std::get<Page<JobNodeView>>(ask(ListJobNodes{job, {}})).entries;
  }
  JobNodeRecord only_node() {
    const auto entries = nodes_of_job();
    BOOST_TEST_REQUIRE(entries.size() == 1u);
    return entries.front().record;
  }
  bool is_assigned(const std::string& id) {
    return std::any_of(assigned().begin(), assigned().end(),
                       [&](const Assignment& a) { return a.task_id == id; });
  }
};

JobPreparationTask preparation(bool waits, std::int32_t retries = 0) {
  JobPreparationTask task;
  task.wait_for_success = waits;
  task.constraints.retries_max = retries;
  return task;
}

std::string ended(const NodeTaskRun& run) {
  if (run.state == NodeTaskState::running) return "running";
  return run.result == ExecutionResult::success ? "success" : "failure";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_job_nodes)

BOOST_AUTO_TEST_CASE(a_task_waits_for_the_preparation_of_its_node) {
  Prepared one;
  const std::string task = one.add(a_task());
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  BOOST_TEST(!one.task(task).start_time.has_value());
  BOOST_TEST(one.task(task).node.has_value());
  BOOST_TEST(!one.is_assigned(task));
  const Assignment prep = one.take_assignment("prep");
  BOOST_TEST(prep.required_slots == 0);
  BOOST_TEST(prep.document == "prepare");
  BOOST_TEST(prep.preparation_id == "");
  BOOST_TEST(ended(one.only_node().preparation) == "running");
  one.end(prep);
  BOOST_TEST((one.task(task).state == TaskState::running));
  BOOST_TEST(one.take_assignment(task).preparation_id == "prep");
  BOOST_TEST(ended(one.only_node().preparation) == "success");
}

BOOST_AUTO_TEST_CASE(a_node_is_prepared_once_for_all_tasks_of_the_job) {
  Prepared one(1, {}, 2);
  const std::string first = one.add(a_task());
  const std::string second = one.add(a_task());
  const std::string third = one.add(a_task());
  BOOST_TEST(one.job().counts.tasks.running == 2);
  one.finish("prep");
  BOOST_TEST(one.assigned().size() == 2u);
  one.finish(first);
  BOOST_TEST((one.task(third).state == TaskState::running));
  BOOST_TEST(!one.is_assigned("prep"));
  BOOST_TEST(one.only_node().preparation.attempt == 1u);
  one.finish(second);
  one.finish(third);
}

BOOST_AUTO_TEST_CASE(a_failed_preparation_sends_the_task_elsewhere) {
  Prepared one(2);
  const std::string task = one.add(a_task());
  const Assignment prep = one.take_assignment("prep");
  one.end(prep, 3);
  // The other node is prepared at once.
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  const Assignment other = one.take_assignment("prep");
  BOOST_TEST(other.node_id != prep.node_id);
  one.end(other, 4);
  BOOST_TEST((one.task(task).state == TaskState::active));
  BOOST_TEST(one.task(task).retry_count == 0);
  BOOST_TEST(one.assigned().empty());
  for (const JobNodeView& view : one.nodes_of_job()) {
    BOOST_TEST(view.record.preparation.failure.value().code == "FailureExitCode");
    BOOST_TEST(view.preparation_id == "prep");
  }
  // Another job is not concerned.
  one.make_job("k", "p");
  const std::string free = one.add(a_task(), "k");
  BOOST_TEST((one.task(free, "k").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(preparations_have_retries) {
  Prepared one(1, preparation(true, 2));
  const std::string task = one.add(a_task());
  one.finish("prep", 1);
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  BOOST_TEST(one.only_node().preparation.retry_count == 1);
  BOOST_TEST(one.only_node().preparation.last_retry_time.has_value());
  one.finish("prep", 1);
  one.finish("prep", 0);
  BOOST_TEST((one.task(task).state == TaskState::running));
  BOOST_TEST(one.only_node().preparation.retry_count == 2);
  BOOST_TEST(one.only_node().preparation.attempt == 3u);
}

BOOST_AUTO_TEST_CASE(tasks_that_need_not_wait_start_beside_the_preparation) {
  Prepared one(1, preparation(false));
  const std::string task = one.add(a_task());
  BOOST_TEST((one.task(task).state == TaskState::running));
  one.finish("prep", 9);
  one.finish(task);
  const std::string next = one.add(a_task());
  BOOST_TEST((one.task(next).state == TaskState::running));
  BOOST_TEST(!one.is_assigned("prep"));
}

BOOST_AUTO_TEST_CASE(a_waiting_task_that_is_ended_leaves_nothing_behind) {
  Prepared one(1);
  const std::string task = one.add(a_task());
  BOOST_TEST(std::holds_alternative<Done>(one.ask(TerminateTask{"j", task, {}})));
  BOOST_TEST(one.task(task).failure.value().code == "TaskEnded");
  BOOST_TEST(one.take_orders<EndAttempt>().empty());
  BOOST_TEST(one.state().lingering.empty());
  const std::string next = one.add(a_task());
  one.finish("prep");
  BOOST_TEST((one.task(next).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_lost_preparation_begins_again) {
  Prepared one(1);
  const std::string task = one.add(a_task());
  one.end(one.take_assignment("prep"), 0, AttemptEnd::lost);
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  BOOST_TEST(one.task(task).attempt == 2u);
  const Assignment again = one.take_assignment("prep");
  BOOST_TEST(again.id.attempt == 2u);
  BOOST_TEST(one.only_node().preparation.retry_count == 0);
  one.end(again);
  BOOST_TEST((one.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_know_the_preparation_is_told_again) {
  Prepared one(1);
  const std::string task = one.add(a_task());
  one.assigned().clear();
  one.restart();
  one.connect_worker();
  const Assignment again = one.take_assignment("prep");
  BOOST_TEST(again.id.attempt == 2u);
  one.end(again);
  BOOST_TEST((one.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_worker_that_goes_on_with_the_preparation_keeps_the_task_waiting) {
  Prepared one(1);
  const std::string task = one.add(a_task());
  const Assignment prep = one.take_assignment("prep");
  one.restart();
  one.give(WorkerConnected{OneShard::kWorker, 5});
  Resync resync = one.resync_of(OneShard::kWorker);
  resync.running = {prep.id};
  one.say(resync);
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  BOOST_TEST(one.assigned().empty());
  one.end(prep);
  BOOST_TEST(one.take_assignment(task).id.attempt == 1u);
}

BOOST_AUTO_TEST_CASE(a_node_that_boots_is_prepared_again) {
  Prepared one(1);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  const std::string node = one.only_node().node_id;
  one.say(NodeStatus{node, 2, NodeState::idle, std::nullopt, {}});
  const std::string task = one.add(a_task());
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  one.finish("prep");
  BOOST_TEST((one.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_preparation_may_count_for_later_boots) {
  JobPreparationTask once = preparation(true);
  once.rerun_on_node_reboot_after_success = false;
  Prepared one(1, once);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  one.say(NodeStatus{one.only_node().node_id, 2, NodeState::idle, std::nullopt, {}});
  const std::string task = one.add(a_task());
  BOOST_TEST((one.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_preparation_is_gone_with_the_image) {
  for (const NodeRestart restart : {NodeRestart::reboot, NodeRestart::reimage}) {
    JobPreparationTask once = preparation(true);
    once.rerun_on_node_reboot_after_success = false;
    Prepared one(1, once);
    one.add(a_task().id("a"));
    one.finish("prep");
    one.finish("a");
    const std::string node = one.only_node().node_id;
    BOOST_TEST(std::holds_alternative<Done>(one.ask(RestartNode{"p", node, restart, {}})));
    one.say(NodeStatus{node, 2, NodeState::idle, std::nullopt, {}, 1});
    one.say(NodeStatus{node, 3, NodeState::idle, std::nullopt, {}, 1});  // the host's own boot
    const std::string task = one.add(a_task());
    const bool wiped = restart == NodeRestart::reimage;
    BOOST_TEST((one.task(task).state == (wiped ? TaskState::preparing : TaskState::running)));
  }
}

BOOST_AUTO_TEST_CASE(a_terminated_job_waits_for_its_releases) {
  Prepared one(2);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.ask(TerminateJob{"j", {}, ""});
  // Its task is still ending there.
  BOOST_TEST(!one.is_assigned("rel"));
  one.end(one.take_assignment("a"), 0, AttemptEnd::stopped);
  const Assignment release = one.take_assignment("rel");
  BOOST_TEST(release.required_slots == 0);
  BOOST_TEST(release.preparation_id == "prep");
  BOOST_TEST((release.max_wall_clock_time == Duration(std::chrono::minutes(15))));
  BOOST_TEST((one.job().state == JobState::terminating));
  one.end(release, 1);  // a failure does not hold it up
  BOOST_TEST((one.job().state == JobState::completed));
  BOOST_TEST(ended(one.only_node().release.value()) == "failure");
  // Not again when the completed job is deleted.
  one.ask(DeleteJob{"j", {}});
  BOOST_TEST(one.assigned().empty());
  one.tick();
  BOOST_TEST(one.state().jobs.empty());
}

BOOST_AUTO_TEST_CASE(a_forced_end_releases_no_node) {
  for (const bool deleted : {false, true}) {
    Prepared one(1);
    const std::string task = one.add(a_task());
    one.finish("prep");
    one.take_assignment(task);  // and it does not end
    if (deleted)
      one.ask(DeleteJob{"j", {}, true});
    else
      one.ask(TerminateJob{"j", {}, "enough", true});
    one.tick();
    one.tick();
    BOOST_TEST(!one.is_assigned("rel"));
    if (deleted)
      BOOST_TEST(std::holds_alternative<NotHere>(one.ask(GetJob{"j", {}})));
    else
      BOOST_TEST((one.job().state == JobState::completed));
    one.restart();
    one.connect_worker();
    BOOST_TEST(!one.is_assigned("rel"));
  }
}

BOOST_AUTO_TEST_CASE(a_forced_end_awaits_the_preparation_that_runs) {
  Prepared one(1);
  one.add(a_task());
  const Assignment prep = one.take_assignment("prep");
  one.ask(TerminateJob{"j", {}, "enough", true});
  BOOST_TEST((one.job().state == JobState::terminating));
  BOOST_TEST(one.take_orders<EndAttempt>().size() == 1u);
  one.end(prep, 0, AttemptEnd::stopped);
  BOOST_TEST((one.job().state == JobState::completed));
  BOOST_TEST(!one.is_assigned("rel"));
}

BOOST_AUTO_TEST_CASE(a_deleted_job_waits_for_its_releases) {
  Prepared one(1);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  one.ask(DeleteJob{"j", {}});
  const Assignment release = one.take_assignment("rel");
  one.tick();
  BOOST_TEST((one.job().state == JobState::deleting));
  one.restart();
  one.give(WorkerConnected{OneShard::kWorker, 5});
  Resync resync = one.resync_of(OneShard::kWorker);
  resync.running = {release.id};
  one.say(resync);
  one.end(release);
  one.tick();
  one.tick();
  BOOST_TEST(one.state().jobs.empty());
}

BOOST_AUTO_TEST_CASE(a_preparation_under_way_is_ended_and_released) {
  Prepared one(1);
  const std::string task = one.add(a_task());
  const Assignment prep = one.take_assignment("prep");
  one.ask(TerminateJob{"j", {}, ""});
  BOOST_TEST(one.task(task).failure.value().code == "TaskEnded");
  const auto ends = one.take_orders<EndAttempt>();
  BOOST_TEST_REQUIRE(ends.size() == 1u);
  BOOST_TEST((ends.front().second.id == prep.id));
  BOOST_TEST((one.job().state == JobState::terminating));
  one.end(prep, 0, AttemptEnd::stopped);
  one.finish("rel");
  BOOST_TEST((one.job().state == JobState::completed));
  BOOST_TEST(one.only_node().preparation.failure.value().code == "TaskEnded");
}

BOOST_AUTO_TEST_CASE(a_lost_node_is_not_waited_for) {
  Prepared one(1);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  one.ask(TerminateJob{"j", {}, ""});
  BOOST_TEST(one.is_assigned("rel"));
  one.pass(std::chrono::seconds(40));  // the lease of its worker ends
  BOOST_TEST((one.job().state == JobState::completed));
  BOOST_TEST(one.only_node().release_skipped);
}

BOOST_AUTO_TEST_CASE(a_node_that_goes_takes_its_release_with_it) {
  Prepared one(1);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  one.ask(TerminateJob{"j", {}, ""});
  const Assignment release = one.take_assignment("rel");
  one.ask(DeletePool{"p", {}});
  one.end(release, 0, AttemptEnd::stopped);
  BOOST_TEST((one.job().state == JobState::completed));
  one.say(NodeReturned{release.node_id});
  BOOST_TEST(one.nodes_of_job().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_release_that_cannot_begin_is_given_up_in_time) {
  Prepared one(1);
  one.add(a_task().id("a"));
  one.finish("prep");
  one.finish("a");
  one.say(NodeStatus{one.only_node().node_id, 2, NodeState::starting, std::nullopt, {}});
  one.ask(TerminateJob{"j", {}, ""});
  BOOST_TEST(!one.is_assigned("rel"));
  for (int minute = 0; minute < 16; ++minute) {
    one.renew();
    one.pass(std::chrono::seconds(28));
    one.renew();
    one.pass(std::chrono::seconds(32));
  }
  BOOST_TEST((one.job().state == JobState::completed));
}

BOOST_AUTO_TEST_CASE(names_of_the_jobs_own_tasks_are_taken) {
  Prepared one;
  const auto refusal = [&](const std::string& id) {
    NewTask task;
    task.id = id;
    const Answer answer = one.ask(AddTasks{"j", {task}});
    return std::get<TasksAdded>(answer).outcomes.at(0).error.value().code;
  };
  BOOST_TEST((refusal("PREP") == ErrorCode::task_id_same_as_job_preparation_task));
  BOOST_TEST((refusal("Rel") == ErrorCode::task_id_same_as_job_release_task));
}

BOOST_AUTO_TEST_CASE(a_job_without_preparation_has_no_such_list) {
  OneShard one;
  one.connect_worker();
  one.make_pool("p", 1);
  one.make_job("plain", "p");
  BOOST_TEST((std::get<Error>(one.ask(ListJobNodes{"plain", {}})).code ==
              ErrorCode::job_preparation_task_not_specified));
  BOOST_TEST(std::holds_alternative<NotHere>(one.ask(ListJobNodes{"none", {}})));
}

BOOST_AUTO_TEST_CASE(the_list_is_paged_and_filtered) {
  Prepared one(3);
  for (int i = 0; i < 3; ++i) one.add(a_task());
  one.finish("prep");
  PageRequest page;
  page.entries_max = 2;
  const auto first = std::get<Page<JobNodeView>>(one.ask(ListJobNodes{"j", page}));
  BOOST_TEST(first.entries.size() == 2u);
  page.after = first.next.value();
  const auto second = std::get<Page<JobNodeView>>(one.ask(ListJobNodes{"j", page}));
  BOOST_TEST(second.entries.size() == 1u);
  BOOST_TEST(!second.next.has_value());
  page = {};
  page.filter = "jobPreparationTaskExecutionInfo/state eq 'completed'";
  BOOST_TEST(std::get<Page<JobNodeView>>(one.ask(ListJobNodes{"j", page})).entries.size() == 1u);
  page.filter = "jobReleaseTaskExecutionInfo/exitCode eq 0";
  BOOST_TEST(std::get<Page<JobNodeView>>(one.ask(ListJobNodes{"j", page})).entries.empty());
}

BOOST_AUTO_TEST_CASE(who_waits_survives_a_restart) {
  Prepared one(2);
  const std::string a = one.add(a_task());
  one.add(a_task());
  one.restart();
  BOOST_TEST((one.task(a).state == TaskState::preparing));
  BOOST_TEST(one.state().find_job("acct", "j")->nodes_busy.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
