#include "tests/worker/core/agent_harness.h"

namespace windlass::worker {
namespace {

struct StartedNode {
  AgentHarness h{1};
  std::string node;

  explicit StartedNode(std::int32_t retries, bool wait) {
    h.open();
    NodePlan plan = AgentHarness::plan();
    plan.start_task = StartTask{"/bin/prepare", {}, {}, std::nullopt, retries, wait};
    h.say(0, ClaimNodes{1, "small", 1, plan});
    node = h.one_said<ClaimAnswered>().nodes[0].node_id;
    h.lease();
    h.agent->node_made(node, std::nullopt, h.now, h.effects);
    h.step();
  }
  void one_try(std::int32_t exit_code) {
    const auto stage = h.one_work<StageIn>();
    BOOST_TEST(stage.folder == "startup");
    h.staged(stage.run);
    h.one_work<StartProcess>();
    h.ended(stage.run, exit_code);
    h.one_work<ForgetProcess>();
  }
  NodeStatus status() {
    auto all = h.take_said<NodeStatus>();
    BOOST_REQUIRE(!all.empty());
    return all.back();
  }
};

BOOST_AUTO_TEST_SUITE(worker_core_start_tasks)

BOOST_AUTO_TEST_CASE(a_node_waits_for_its_start_task) {
  StartedNode n(0, true);
  BOOST_TEST((n.status().state == NodeState::waitingforstarttask));
  n.one_try(0);
  const NodeStatus status = n.status();
  BOOST_TEST((status.state == NodeState::idle));
  BOOST_TEST((status.start_task_info->state == StartTaskState::completed));
  BOOST_TEST((status.start_task_info->result == ExecutionResult::success));
  BOOST_TEST(*status.start_task_info->exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_does_not_wait_takes_tasks_at_once) {
  StartedNode n(0, false);
  BOOST_TEST((n.status().state == NodeState::idle));
  const auto start = n.h.one_work<StageIn>();
  n.h.say(0, n.h.assignment(n.node, 1));
  BOOST_TEST(n.h.take_work<StageIn>().size() == 1u);
  n.h.staged(start.run);
  n.h.one_work<StartProcess>();
  n.h.ended(start.run, 1);
  const NodeStatus status = n.status();
  BOOST_TEST((status.state == NodeState::idle));
  BOOST_TEST((status.start_task_info->result == ExecutionResult::failure));
  BOOST_TEST(status.start_task_info->failure->code == "FailureExitCode");
}

BOOST_AUTO_TEST_CASE(retries_are_counted_and_end) {
  StartedNode n(2, true);
  n.one_try(1);
  n.one_try(1);
  BOOST_TEST(n.status().start_task_info->retry_count == 2);
  n.one_try(1);
  const NodeStatus status = n.status();
  BOOST_TEST((status.state == NodeState::starttaskfailed));
  BOOST_TEST(status.start_task_info->retry_count == 2);
  BOOST_REQUIRE_EQUAL(status.errors.size(), 1u);
  BOOST_TEST(status.errors[0].code == "StartTaskFailed");
  BOOST_TEST(n.h.take_work<StageIn>().empty());
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_had_are_not_tried_again) {
  StartedNode n(5, true);
  n.h.staged(n.h.one_work<StageIn>().run,
             FailureInfo{ErrorCategory::usererror, "BlobNotFound", "x", {}});
  const NodeStatus status = n.status();
  BOOST_TEST((status.state == NodeState::starttaskfailed));
  BOOST_TEST(status.start_task_info->failure->code == "BlobNotFound");
  BOOST_TEST(!status.start_task_info->exit_code.has_value());
}

BOOST_AUTO_TEST_CASE(a_lost_lease_repeats_the_try_without_counting_it) {
  StartedNode n(0, true);
  const RunId run = n.h.one_work<StageIn>().run;
  n.h.staged(run);
  n.h.one_work<StartProcess>();
  n.h.advance(std::chrono::seconds(30));
  n.h.one_work<StopProcess>();
  n.h.ended(run, 137, StopCause::lost);
  n.h.one_work<ForgetProcess>();
  BOOST_TEST(n.h.take_work<StageIn>().empty());  // not without a lease
  n.h.lease();
  n.one_try(0);
  const NodeStatus status = n.status();
  BOOST_TEST((status.state == NodeState::idle));
  BOOST_TEST(status.start_task_info->retry_count == 0);
}

BOOST_AUTO_TEST_CASE(a_start_task_goes_on_over_a_kill_of_the_worker) {
  StartedNode n(0, true);
  const RunId run = n.h.one_work<StageIn>().run;
  n.h.staged(run);
  n.h.one_work<StartProcess>();
  n.h.restart();
  BOOST_TEST(n.h.take_work<MakeNode>().empty());
  n.h.agent->guard_found({run}, n.h.now, n.h.effects);
  n.h.step();
  n.h.open();
  n.h.ended(run, 0);
  BOOST_TEST((n.status().state == NodeState::idle));
}

BOOST_AUTO_TEST_CASE(a_start_task_cut_by_a_kill_begins_anew) {
  StartedNode n(0, true);
  n.h.take_work<StageIn>();
  n.h.restart();
  n.h.one_work<MakeNode>();
  n.h.open();
  n.h.lease();
  n.h.agent->node_made(n.node, std::nullopt, n.h.now, n.h.effects);
  n.h.step();
  n.one_try(0);
  BOOST_TEST((n.status().state == NodeState::idle));
}

// Found by seed 1018 of the simulator: the worker could not start any more.
BOOST_AUTO_TEST_CASE(a_start_task_cut_by_a_restart_of_the_host_begins_anew) {
  StartedNode n(0, true);
  n.h.staged(n.h.one_work<StageIn>().run);
  n.h.one_work<StartProcess>();
  for (int life = 0; life < 2; ++life) {  // it may be killed before it has tidied up
    n.h.restart("boot-2");
    n.h.one_work<MakeNode>();
    n.h.agent->guard_found({}, n.h.now, n.h.effects);
    n.h.step();
  }
  n.h.open();
  n.h.lease();
  n.h.agent->node_made(n.node, std::nullopt, n.h.now, n.h.effects);
  n.h.step();
  n.one_try(0);
  BOOST_TEST((n.status().state == NodeState::idle));
}

BOOST_AUTO_TEST_CASE(a_node_without_folders_is_unusable) {
  AgentHarness h;
  h.open();
  h.say(0, ClaimNodes{1, "small", 1, AgentHarness::plan()});
  const std::string node = h.one_said<ClaimAnswered>().nodes[0].node_id;
  h.agent->node_made(node, FailureInfo{ErrorCategory::servererror, "DiskFull", "x", {}}, h.now,
                     h.effects);
  h.step();
  const auto status = h.one_said<NodeStatus>();
  BOOST_TEST((status.state == NodeState::unusable));
  BOOST_TEST(status.errors[0].code == "DiskFull");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
