#include "tests/support/one_shard.h"

using namespace windlass;
using namespace windlass::test;

namespace {

using Option = NodeDeallocationOption;

// A pool of one node with two slots and a task "a" that runs there.
struct Restarts : OneShard {
  Restarts() {
    connect_worker();
    make_pool("p", 1, 2);
    make_job("j", "p");
    add(a_task().id("a"));
    take_orders<ClaimNodes>();
  }
  Answer begin(NodeRestart kind, Option option = Option::requeue) {
    return ask(RestartNode{"P", "NODE1", kind, option});
  }
  NodeState state() { return node("node1").record.state; }
  void status(std::uint64_t boot, std::uint64_t restarts, NodeState said) {
    say(NodeStatus{"node1", boot, said, std::nullopt, {}, restarts});
  }
  ErrorCode refusal(const Answer& answer) {
    BOOST_TEST_REQUIRE(std::holds_alternative<Error>(answer));
    return std::get<Error>(answer).code;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_restarts)

BOOST_AUTO_TEST_CASE(a_reboot_requeues_uncounted_and_waits_for_the_last_process) {
  Restarts shard;
  BOOST_TEST(std::holds_alternative<Done>(shard.begin(NodeRestart::reboot)));
  BOOST_TEST((shard.state() == NodeState::rebooting));
  BOOST_TEST((shard.task("a").state == TaskState::active));
  BOOST_TEST(shard.task("a").requeue_count == 0);
  BOOST_TEST(shard.take_orders<BeginRestart>().empty());
  shard.end(shard.take_assignment("a"), 0, AttemptEnd::stopped);
  const auto orders = shard.take_orders<BeginRestart>();
  BOOST_TEST_REQUIRE(orders.size() == 1u);
  BOOST_TEST(orders[0].second.number == 1u);
  BOOST_TEST((orders[0].second.restart == NodeRestart::reboot));
  BOOST_TEST(!orders[0].second.after_retention);
  // Nothing is given to it before it is ready in its new boot, whatever the worker says of the old.
  shard.status(1, 0, NodeState::idle);
  BOOST_TEST((shard.state() == NodeState::rebooting));
  BOOST_TEST(shard.assigned().empty());
  shard.status(2, 1, NodeState::rebooting);
  shard.status(2, 1, NodeState::starting);
  BOOST_TEST((shard.state() == NodeState::starting));
  shard.status(2, 1, NodeState::idle);
  BOOST_TEST((shard.state() == NodeState::running));
  BOOST_TEST(shard.take_assignment("a").node_boot == 2u);
}

BOOST_AUTO_TEST_CASE(the_option_says_what_becomes_of_tasks) {
  {
    Restarts shard;
    shard.begin(NodeRestart::reimage, Option::terminate);
    BOOST_TEST((shard.task("a").state == TaskState::completed));
    BOOST_TEST(shard.task("a").failure->code == "TaskEnded");
    BOOST_TEST((shard.state() == NodeState::reimaging));
  }
  for (const Option option : {Option::taskcompletion, Option::retaineddata}) {
    Restarts shard;
    shard.begin(NodeRestart::deallocate, option);
    shard.add(a_task().id("b"));
    BOOST_TEST((shard.state() == NodeState::deallocating));
    BOOST_TEST((shard.task("a").state == TaskState::running));
    BOOST_TEST((shard.task("b").state == TaskState::active));
    shard.finish("a");
    BOOST_TEST((shard.task("a").result == ExecutionResult::success));
    const auto orders = shard.take_orders<BeginRestart>();
    BOOST_TEST_REQUIRE(orders.size() == 1u);
    BOOST_TEST(orders[0].second.after_retention == (option == Option::retaineddata));
    shard.status(2, 1, NodeState::deallocated);
    BOOST_TEST((shard.state() == NodeState::deallocated));
    BOOST_TEST((shard.task("b").state == TaskState::active));
  }
}

BOOST_AUTO_TEST_CASE(a_deallocated_node_only_starts) {
  Restarts shard;
  shard.finish("a");
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::start)) ==
              ErrorCode::operation_invalid_for_current_state));
  shard.begin(NodeRestart::deallocate);
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::start)) ==
              ErrorCode::operation_invalid_for_current_state));
  shard.status(2, 1, NodeState::deallocated);
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) ==
              ErrorCode::operation_invalid_for_current_state));
  shard.take_orders<BeginRestart>();
  BOOST_TEST(std::holds_alternative<Done>(shard.begin(NodeRestart::start)));
  BOOST_TEST((shard.state() == NodeState::starting));
  BOOST_TEST(shard.take_orders<BeginRestart>().at(0).second.number == 2u);
  shard.status(3, 2, NodeState::idle);
  BOOST_TEST((shard.state() == NodeState::idle));
}

BOOST_AUTO_TEST_CASE(who_restarts_already_refuses_by_what_it_does) {
  Restarts shard;
  shard.begin(NodeRestart::reboot);
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) == ErrorCode::node_being_rebooted));
  shard.end(shard.take_assignment("a"), 0, AttemptEnd::stopped);
  shard.status(2, 1, NodeState::waitingforstarttask);
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) == ErrorCode::node_being_started));
  shard.status(2, 1, NodeState::starttaskfailed);
  BOOST_TEST(std::holds_alternative<Done>(shard.begin(NodeRestart::reimage)));
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) == ErrorCode::node_being_reimaged));
  BOOST_TEST(
      (shard.refusal(shard.ask(RestartNode{"p", "x", {}, {}})) == ErrorCode::node_not_found));
  BOOST_TEST(
      (shard.refusal(shard.ask(RestartNode{"x", "node1", {}, {}})) == ErrorCode::pool_not_found));
  shard.pass(std::chrono::seconds(40));  // its worker's lease ends
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) == ErrorCode::node_not_ready));
  shard.pass(std::chrono::minutes(4));
  BOOST_TEST((shard.state() == NodeState::unusable));
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) == ErrorCode::node_state_unusable));
}

BOOST_AUTO_TEST_CASE(a_restart_survives_the_scheduler_and_is_asked_for_again) {
  Restarts shard;
  shard.finish("a");
  shard.begin(NodeRestart::reimage);
  shard.take_orders<BeginRestart>();
  shard.restart();  // kill -9
  BOOST_TEST((shard.state() == NodeState::reimaging));
  shard.connect_worker();
  BOOST_TEST(shard.take_orders<BeginRestart>().size() == 1u);
  // The host was started meanwhile: that raised the boot and wiped nothing.
  shard.held()[OneShard::kWorker][0].boot = 2;
  shard.connect_worker();
  BOOST_TEST((shard.state() == NodeState::reimaging));
  const auto again = shard.take_orders<BeginRestart>();
  BOOST_TEST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.number == 1u);
  shard.status(3, 1, NodeState::idle);
  BOOST_TEST((shard.state() == NodeState::idle));
  shard.held()[OneShard::kWorker][0] = {"node1", 1, 3, NodeState::idle, 1};
  shard.connect_worker();
  BOOST_TEST(shard.take_orders<BeginRestart>().empty());
}

BOOST_AUTO_TEST_CASE(the_pools_start_task_of_now_comes_with_the_restart) {
  Restarts shard;
  shard.finish("a");
  ReplacePoolProperties replace;
  replace.pool_id = "p";
  replace.start_task = StartTask{};
  replace.start_task->command_line = "new";
  replace.metadata = {{"k", "v"}};
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(replace)));
  shard.begin(NodeRestart::reboot);
  BOOST_TEST(shard.take_orders<BeginRestart>().at(0).second.plan.start_task->command_line == "new");
  replace.start_task.reset();
  replace.metadata.clear();
  shard.ask(replace);
  BOOST_TEST(!shard.pool().record.spec.start_task.has_value());
  BOOST_TEST(shard.pool().record.spec.metadata.empty());
}

BOOST_AUTO_TEST_CASE(a_restarting_node_may_be_removed) {
  Restarts shard;
  shard.begin(NodeRestart::reboot, Option::taskcompletion);
  BOOST_TEST(std::holds_alternative<Done>(
      shard.ask(RemoveNodes{"p", {}, {"node1"}, std::nullopt, Option::requeue})));
  shard.end(shard.take_assignment("a"), 0, AttemptEnd::stopped);
  BOOST_TEST(shard.take_orders<BeginRestart>().empty());
  BOOST_TEST(shard.take_orders<ReturnNode>().size() == 1u);
  BOOST_TEST((shard.refusal(shard.begin(NodeRestart::reboot)) ==
              ErrorCode::operation_invalid_for_current_state));
  shard.say(NodeReturned{"node1"});
  BOOST_TEST(shard.pool().current_dedicated_nodes == 0);
}

BOOST_AUTO_TEST_CASE(the_scheduling_stays_disabled) {
  Restarts shard;
  shard.finish("a");
  shard.ask(DisableNodeScheduling{"p", "node1", {}});
  shard.begin(NodeRestart::reboot);
  shard.status(2, 1, NodeState::idle);
  BOOST_TEST((shard.state() == NodeState::offline));
}

BOOST_AUTO_TEST_CASE(disabling_the_scheduling_requeues_uncounted) {
  Restarts shard;
  shard.ask(DisableNodeScheduling{"p", "node1", NodeDisableSchedulingOption::requeue});
  BOOST_TEST((shard.task("a").state == TaskState::active));
  BOOST_TEST(shard.task("a").requeue_count == 0);
}

BOOST_AUTO_TEST_CASE(a_node_tells_of_its_recent_tasks_and_its_agent) {
  Restarts shard;
  shard.finish("a");
  for (int i = 0; i < 12; ++i) shard.finish(shard.add(a_task().id("n" + std::to_string(i))));
  shard.add(a_task().id("now"));
  const NodeView view = shard.node("node1");
  BOOST_TEST_REQUIRE(view.recent_tasks.size() == kRecentTasksMax);
  BOOST_TEST(view.recent_tasks[0].task.id == "now");
  BOOST_TEST((view.recent_tasks[0].task.state == TaskState::running));
  BOOST_TEST(view.recent_tasks[1].task.id == "n11");
  BOOST_TEST((view.recent_tasks[1].task.result == ExecutionResult::success));
  BOOST_TEST(view.recent_tasks[1].job_id == "j");
  shard.ask(DeleteTask{"j", "n11", {}});
  BOOST_TEST(shard.node("node1").recent_tasks[1].task.id == "n10");
  shard.restart();
  Resync resync = shard.resync_of(OneShard::kWorker);
  resync.agent_version = "9.9";
  shard.give(scheduler::WorkerConnected{OneShard::kWorker, 5});
  shard.say(resync);
  BOOST_TEST(shard.node("node1").record.agent_version == "9.9");
  BOOST_TEST(shard.node("node1").recent_tasks.size() == kRecentTasksMax - 1);
}

BOOST_AUTO_TEST_SUITE_END()
