#include "tests/support/one_shard.h"

namespace windlass::scheduler {

namespace {

using test::a_task;
using test::OneShard;

struct Managed : OneShard {
  explicit Managed(JobManagerTask manager = {}, std::int32_t nodes = 1, SlotCount slots = 2) {
    connect_worker();
    make_pool("p", nodes, slots);
    make_managed(std::move(manager));
  }
  void make_managed(JobManagerTask manager) {
    manager.task.id = "boss";
    manager.task.document = "manage";
    JobSpec spec;
    spec.manager_task = manager;
    make_job("j", "p", spec);
  }
};

JobManagerTask manager(bool kills, bool alone = true) {
  JobManagerTask task;
  task.kill_job_on_completion = kills;
  task.run_exclusive = alone;
  return task;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_job_manager)

BOOST_AUTO_TEST_CASE(the_manager_is_made_with_its_job_and_starts_first) {
  Managed one;
  const Assignment assignment = one.take_assignment("boss");
  BOOST_TEST(assignment.document == "manage");
  BOOST_TEST((one.task("boss").state == TaskState::running));
  BOOST_TEST(one.job().counts.tasks.running == 1);
  BOOST_TEST(one.job().next_task == 2u);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_manager_ends_the_job_whatever_its_exit_code) {
  for (const std::int32_t exit_code : {0, 5}) {
    Managed one(manager(true, false));
    const std::string other = one.add(a_task());
    one.finish("boss", exit_code);
    BOOST_TEST((one.job().state == JobState::terminating));
    BOOST_TEST(one.job().terminate_reason == "JMComplete");
    BOOST_TEST(one.task(other).failure.value().code == "TaskEnded");
    one.end(one.take_assignment(other), 0, AttemptEnd::stopped);
    BOOST_TEST((one.job().state == JobState::completed));
  }
}

BOOST_AUTO_TEST_CASE(retries_come_before_the_end) {
  JobManagerTask retried = manager(true);
  retried.task.retries_max = 1;
  Managed one(retried);
  one.finish("boss", 1);
  BOOST_TEST((one.job().state == JobState::active));
  one.finish("boss", 1);
  BOOST_TEST(one.job().terminate_reason == "JMComplete");
}

BOOST_AUTO_TEST_CASE(a_manager_that_does_not_kill_can_be_reactivated) {
  Managed one(manager(false));
  one.finish("boss", 1);
  BOOST_TEST((one.job().state == JobState::active));
  BOOST_TEST(std::holds_alternative<Done>(one.ask(ReactivateTask{"j", "boss", {}})));
  BOOST_TEST((one.task("boss").state == TaskState::running));
  one.finish("boss");
  BOOST_TEST((one.job().state == JobState::active));
}

BOOST_AUTO_TEST_CASE(a_terminated_manager_ends_the_job) {
  Managed one(manager(true));
  one.ask(TerminateTask{"j", "boss", {}});
  BOOST_TEST(one.job().terminate_reason == "JMComplete");
}

BOOST_AUTO_TEST_CASE(all_tasks_complete_counts_the_manager) {
  OneShard one;
  one.connect_worker();
  one.make_pool("p", 1);
  JobSpec spec;
  spec.manager_task = manager(false);
  spec.manager_task->task.id = "boss";
  spec.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  one.make_job("j", "p", spec);
  one.pass(std::chrono::seconds(20));  // it is not empty: no grace ends it
  BOOST_TEST((one.job().state == JobState::active));
  one.finish("boss");
  BOOST_TEST(one.job().terminate_reason == "AllTasksComplete");
}

BOOST_AUTO_TEST_CASE(a_manager_that_runs_alone_has_the_node_to_itself) {
  Managed one(manager(true), 1, 4);
  const Assignment assignment = one.take_assignment("boss");
  BOOST_TEST(assignment.required_slots == 4);
  const std::string other = one.add(a_task());
  BOOST_TEST((one.task(other).state == TaskState::active));
  BOOST_TEST(one.task("boss").required_slots == 1);
  BOOST_TEST(one.job().counts.slots.running == 1);
  one.restart();
  one.give(WorkerConnected{OneShard::kWorker, 5});
  Resync resync = one.resync_of(OneShard::kWorker);
  resync.running = {assignment.id};
  one.say(resync);
  BOOST_TEST((one.task(other).state == TaskState::active));
  one.ask(DisableJob{"j", {}, DisableTasks::requeue});
  one.ask(EnableJob{"j", {}});
  BOOST_TEST((one.task("boss").state == TaskState::active));  // its old attempt lingers
  one.end(assignment, 0, AttemptEnd::stopped);
  BOOST_TEST((one.task("boss").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_manager_that_waits_for_a_whole_node_holds_back_nobody) {
  OneShard one;
  one.connect_worker();
  one.make_pool("p", 1, 2);
  one.make_job("busy", "p");
  const std::string running = one.add(a_task(), "busy");
  JobSpec spec;
  spec.manager_task = manager(true);
  spec.manager_task->task.id = "boss";
  one.make_job("j", "p", spec);
  BOOST_TEST((one.task("boss").state == TaskState::active));
  const std::string beside = one.add(a_task());
  BOOST_TEST((one.task(beside).state == TaskState::running));
  one.finish(running);
  BOOST_TEST((one.task("boss").state == TaskState::active));
  one.finish(beside);
  BOOST_TEST((one.task("boss").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_manager_may_shun_spot_nodes) {
  OneShard one;
  one.give(WorkerConnected{OneShard::kWorker, 5});
  one.say(RenewLease{1, 0});
  one.say(one.resync_of(OneShard::kWorker));
  one.say(OffersFree{{{"*", false, 4}}});
  PoolSpec pool;
  pool.id = "p";
  pool.vm_size = "any";
  pool.target_spot_nodes = 1;
  one.ask(AddPool{pool});
  one.grant_claims();
  JobSpec spec;
  spec.manager_task = manager(true);
  spec.manager_task->task.id = "boss";
  spec.manager_task->allow_spot_node = false;
  one.make_job("j", "p", spec);
  BOOST_TEST((one.task("boss").state == TaskState::active));
  const std::string other = one.add(a_task());
  BOOST_TEST((one.task(other).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(nodes_with_a_manager_go_last) {
  OneShard one;
  one.connect_worker();
  one.make_pool("p", 2, 4);
  JobSpec spec;
  spec.manager_task = manager(true, true);
  spec.manager_task->task.id = "boss";
  one.make_job("j", "p", spec);
  const std::string node = one.task("boss").node.value().node_id;
  one.make_job("k", "p");
  for (int i = 0; i < 3; ++i) one.add(a_task(), "k");
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 1;
  one.ask(resize);
  BOOST_TEST((one.task("boss").state == TaskState::running));
  BOOST_TEST(!one.node(node).record.draining);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
