#include "tests/support/one_shard.h"

#include <set>
#include <vector>

using namespace windlass;
using namespace windlass::test;

namespace {

struct Ready : OneShard {
  explicit Ready(std::int32_t nodes = 1, SlotCount slots = 1,
                 NodeFillType fill = NodeFillType::spread) {
    connect_worker();
    make_pool("p", nodes, slots, fill);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_dispatch)

BOOST_AUTO_TEST_CASE(a_task_runs_and_completes) {
  Ready shard;
  shard.make_job("j", "p");
  const std::string id = shard.add(a_task());
  BOOST_TEST((shard.task(id).state == TaskState::running));
  BOOST_TEST(shard.assigned().front().document == "document of " + id);
  shard.finish(id);
  const TaskRecord task = shard.task(id);
  BOOST_TEST((task.state == TaskState::completed));
  BOOST_TEST((task.result == ExecutionResult::success));
  BOOST_TEST(*task.exit_code == 0);
  BOOST_TEST(shard.job().counts.tasks.succeeded == 1);
  BOOST_TEST((shard.node("node1").record.state == NodeState::idle));
  BOOST_TEST(shard.node("node1").record.total_tasks_succeeded == 1u);
}

BOOST_AUTO_TEST_CASE(oversized_task_does_not_hold_back_its_neighbours) {
  Ready shard(1, 2);
  shard.make_job("j", "p");
  const std::string wide = shard.add(a_task().requiring_slots(4));
  const std::string narrow = shard.add(a_task());
  BOOST_TEST((shard.task(wide).state == TaskState::active));
  BOOST_TEST((shard.task(narrow).state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(higher_priority_goes_first_and_equals_take_turns) {
  Ready shard(1, 1);
  shard.make_job("low", "p", {.priority = -5});
  shard.make_job("a", "p");
  shard.make_job("b", "p");
  shard.make_job("high", "p", {.priority = 5});
  const std::string first = shard.add(a_task(), "low");  // takes the only slot
  for (int i = 0; i < 2; ++i) {
    shard.add(a_task().id("a" + std::to_string(i)), "a");
    shard.add(a_task().id("b" + std::to_string(i)), "b");
  }
  shard.add(a_task().id("h"), "high");
  shard.add(a_task().id("l"), "low");
  std::vector<std::string> order;
  shard.finish(first);
  while (!shard.assigned().empty()) {
    const std::string id = shard.assigned().front().task_id;
    order.push_back(id);
    shard.finish(id);
  }
  const std::vector<std::string> expected = {"h", "a0", "b0", "a1", "b1", "l"};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(equals_go_in_the_order_of_their_creation_where_the_pool_wants_it) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 0);
  PatchPool patch;  // it has no nodes yet
  patch.pool_id = "p";
  patch.fill_type = NodeFillType::spread;
  patch.job_default_order = JobDefaultOrder::creationtime;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(patch)));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 1;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(resize)));
  shard.grant_claims();
  for (const std::string job : {"a", "b"}) shard.make_job(job, "p");
  const std::string first = shard.add(a_task(), "b");  // takes the only slot
  for (const std::string task : {"0", "1"}) {
    for (const std::string job : {"b", "a"}) shard.add(a_task().id(job + task), job);
  }
  std::vector<std::string> order;
  shard.finish(first);
  while (!shard.assigned().empty()) {
    order.push_back(shard.assigned().front().task_id);
    shard.finish(std::string(order.back()));
  }
  const std::vector<std::string> expected = {"a0", "a1", "b0", "b1"};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(spread_uses_many_nodes_and_pack_uses_few) {
  Ready spread(3, 2);
  spread.make_job("j", "p");
  for (int i = 0; i < 3; ++i) spread.add(a_task());
  std::set<std::string> nodes;
  for (const Assignment& a : spread.assigned()) nodes.insert(a.node_id);
  BOOST_TEST(nodes.size() == 3u);

  Ready packed(3, 2, NodeFillType::pack);
  packed.make_job("j", "p");
  for (int i = 0; i < 4; ++i) packed.add(a_task());
  nodes.clear();
  for (const Assignment& a : packed.assigned()) nodes.insert(a.node_id);
  BOOST_TEST(nodes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(max_parallel_tasks_is_enforced) {
  Ready shard(4, 2);
  shard.make_job("j", "p", {.parallel_tasks_max = 2});
  for (int i = 0; i < 5; ++i) shard.add(a_task());
  BOOST_TEST(shard.job().counts.tasks.running == 2);
  shard.finish("t1");
  BOOST_TEST(shard.job().counts.tasks.running == 2);
  BOOST_TEST(shard.job().counts.tasks.succeeded == 1);
}

BOOST_AUTO_TEST_CASE(affinity_is_a_wish) {
  Ready shard(3, 1);
  shard.make_job("j", "p");
  TaskBuilder wishing = a_task();
  wishing.task.affinity_id = "TVM:node3";
  shard.add(wishing);
  BOOST_TEST(shard.assigned().back().node_id == "node3");
  shard.add(wishing.id("again"));
  BOOST_TEST(shard.assigned().back().node_id != "node3");
}

BOOST_AUTO_TEST_CASE(dependents_wait_for_success) {
  Ready shard(4, 1);
  shard.make_job("j", "p", {.uses_task_dependencies = true});
  shard.add(a_task().id("child").after({"A", "b"}));  // parents need not exist yet
  shard.add(a_task().id("a"));
  shard.add(a_task().id("b"));
  BOOST_TEST((shard.task("child").state == TaskState::active));
  shard.finish("a");
  BOOST_TEST((shard.task("child").state == TaskState::active));
  shard.restart();
  shard.connect_worker();
  shard.finish("b");  // lost with the resync that named nothing: runs again
  shard.finish("b");
  BOOST_TEST((shard.task("child").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_failed_parent_blocks_for_ever_and_a_deleted_good_one_does_not) {
  Ready shard(4, 1);
  shard.make_job("j", "p", {.uses_task_dependencies = true});
  shard.add(a_task().id("bad"));
  shard.add(a_task().id("good"));
  shard.add(a_task().id("late"));
  shard.add(a_task().id("after-bad").after({"bad"}));
  shard.add(a_task().id("after-good").after({"good", "late"}));
  shard.finish("bad", 3);
  shard.finish("good");
  BOOST_TEST((shard.task("after-bad").state == TaskState::active));
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"j", "good", {}})));
  shard.restart();
  shard.connect_worker();
  BOOST_TEST((shard.task("after-good").state == TaskState::active));
  shard.finish("late");
  shard.finish("late");
  BOOST_TEST((shard.task("after-good").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(dependencies_need_a_job_that_uses_them) {
  Ready shard;
  shard.make_job("j", "p");
  NewTask task;
  task.id = "x";
  task.depends_on_ids = {"y"};
  const auto added = std::get<TasksAdded>(shard.ask(AddTasks{"j", {task}}));
  BOOST_TEST((added.outcomes[0].error->code == ErrorCode::task_dependencies_not_specified_on_job));
}

BOOST_AUTO_TEST_CASE(first_of_equal_ids_wins) {
  Ready shard;
  shard.make_job("j", "p");
  NewTask one, two;
  one.id = "Same";
  two.id = "sAME";
  const auto added = std::get<TasksAdded>(shard.ask(AddTasks{"j", {one, two}}));
  BOOST_TEST(!added.outcomes[0].error);
  BOOST_TEST((added.outcomes[1].error->code == ErrorCode::task_exists));
  BOOST_TEST(shard.job().counts.tasks.running == 1);
}

BOOST_AUTO_TEST_CASE(equal_ids_are_found_in_whatever_order_they_come) {
  Ready shard;
  shard.make_job("j", "p");
  std::vector<NewTask> tasks;
  for (const char* id : {"m", "z", "a", "M", "b", "A", "z", "zz"}) tasks.emplace_back().id = id;
  const auto added = std::get<TasksAdded>(shard.ask(AddTasks{"j", tasks}));
  const std::set<std::size_t> repeated{3, 5, 6};
  for (std::size_t i = 0; i < tasks.size(); ++i)
    BOOST_TEST(added.outcomes[i].error.has_value() == repeated.contains(i), tasks[i].id);
}

BOOST_AUTO_TEST_SUITE_END()
