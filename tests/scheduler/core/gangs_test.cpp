#include "scheduler/core/gangs.h"

#include "scheduler/core/attempts.h"
#include "tests/support/one_shard.h"

#include <set>

namespace windlass::scheduler {

namespace {

using test::a_task;
using test::OneShard;
using test::TaskBuilder;

constexpr std::uint64_t kOther = 78;  // a second worker

// A pool of `nodes` nodes in which multi-instance tasks can run, half of them of a second worker if
// there are `workers`.
struct Gangs : OneShard {
  explicit Gangs(std::int32_t nodes = 3, JobSpec job = {}, int workers = 1) {
    if (workers == 1) {
      connect_worker();
    } else {
      connect_worker((nodes + 1) / 2);
      connect_worker(nodes / 2, kOther);
    }
    make_pool("p", nodes, 1, NodeFillType::spread, true);
    make_job("j", "p", std::move(job));
  }

  // Assignments of the task that were not reported, in the order of their instances.
  std::vector<Assignment> instances(const std::string& task) {
    std::vector<Assignment> found;
    for (const Assignment& assignment : assigned()) {
      if (assignment.task_id == task) found.push_back(assignment);
    }
    std::erase_if(assigned(), [&](const Assignment& a) { return a.task_id == task; });
    return found;
  }
  void ready(const Assignment& assignment, std::uint64_t worker = kWorker) {
    say(InstanceReady{assignment.id}, worker);
  }
  void all_ready(const std::vector<Assignment>& assignments) {
    for (const Assignment& assignment : assignments) ready(assignment);
  }
  // What is told to end is reported as stopped.
  void obey(std::uint64_t worker = kWorker) {
    for (const auto& [to, order] : take_orders<EndAttempt>()) {
      AttemptEnded report;
      report.id = order.id;
      report.end = AttemptEnd::stopped;
      report.end_time = now().wall;
      say(report, to == 0 ? worker : to);
    }
  }
  void fail_coordination(const Assignment& assignment, std::int32_t exit_code) {
    AttemptEnded report;
    report.id = assignment.id;
    report.end = AttemptEnd::coordination_failed;
    report.start_time = now().wall;
    report.end_time = now().wall;
    report.exit_code = exit_code;
    say(report);
  }
  std::size_t begun() { return take_orders<BeginCommand>().size(); }
  int running_on(const std::string& node_id) { return node(node_id).running_tasks; }
};

TaskBuilder gang(std::int32_t instances) {
  TaskBuilder builder;
  builder.task.instances = instances;
  return builder;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_gangs)

BOOST_AUTO_TEST_CASE(all_nodes_at_once_and_the_command_when_all_are_ready) {
  Gangs one(3);
  const std::string task = one.add(gang(3));
  const TaskRecord record = one.task(task);
  BOOST_TEST((record.state == TaskState::running));
  BOOST_TEST_REQUIRE(record.subtasks.size() == 2u);
  std::set<std::string> nodes{record.node->node_id};
  for (const Subtask& subtask : record.subtasks) {
    BOOST_TEST((subtask.state == SubtaskState::running));
    BOOST_TEST(subtask.start_time.has_value());
    nodes.insert(subtask.node.node_id);
  }
  BOOST_TEST(nodes.size() == 3u);

  const auto instances = one.instances(task);
  BOOST_TEST_REQUIRE(instances.size() == 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(instances[i].instance->number == static_cast<std::int32_t>(i));
    BOOST_TEST(instances[i].instance->addresses.size() == 3u);
    BOOST_TEST(instances[i].required_slots == 1);
    BOOST_TEST(instance_number(instances[i].id.task) == static_cast<std::int32_t>(i));
    BOOST_TEST((task_of_instance(instances[i].id.task) == record.key));
  }
  one.ready(instances[2]);
  one.ready(instances[0]);
  BOOST_TEST(one.begun() == 0u);
  one.ready(instances[2]);  // said twice
  BOOST_TEST(one.begun() == 0u);
  one.ready(instances[1]);
  const auto begin = one.take_orders<BeginCommand>();
  BOOST_TEST_REQUIRE(begin.size() == 1u);
  BOOST_TEST((begin[0].second.id == instances[0].id));
  BOOST_TEST(one.job().counts.tasks.running == 1);
  BOOST_TEST(one.job().counts.slots.running == 1);

  one.end(instances[0]);
  const TaskRecord after = one.task(task);
  BOOST_TEST((after.result == ExecutionResult::success));
  for (const Subtask& subtask : after.subtasks) {
    BOOST_TEST((subtask.state == SubtaskState::completed));
    BOOST_TEST(subtask.exit_code.value() == 0);
    BOOST_TEST((subtask.result == ExecutionResult::success));
  }
  // Their nodes are free when nothing of them is left.
  const std::string next = one.add(gang(2));
  BOOST_TEST((one.task(next).state == TaskState::active));
  one.obey();
  BOOST_TEST((one.task(next).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(one_instance_is_a_gang_of_its_own) {
  Gangs one(1);
  const std::string task = one.add(gang(1));
  const auto instances = one.instances(task);
  BOOST_TEST_REQUIRE(instances.size() == 1u);
  one.ready(instances[0]);
  BOOST_TEST(one.begun() == 1u);
  one.end(instances[0], 0);
  BOOST_TEST((one.task(task).result == ExecutionResult::success));
  BOOST_TEST(one.task(task).subtasks.empty());
}

BOOST_AUTO_TEST_CASE(it_begins_only_in_pools_for_it_and_with_all_its_nodes) {
  OneShard plain;
  plain.connect_worker();
  plain.make_pool("p", 3);
  plain.make_job("j", "p");
  const std::string elsewhere = plain.add(gang(2));
  const std::string narrow = plain.add(a_task());
  BOOST_TEST((plain.task(elsewhere).state == TaskState::active));
  BOOST_TEST((plain.task(narrow).state == TaskState::running));

  Gangs one(2);
  const std::string wide = one.add(gang(3));
  const std::string fits = one.add(gang(2));
  BOOST_TEST((one.task(wide).state == TaskState::active));
  BOOST_TEST((one.task(fits).state == TaskState::running));  // is not held back by what never fits
}

BOOST_AUTO_TEST_CASE(a_failed_coordination_command_costs_a_retry_of_the_whole) {
  Gangs one(3);
  const std::string task = one.add(gang(3).retried(1));
  auto instances = one.instances(task);
  one.ready(instances[0]);
  one.fail_coordination(instances[2], 4);
  TaskRecord record = one.task(task);
  BOOST_TEST((record.state == TaskState::active));
  BOOST_TEST(record.retry_count == 1);
  BOOST_TEST(record.subtasks.empty());
  BOOST_TEST(one.instances(task).empty());  // not before the others have ended
  one.obey();
  instances = one.instances(task);
  BOOST_TEST_REQUIRE(instances.size() == 3u);
  BOOST_TEST(instances[1].id.attempt == 2u);
  one.fail_coordination(instances[1], 5);
  record = one.task(task);
  BOOST_TEST((record.state == TaskState::completed));
  BOOST_TEST(!record.exit_code.has_value());
  BOOST_TEST(record.failure->code == "CoordinationCommandFailed");
  BOOST_TEST(record.failure->details.back().value == "1");
  BOOST_TEST(record.subtasks[0].exit_code.value() == 5);
  BOOST_TEST((record.subtasks[0].result == ExecutionResult::failure));
  BOOST_TEST(record.subtasks[1].failure->code == "TaskEnded");
  one.obey();
  BOOST_TEST(one.state().lingering.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_begin_fails_without_a_retry) {
  Gangs one(2);
  ExitRule rule{ExitCondition::pre_processing_error, 0, 0, {}, DependencyAction::satisfy};
  const std::string task = one.add(gang(2).retried(3).rule(rule));
  const auto instances = one.instances(task);
  AttemptEnded report;
  report.id = instances[1].id;
  report.end = AttemptEnd::not_started;
  report.end_time = one.now().wall;
  report.failure = FailureInfo{ErrorCategory::usererror, "CommandProgramNotFound", "no such", {}};
  one.say(report);
  const TaskRecord record = one.task(task);
  BOOST_TEST((record.state == TaskState::completed));
  BOOST_TEST(record.failure->code == "CommandProgramNotFound");
  BOOST_TEST(record.failure->details.back().name == "SubtaskId");
  BOOST_TEST(record.satisfies_dependents);
}

// Found by seed 359 of the simulator: it was judged as if the task could not be prepared.
BOOST_AUTO_TEST_CASE(an_instance_whose_time_is_up_ends_the_task_by_its_time) {
  Gangs one(2);
  ExitRule rule{ExitCondition::pre_processing_error, 0, 0, {}, DependencyAction::satisfy};
  const std::string task = one.add(gang(2).rule(rule));
  AttemptEnded report;
  report.id = one.instances(task)[1].id;
  report.end = AttemptEnd::wall_clock;
  report.end_time = one.now().wall;
  report.failure = task_ended("too long");
  one.say(report);
  const TaskRecord record = one.task(task);
  BOOST_TEST((record.state == TaskState::completed));
  BOOST_TEST(record.failure.value().code == "TaskEnded");
  BOOST_TEST(!record.satisfies_dependents);
}

BOOST_AUTO_TEST_CASE(the_exit_code_of_the_command_is_the_tasks) {
  Gangs one(2);
  const std::string task = one.add(gang(2).retried(1));
  auto instances = one.instances(task);
  one.all_ready(instances);
  one.end(instances[0], 7);
  BOOST_TEST(one.task(task).retry_count == 1);
  one.obey();
  instances = one.instances(task);
  one.all_ready(instances);
  one.end(instances[0], 8);
  BOOST_TEST(one.task(task).exit_code.value() == 8);
  BOOST_TEST(one.task(task).failure->code == "FailureExitCode");
  BOOST_TEST((one.task(task).subtasks[0].result == ExecutionResult::success));
}

BOOST_AUTO_TEST_CASE(a_lost_instance_requeues_the_whole_when_the_rest_has_ended) {
  Gangs one(4, {}, 2);
  const std::string task = one.add(gang(4));
  const auto instances = one.instances(task);
  BOOST_TEST_REQUIRE(instances.size() == 4u);
  one.take_orders<EndAttempt>();
  // The second worker is gone for good.
  for (int i = 0; i < 5; ++i) {
    one.pass(std::chrono::seconds(10));
    one.renew();
  }
  BOOST_TEST((one.task(task).state == TaskState::active));
  BOOST_TEST(one.task(task).retry_count == 0);
  BOOST_TEST(one.state().lingering.size() == 2u);  // those of the worker that is there
  one.obey();
  BOOST_TEST(one.state().lingering.empty());
  BOOST_TEST(one.instances(task).empty());  // two nodes are too few
  one.held()[kOther].clear();
  one.connect_worker(2, kOther);
  one.grant_claims();
}

BOOST_AUTO_TEST_CASE(who_ends_the_task_ends_all_instances) {
  Gangs one(3);
  const std::string terminated = one.add(gang(3));
  auto instances = one.instances(terminated);
  one.ready(instances[1]);
  BOOST_TEST(std::holds_alternative<Done>(one.ask(TerminateTask{"j", terminated, {}})));
  const TaskRecord record = one.task(terminated);
  BOOST_TEST((record.state == TaskState::completed));
  BOOST_TEST(record.failure->code == "TaskEnded");
  BOOST_TEST((record.subtasks[0].result == ExecutionResult::success));
  BOOST_TEST(record.subtasks[1].failure->code == "TaskEnded");
  BOOST_TEST(one.state().lingering.size() == 3u);
  one.obey();

  const std::string deleted = one.add(gang(3));
  instances = one.instances(deleted);
  BOOST_TEST(std::holds_alternative<Done>(one.ask(DeleteTask{"j", deleted, {}})));
  const auto orders = one.take_orders<EndAttempt>();
  BOOST_TEST_REQUIRE(orders.size() == 3u);
  for (const auto& [worker, order] : orders) BOOST_TEST(order.delete_folder);
  for (const Assignment& assignment : instances) one.end(assignment, 0, AttemptEnd::stopped);
  BOOST_TEST(one.state().lingering.empty());

  const std::string disabled = one.add(gang(3));
  BOOST_TEST(one.instances(disabled).size() == 3u);
  BOOST_TEST(std::holds_alternative<Done>(one.ask(DisableJob{"j", {}, DisableTasks::requeue})));
  BOOST_TEST((one.job().state == JobState::disabling));
  one.obey();
  BOOST_TEST((one.job().state == JobState::disabled));
  BOOST_TEST(one.task(disabled).requeue_count == 1);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_to_be_empty_requeues_the_whole) {
  Gangs one(3);
  const std::string task = one.add(gang(3));
  const std::string subtask_node = one.task(task).subtasks[1].node.node_id;
  BOOST_TEST(one.running_on(subtask_node) == 1);
  BOOST_TEST(std::holds_alternative<Done>(
      one.ask(DisableNodeScheduling{"p", subtask_node, NodeDisableSchedulingOption::requeue})));
  BOOST_TEST((one.task(task).state == TaskState::active));
  one.obey();
  BOOST_TEST(one.running_on(subtask_node) == 0);
  BOOST_TEST((one.task(task).state == TaskState::active));
  BOOST_TEST(std::holds_alternative<Done>(one.ask(EnableNodeScheduling{"p", subtask_node})));
  BOOST_TEST((one.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(all_nodes_are_prepared_first) {
  JobSpec job;
  job.preparation_task = JobPreparationTask{};
  job.preparation_task->document = "prepare";
  job.release_task = JobReleaseTask{};
  job.release_task->document = "release";
  Gangs one(2, job);
  const std::string task = one.add(gang(2));
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  BOOST_TEST((one.task(task).subtasks[0].state == SubtaskState::preparing));
  auto preparations = one.instances("jobpreparation");
  BOOST_TEST_REQUIRE(preparations.size() == 2u);
  one.end(preparations[0]);
  BOOST_TEST((one.task(task).state == TaskState::preparing));
  one.end(preparations[1], 3);  // shuts that node out
  BOOST_TEST((one.task(task).state == TaskState::active));
  BOOST_TEST(one.task(task).subtasks.empty());
  BOOST_TEST(one.instances(task).empty());

  Gangs other(2, job);
  const std::string well = other.add(gang(2));
  preparations = other.instances("jobpreparation");
  other.end(preparations[1]);
  other.end(preparations[0]);
  BOOST_TEST((other.task(well).state == TaskState::running));
  BOOST_TEST((other.task(well).subtasks[0].state == SubtaskState::running));
  const auto instances = other.instances(well);
  BOOST_TEST_REQUIRE(instances.size() == 2u);
  other.all_ready(instances);
  // The nodes are released when nothing of the task is left there.
  BOOST_TEST(std::holds_alternative<Done>(other.ask(TerminateJob{"j", {}, "x"})));
  BOOST_TEST(other.instances("jobrelease").empty());
  other.obey();
  BOOST_TEST(other.instances("jobrelease").size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_worker_that_lost_its_instance_is_noticed_at_its_resync) {
  Gangs one(3);
  const std::string task = one.add(gang(3));
  const auto instances = one.instances(task);
  one.all_ready(instances);
  one.take_orders<BeginCommand>();
  one.restart();
  one.give(WorkerConnected{OneShard::kWorker, 5});
  Resync resync = one.resync_of(OneShard::kWorker);
  resync.running = {instances[0].id, instances[1].id, instances[2].id};
  one.say(resync);
  BOOST_TEST((one.task(task).state == TaskState::running));
  BOOST_TEST(one.begun() == 1u);  // said again

  one.restart();
  one.give(WorkerConnected{OneShard::kWorker, 6});
  resync.running = {instances[0].id, instances[1].id};
  one.say(resync);
  BOOST_TEST((one.task(task).state == TaskState::active));
  BOOST_TEST(one.state().lingering.size() == 2u);
  one.obey();
  BOOST_TEST((one.task(task).state == TaskState::running));
  BOOST_TEST(one.task(task).attempt == 2u);
}

BOOST_AUTO_TEST_CASE(words_of_earlier_attempts_and_of_strangers_change_nothing) {
  Gangs one(2);
  const std::string task = one.add(gang(2).retried(5));
  const auto first = one.instances(task);
  one.fail_coordination(first[1], 1);
  one.obey();
  const auto second = one.instances(task);
  one.ready(second[0]);
  one.ready(first[1]);
  one.say(InstanceReady{second[1].id}, 79);  // another worker's
  AttemptId beyond = second[1].id;
  beyond.task = instance_key(task_of_instance(beyond.task), 7);
  one.say(InstanceReady{beyond});
  BOOST_TEST(one.begun() == 0u);
  one.fail_coordination(first[1], 1);
  BOOST_TEST(one.task(task).retry_count == 1);
  one.ready(second[1]);
  BOOST_TEST(one.begun() == 1u);
}

// With the null executor every instance ends at once.
BOOST_AUTO_TEST_CASE(a_subtask_that_leaves_nothing_behind_is_ready_and_gone) {
  Gangs one(2);
  const std::string task = one.add(gang(2));
  const auto instances = one.instances(task);
  one.end(instances[1], 0);
  BOOST_TEST((one.task(task).subtasks[0].state == SubtaskState::completed));
  BOOST_TEST((one.task(task).state == TaskState::running));
  const std::string other = one.add(a_task());
  BOOST_TEST((one.task(other).state == TaskState::running));  // its node is free again
  one.ready(instances[0]);
  BOOST_TEST(one.begun() == 1u);
  one.end(instances[0], 0);
  BOOST_TEST((one.task(task).result == ExecutionResult::success));
  BOOST_TEST(one.state().lingering.empty());
}

BOOST_AUTO_TEST_CASE(nodes_are_left_to_it_once_it_was_passed_often_enough) {
  Gangs one(3);
  one.make_job("singles", "p");
  for (int i = 0; i < 3; ++i) one.add(a_task().id("s" + std::to_string(i)), "singles");
  const std::string task = one.add(gang(3));
  for (int i = 3; i < 20; ++i) one.add(a_task().id("s" + std::to_string(i)), "singles");
  // Singles end one after the other: at first the next ones have their nodes.
  int begun = 3;
  for (int i = 0; i < 6 && one.task(task).state == TaskState::active; ++i) {
    one.finish("s" + std::to_string(i));
    begun = static_cast<int>(one.job("singles").counts.tasks.running) + i + 1;
  }
  BOOST_TEST((one.task(task).state == TaskState::running));
  BOOST_TEST(begun == 6);  // three have passed it
  BOOST_TEST(one.job("singles").counts.tasks.active == 14);
}

BOOST_AUTO_TEST_CASE(nodes_are_left_to_nobody_who_cannot_have_them_and_not_by_more_urgent_work) {
  Gangs one(2);
  const std::string wide = one.add(gang(3));  // the pool has two
  one.make_job("singles", "p");
  for (int i = 0; i < 12; ++i) one.add(a_task().id("s" + std::to_string(i)), "singles");
  for (int i = 0; i < 12; ++i) one.finish("s" + std::to_string(i));
  BOOST_TEST(one.job("singles").counts.tasks.succeeded == 12);
  BOOST_TEST((one.task(wide).state == TaskState::active));

  Gangs other(2);
  other.make_job("singles", "p");
  other.add(a_task().id("s0"), "singles");
  other.add(a_task().id("s1"), "singles");
  const std::string task = other.add(gang(2));
  JobSpec urgent;
  urgent.priority = 5;
  other.make_job("urgent", "p", urgent);
  for (int i = 0; i < 8; ++i) other.add(a_task().id("u" + std::to_string(i)), "urgent");
  other.finish("s0");
  other.finish("s1");
  for (int i = 0; i < 8; ++i) {
    BOOST_TEST((other.task(task).state == TaskState::active));
    other.finish("u" + std::to_string(i));
  }
  BOOST_TEST((other.task(task).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(one_gang_at_a_time_is_waited_for) {
  Gangs one(4);
  one.make_job("k", "p");
  one.make_job("singles", "p");
  for (int i = 0; i < 4; ++i) one.add(a_task().id("s" + std::to_string(i)), "singles");
  const std::string all = one.add(gang(4), "j");
  const std::string half = one.add(gang(2), "k");
  for (int i = 4; i < 30; ++i) one.add(a_task().id("s" + std::to_string(i)), "singles");
  int ended = 0;
  while (one.task(all).state == TaskState::active && ended < 20)
    one.finish("s" + std::to_string(ended++));
  BOOST_TEST((one.task(all).state == TaskState::running));
  BOOST_TEST(ended <= 8);
  auto instances = one.instances(all);
  one.all_ready(instances);
  one.end(instances[0], 0);
  one.obey();
  while (one.task(half, "k").state == TaskState::active && ended < 26)
    one.finish("s" + std::to_string(ended++));
  BOOST_TEST((one.task(half, "k").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_pool_that_was_patched_and_one_of_the_jobs_own_can_hold_it) {
  OneShard one;
  one.connect_worker();
  one.make_pool("p", 0);
  one.make_job("j", "p");
  const std::string task = one.add(gang(2));
  PatchPool patch;
  patch.pool_id = "p";
  patch.enable_inter_node_communication = true;
  BOOST_TEST(std::holds_alternative<Done>(one.ask(patch)));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 2;
  BOOST_TEST(std::holds_alternative<Done>(one.ask(resize)));
  one.grant_claims();
  BOOST_TEST((one.task(task).state == TaskState::running));

  JobSpec job;
  job.id = "own";
  job.auto_pool = AutoPoolSpec{"auto", PoolLifetime::job, false, PoolSpec{}};
  job.auto_pool->pool->vm_size = "any";
  job.auto_pool->pool->target_dedicated_nodes = 2;
  job.auto_pool->pool->enable_inter_node_communication = true;
  BOOST_TEST(std::holds_alternative<JobMadeAt>(one.ask(AddJob{job})));
  one.grant_claims();
  const std::string other = one.add(gang(2), "own");
  BOOST_TEST((one.task(other, "own").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(its_nodes_say_what_they_run) {
  Gangs one(2);
  const std::string task = one.add(gang(2));
  const TaskRecord record = one.task(task);
  const NodeView primary = one.node(record.node->node_id);
  const NodeView other = one.node(record.subtasks[0].node.node_id);
  BOOST_TEST((other.record.state == NodeState::running));
  BOOST_TEST(other.running_tasks == 1);
  BOOST_TEST_REQUIRE(other.recent_tasks.size() == 1u);
  BOOST_TEST(other.recent_tasks[0].subtask == 1);
  BOOST_TEST(other.recent_tasks[0].task.id == task);
  BOOST_TEST(primary.recent_tasks[0].subtask == 0);
  BOOST_TEST(one.state().jobs.begin()->second.record.counts.tasks.running == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
