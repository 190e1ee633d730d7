#include "tests/support/one_shard.h"

using namespace windlass;
using namespace windlass::test;

BOOST_AUTO_TEST_SUITE(scheduler_core_pools)

BOOST_AUTO_TEST_CASE(a_pool_claims_offers_and_becomes_steady) {
  OneShard shard;
  shard.connect_worker(8);
  PoolSpec spec;
  spec.id = "p";
  spec.target_dedicated_nodes = 3;
  shard.ask(AddPool{spec});
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::resizing));
  shard.grant_claims();
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
  BOOST_TEST(shard.pool().current_dedicated_nodes == 3);
  BOOST_TEST(shard.pool().record.resize_errors.empty());
}

BOOST_AUTO_TEST_CASE(the_same_answer_to_a_claim_makes_no_second_node) {
  OneShard shard;
  shard.connect_worker(8);
  PoolSpec spec;
  spec.id = "p";
  spec.target_dedicated_nodes = 1;
  shard.ask(AddPool{spec});
  const auto claim = shard.take_orders<ClaimNodes>().at(0).second;
  const ClaimAnswered answer{claim.claim, {{"n", 1, "127.0.0.1"}}};
  shard.say(answer);
  shard.say(answer);
  BOOST_TEST(shard.pool().current_dedicated_nodes == 1);
  BOOST_TEST(shard.take_orders<ReturnNode>().empty());
}

BOOST_AUTO_TEST_CASE(too_few_offers_time_out_with_a_reason) {
  OneShard shard;
  shard.connect_worker(2);
  shard.make_pool("p", 5);
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::resizing));
  BOOST_TEST(shard.pool().current_dedicated_nodes == 2);
  for (int i = 0; i < 100 && shard.pool().record.resize_errors.empty(); ++i) {
    shard.pass(std::chrono::seconds(15));
    shard.renew();
  }
  const PoolView pool = shard.pool();
  BOOST_TEST((pool.record.allocation_state == AllocationState::steady));
  const ResizeError& error = pool.record.resize_errors.at(0);
  BOOST_TEST(error.code == "AllocationTimedout");
  BOOST_TEST((error.values.at(0) == NameValue{"TargetDedicatedNodes", "5"}));
  BOOST_TEST(pool.current_dedicated_nodes == 2);
}

BOOST_AUTO_TEST_CASE(a_resize_ends_after_its_own_timeout) {
  OneShard shard;
  shard.connect_worker(1);
  const auto is_resizing_after = [&](int minutes) {
    for (int i = 0; i < 4 * minutes; ++i) {
      shard.pass(std::chrono::seconds(15));
      shard.renew();
    }
    return shard.pool().record.allocation_state == AllocationState::resizing;
  };
  PoolSpec spec;
  spec.id = "p";
  spec.vm_size = "any";
  spec.target_dedicated_nodes = 2;
  spec.resize_timeout = std::chrono::minutes(10);
  shard.ask(AddPool{spec});
  shard.grant_claims();
  BOOST_TEST(is_resizing_after(9));
  BOOST_TEST(!is_resizing_after(2));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 3;
  resize.resize_timeout = std::chrono::minutes(6);
  shard.ask(resize);
  BOOST_TEST(is_resizing_after(5));
  BOOST_TEST(!is_resizing_after(2));
}

BOOST_AUTO_TEST_CASE(offers_that_come_later_are_claimed) {
  OneShard shard;
  shard.make_pool("p", 2);
  shard.connect_worker(2);
  shard.grant_claims();
  BOOST_TEST(shard.pool().current_dedicated_nodes == 2);
}

BOOST_AUTO_TEST_CASE(shrinking_requeues_and_counts_it) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  shard.add(a_task().id("b"));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 0;
  shard.ask(resize);
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::resizing));
  BOOST_TEST(shard.task("a").requeue_count == 1);
  for (const char* id : {"a", "b"}) shard.end(shard.take_assignment(id), 0, AttemptEnd::stopped);
  for (const auto& [worker, order] : shard.take_orders<ReturnNode>()) {
    shard.say(NodeReturned{order.node_id});
  }
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
  BOOST_TEST(shard.pool().current_dedicated_nodes == 0);
  BOOST_TEST((shard.task("a").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(shrinking_by_task_completion_waits) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  shard.add(a_task().id("b"));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 0;
  resize.deallocation = NodeDeallocationOption::taskcompletion;
  shard.ask(resize);
  BOOST_TEST((shard.task("a").state == TaskState::running));
  BOOST_TEST(shard.take_orders<ReturnNode>().empty());
  shard.finish("a");
  BOOST_TEST((shard.task("b").state == TaskState::active));
  BOOST_TEST(shard.take_orders<ReturnNode>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(deleting_a_pool_keeps_its_jobs) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeletePool{"p", {}})));
  BOOST_TEST((shard.pool().record.state == PoolState::deleting));
  BOOST_TEST(
      (std::get<Error>(shard.ask(DeletePool{"p", {}})).code == ErrorCode::pool_being_deleted));
  shard.end(shard.take_assignment("a"), 0, AttemptEnd::stopped);
  shard.say(NodeReturned{"node1"});
  BOOST_TEST((std::get<Error>(shard.ask(GetPool{"p", {}})).code == ErrorCode::pool_not_found));
  BOOST_TEST((shard.task("a").state == TaskState::active));
  shard.held().clear();
  shard.make_pool("p", 1);
  BOOST_TEST((shard.task("a").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(stop_resize_keeps_what_was_reached) {
  OneShard shard;
  shard.connect_worker(1);
  shard.make_pool("p", 3);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(StopResize{"p", {}})));
  const PoolView pool = shard.pool();
  BOOST_TEST((pool.record.allocation_state == AllocationState::steady));
  BOOST_TEST(pool.record.resize_errors.at(0).code == "ResizeStopped");
  BOOST_TEST(pool.record.spec.target_dedicated_nodes == 3);
  BOOST_TEST(pool.current_dedicated_nodes == 1);
}

BOOST_AUTO_TEST_CASE(a_node_that_takes_no_more_tasks_is_offline_once_it_is_empty) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  const auto disable = [&](NodeDisableSchedulingOption option) {
    return shard.ask(DisableNodeScheduling{"P", "NODE1", option});
  };
  const Answer kept = disable(NodeDisableSchedulingOption::taskcompletion);
  BOOST_TEST_REQUIRE(std::holds_alternative<Done>(kept));
  BOOST_TEST((shard.task("a").state == TaskState::running));
  BOOST_TEST((shard.node("node1").record.state == NodeState::running));
  shard.add(a_task().id("b"));
  shard.finish("a");
  BOOST_TEST((shard.task("b").state == TaskState::active));
  BOOST_TEST((shard.node("node1").record.state == NodeState::offline));
  BOOST_TEST((std::get<Error>(disable(NodeDisableSchedulingOption::requeue)).code ==
              ErrorCode::node_already_in_target_scheduling_state));
  // Its worker comes again, and does not change what was decided.
  shard.say(NodeStatus{"node1", 1, NodeState::idle, std::nullopt, {}});
  BOOST_TEST((shard.node("node1").record.state == NodeState::offline));

  BOOST_TEST(std::holds_alternative<Done>(shard.ask(EnableNodeScheduling{"p", "node1"})));
  BOOST_TEST((shard.task("b").state == TaskState::running));
  BOOST_TEST((std::get<Error>(shard.ask(EnableNodeScheduling{"p", "node1"})).code ==
              ErrorCode::node_already_in_target_scheduling_state));
}

BOOST_AUTO_TEST_CASE(tasks_of_a_disabled_node_run_again_or_end_as_asked) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("again"));
  const auto again = NodeDisableSchedulingOption::requeue;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DisableNodeScheduling{"p", "node1", again})));
  shard.end(shard.take_assignment("again"), 0, AttemptEnd::stopped);
  BOOST_TEST((shard.task("again").state == TaskState::active));
  BOOST_TEST((shard.node("node1").record.state == NodeState::offline));
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(EnableNodeScheduling{"p", "node1"})));
  BOOST_TEST((shard.task("again").state == TaskState::running));

  const auto end = NodeDisableSchedulingOption::terminate;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DisableNodeScheduling{"p", "node1", end})));
  BOOST_TEST((shard.task("again").state == TaskState::completed));
  shard.end(shard.take_assignment("again"), 0, AttemptEnd::stopped);
  BOOST_TEST((shard.node("node1").record.state == NodeState::offline));

  BOOST_TEST((std::get<Error>(shard.ask(DisableNodeScheduling{"p", "x", end})).code ==
              ErrorCode::node_not_found));
  BOOST_TEST((std::get<Error>(shard.ask(EnableNodeScheduling{"x", "node1"})).code ==
              ErrorCode::pool_not_found));
}

BOOST_AUTO_TEST_CASE(nodes_that_their_worker_forgot_are_gone) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  shard.held().clear();
  shard.connect_worker();
  BOOST_TEST(shard.pool().current_dedicated_nodes == 0);
  BOOST_TEST((shard.task("a").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(pages_follow_each_other_in_id_order) {
  OneShard shard;
  for (const char* id : {"b", "A", "c"}) shard.make_pool(id, 0);
  PageRequest page;
  page.entries_max = 2;
  const auto first = std::get<Page<PoolView>>(shard.ask(ListPools{page}));
  BOOST_TEST(first.entries.size() == 2u);
  BOOST_TEST(first.entries.at(0).record.spec.id == "A");
  BOOST_TEST_REQUIRE(first.next.has_value());
  page.after = *first.next;
  const auto second = std::get<Page<PoolView>>(shard.ask(ListPools{page}));
  BOOST_TEST(second.entries.size() == 1u);
  BOOST_TEST(second.entries.at(0).record.spec.id == "c");
  BOOST_TEST(!second.next.has_value());
}

// Found by seed 7 of the simulator: the first node that went began the search for nodes to go anew.
BOOST_AUTO_TEST_CASE(a_pool_shrinks_while_the_worker_of_its_nodes_is_away) {
  for (const std::int32_t target : {0, 1, 2}) {
    BOOST_TEST_CONTEXT("target " << target) {
      OneShard shard;
      shard.connect_worker(8);
      shard.make_pool("p", 4);
      shard.pass(std::chrono::seconds(40));  // its lease ends
      BOOST_TEST((shard.node("node1").record.state == NodeState::unknown));
      ResizePool resize;
      resize.pool_id = "p";
      resize.target_dedicated_nodes = target;
      BOOST_TEST(std::holds_alternative<Done>(shard.ask(resize)));
      BOOST_TEST(shard.pool().current_dedicated_nodes == target);
      BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
    }
  }
}

// Found by seed 21 of the simulator: the scheduler forgot the node, and its worker kept it for
// ever.
BOOST_AUTO_TEST_CASE(a_broken_node_is_given_back_to_its_worker) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.say(NodeStatus{"node1", 1, NodeState::unusable, std::nullopt, {{"DiskFull", "", {}}}});
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 0;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(resize)));
  BOOST_TEST(shard.take_orders<ReturnNode>().size() == 1u);
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::resizing));
  shard.say(NodeReturned{"node1"});
  BOOST_TEST(shard.pool().current_dedicated_nodes == 0);
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
}

BOOST_AUTO_TEST_CASE(removed_nodes_are_those_named_and_lower_the_target) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 3);
  shard.make_job("j", "p");
  for (const char* id : {"a", "b", "c"}) shard.add(a_task().id(id));
  const std::string node = shard.task("b").node->node_id;
  RemoveNodes remove{"p", {}, {node, lower_cased(node), "no-such"}, std::nullopt, {}};
  const auto code = [&] { return std::get<Error>(shard.ask(remove)).code; };
  BOOST_TEST((code() == ErrorCode::node_not_found));
  BOOST_TEST(shard.pool().record.spec.target_dedicated_nodes == 3);
  remove.node_ids.pop_back();
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(remove)));
  BOOST_TEST(shard.pool().record.spec.target_dedicated_nodes == 2);
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::resizing));
  BOOST_TEST((code() == ErrorCode::pool_being_resized));
  BOOST_TEST(shard.task("b").requeue_count == 1);
  shard.end(shard.take_assignment("b"), 0, AttemptEnd::stopped);
  BOOST_TEST(shard.take_orders<ReturnNode>().at(0).second.node_id == node);
  shard.say(NodeReturned{node});
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
  BOOST_TEST(shard.pool().current_dedicated_nodes == 2);
  BOOST_TEST((shard.task("a").state == TaskState::running));
  remove.pool_id = "x";
  BOOST_TEST((code() == ErrorCode::pool_not_found));
}

BOOST_AUTO_TEST_CASE(removal_waits_for_what_tasks_have_left) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  const auto option = NodeDeallocationOption::retaineddata;
  shard.ask(RemoveNodes{"p", {}, {"node1"}, std::nullopt, option});
  BOOST_TEST((shard.task("a").state == TaskState::running));
  shard.finish("a");
  BOOST_TEST(shard.take_orders<ReturnNode>().at(0).second.after_retention);
  BOOST_TEST((shard.node("node1").record.state == NodeState::leavingpool));
  shard.connect_worker();
  BOOST_TEST(shard.take_orders<ReturnNode>().at(0).second.after_retention);
  // Who deletes the pool waits for nothing.
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeletePool{"p", {}})));
  BOOST_TEST(!shard.take_orders<ReturnNode>().at(0).second.after_retention);
  shard.say(NodeReturned{"node1"});
  BOOST_TEST((std::get<Error>(shard.ask(GetPool{"p", {}})).code == ErrorCode::pool_not_found));
}

BOOST_AUTO_TEST_CASE(deleting_a_pool_hastens_nodes_that_wait_for_their_tasks) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  const auto option = NodeDeallocationOption::taskcompletion;
  shard.ask(RemoveNodes{"p", {}, {"node1"}, std::nullopt, option});
  shard.ask(DeletePool{"p", {}});
  BOOST_TEST((shard.task("a").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(a_removal_that_takes_too_long_says_so_and_goes_on) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  RemoveNodes remove{"p", {}, {shard.task("a").node->node_id}, std::chrono::minutes(5), {}};
  remove.deallocation = NodeDeallocationOption::taskcompletion;
  shard.ask(remove);
  for (int i = 0; i < 25; ++i) {
    shard.pass(std::chrono::seconds(15));
    shard.renew();
  }
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
  BOOST_TEST_REQUIRE(shard.pool().record.resize_errors.size() == 1u);
  BOOST_TEST(shard.pool().record.resize_errors[0].code == "RemoveNodesFailed");
  BOOST_TEST(shard.pool().current_dedicated_nodes == 2);
  shard.finish("a");
  shard.say(NodeReturned{remove.node_ids[0]});
  BOOST_TEST(shard.pool().current_dedicated_nodes == 1);
  BOOST_TEST(shard.pool().record.spec.target_dedicated_nodes == 1);
}

BOOST_AUTO_TEST_CASE(a_stopped_resize_keeps_what_still_works) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2);
  shard.make_job("j", "p");
  shard.add(a_task().id("a"));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 0;
  resize.deallocation = NodeDeallocationOption::taskcompletion;
  shard.ask(resize);
  const auto leaving = shard.take_orders<ReturnNode>();
  BOOST_TEST_REQUIRE(leaving.size() == 1u);
  shard.ask(StopResize{"p", {}});
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::stopping));
  shard.say(NodeReturned{leaving[0].second.node_id});
  BOOST_TEST((shard.pool().record.allocation_state == AllocationState::steady));
  BOOST_TEST(shard.pool().record.resize_errors.at(0).code == "ResizeStopped");
  shard.finish("a");
  BOOST_TEST(shard.pool().current_dedicated_nodes == 1);
  shard.add(a_task().id("b"));
  BOOST_TEST((shard.task("b").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(what_makes_nodes_changes_only_without_nodes) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  PatchPool patch;
  patch.pool_id = "p";
  patch.task_slots_per_node = 8;
  const Answer refused = shard.ask(patch);
  BOOST_TEST_REQUIRE(std::holds_alternative<Error>(refused));
  BOOST_TEST((std::get<Error>(refused).code == ErrorCode::operation_invalid_for_current_state));
  BOOST_TEST(std::get<Error>(refused).values.at(0).value == "taskSlotsPerNode");
  shard.ask(RemoveNodes{"p", {}, {"node1"}, std::nullopt, {}});
  shard.say(NodeReturned{"node1"});
  shard.held().clear();
  patch.vm_size = "other";
  patch.display_name = "shown";
  patch.fill_type = NodeFillType::pack;
  patch.enable_inter_node_communication = true;
  patch.kept_json = R"({"networkConfiguration":{"subnetId":"s"}})";
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(patch)));
  const PoolSpec spec = shard.pool().record.spec;
  BOOST_TEST(spec.vm_size == "other");
  BOOST_TEST(spec.display_name.value() == "shown");
  BOOST_TEST((spec.fill_type == NodeFillType::pack));
  BOOST_TEST(spec.enable_inter_node_communication);
  BOOST_TEST(spec.kept_json == patch.kept_json);
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 1;
  shard.ask(resize);
  BOOST_TEST(shard.take_orders<ClaimNodes>().at(0).second.plan.task_slots_per_node == 8);
  BOOST_TEST((std::get<Error>(shard.ask(patch)).code ==
              ErrorCode::operation_invalid_for_current_state));  // they are on their way
}

BOOST_AUTO_TEST_SUITE_END()
