#include "scheduler/core/preemption.h"

#include "tests/support/one_shard.h"

namespace windlass::scheduler {

namespace {

using test::a_task;
using test::OneShard;

// A pool, a job "low" that yields, and "high" and "middle" above it.
struct Yielding : OneShard {
  explicit Yielding(std::int32_t nodes = 1, SlotCount slots = 1, bool yields = true) {
    connect_worker();
    make_pool("p", nodes, slots);
    make_job("low", "p", {.priority = -5, .allow_task_preemption = yields});
    make_job("middle", "p");
    make_job("high", "p", {.priority = 5});
  }
  std::string begin(const std::string& job, const std::string& id, SlotCount slots = 1) {
    add(a_task().id(id).requiring_slots(slots), job);
    assigned().clear();
    return id;
  }
  TaskState state_of(const std::string& job, const std::string& id) { return task(id, job).state; }
  bool runs(const std::string& job, const std::string& id) {
    return state_of(job, id) == TaskState::running;
  }
  std::vector<AttemptId> told_to_end() {
    std::vector<AttemptId> ids;
    for (const auto& [worker, order] : take_orders<EndAttempt>()) ids.push_back(order.id);
    return ids;
  }
  void ended(const AttemptId& id) {
    AttemptEnded report;
    report.id = id;
    report.end = AttemptEnd::stopped;
    report.end_time = now().wall;
    say(report);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_preemption)

BOOST_AUTO_TEST_CASE(a_task_of_higher_priority_takes_the_place_once_it_is_empty) {
  Yielding shard;
  BOOST_TEST(shard.job("low").spec.allow_task_preemption);
  shard.begin("low", "l");
  BOOST_TEST_REQUIRE(shard.runs("low", "l"));
  shard.begin("high", "h");
  const TaskRecord preempted = shard.task("l", "low");
  BOOST_TEST((preempted.state == TaskState::active));
  BOOST_TEST(preempted.requeue_count == 0);
  BOOST_TEST(preempted.retry_count == 0);
  BOOST_TEST((shard.state_of("high", "h") == TaskState::active));  // its processes may live
  const auto ending = shard.told_to_end();
  BOOST_TEST_REQUIRE(ending.size() == 1u);
  shard.begin("low", "l2");
  BOOST_TEST((shard.state_of("low", "l2") == TaskState::active));
  shard.ended(ending.front());
  BOOST_TEST(shard.runs("high", "h"));
  BOOST_TEST((shard.state_of("low", "l") == TaskState::active));
  shard.finish("h");
  BOOST_TEST(shard.runs("low", "l"));  // again, and before what came after it
  BOOST_TEST(shard.task("l", "low").attempt == 2);
}

BOOST_AUTO_TEST_CASE(nobody_is_preempted_without_leave_or_by_an_equal) {
  Yielding unwilling(1, 1, false);
  unwilling.begin("low", "l");
  unwilling.begin("high", "h");
  BOOST_TEST(unwilling.runs("low", "l"));

  Yielding equal;
  equal.make_job("peer", "p", {.priority = -5});
  equal.begin("low", "l");
  equal.begin("peer", "x");
  BOOST_TEST(equal.runs("low", "l"));
  BOOST_TEST(equal.told_to_end().empty());
}

BOOST_AUTO_TEST_CASE(free_places_are_used_first_and_no_more_are_taken_than_are_needed) {
  Yielding shard(3);
  shard.begin("low", "a");
  shard.begin("low", "b");
  shard.begin("high", "h1");
  BOOST_TEST(shard.runs("high", "h1"));
  BOOST_TEST(shard.told_to_end().empty());
  shard.begin("high", "h2");
  BOOST_TEST(shard.told_to_end().size() == 1u);
  shard.begin("middle", "m");  // below `high`, but above `low`
  BOOST_TEST(shard.told_to_end().size() == 1u);
  shard.begin("middle", "n");  // nothing is left to take
  BOOST_TEST(shard.told_to_end().empty());
}

BOOST_AUTO_TEST_CASE(a_limited_job_takes_no_more_than_it_may_use) {
  Yielding shard(3);
  shard.make_job("one", "p", {.priority = 9, .parallel_tasks_max = 1});
  for (const char* id : {"a", "b", "c"}) shard.begin("low", id);
  for (const char* id : {"x", "y", "z"}) shard.begin("one", id);
  BOOST_TEST(shard.told_to_end().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_manager_that_must_be_alone_takes_nobodys_place) {
  Yielding shard(2);
  shard.begin("low", "a");
  shard.begin("low", "b");
  JobSpec managed{.priority = 9};
  managed.manager_task.emplace();
  managed.manager_task->task.id = "manager";
  managed.manager_task->run_exclusive = true;
  shard.make_job("managed", "p", managed);
  BOOST_TEST(shard.told_to_end().empty());
  shard.begin("managed", "x");  // one place for it, and none for the manager
  BOOST_TEST(shard.told_to_end().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_wide_task_takes_as_much_as_it_needs_on_one_node) {
  Yielding shard(2, 4);
  for (const char* id : {"a", "b", "c", "d"}) shard.begin("low", id, 2);
  shard.begin("high", "h", 3);
  const auto ending = shard.told_to_end();
  BOOST_TEST_REQUIRE(ending.size() == 2u);
  shard.ended(ending.front());
  BOOST_TEST((shard.state_of("high", "h") == TaskState::active));
  // What came free is not given away meanwhile.
  shard.begin("middle", "m", 2);
  BOOST_TEST(!shard.runs("middle", "m"));
  shard.ended(ending.back());
  BOOST_TEST(shard.runs("high", "h"));
}

BOOST_AUTO_TEST_CASE(of_a_wide_task_only_as_much_as_it_takes) {
  Yielding shard(1, 4);
  shard.begin("low", "narrow", 1);
  shard.begin("low", "wide", 3);
  shard.begin("high", "h", 3);
  BOOST_TEST(shard.told_to_end().size() == 1u);
  BOOST_TEST(shard.runs("low", "narrow"));
  BOOST_TEST(!shard.runs("low", "wide"));
}

BOOST_AUTO_TEST_CASE(the_lowest_and_the_youngest_go_first) {
  Yielding shard(3);
  shard.make_job("lower", "p", {.priority = -9, .allow_task_preemption = true});
  shard.begin("lower", "x");
  shard.pass(std::chrono::seconds(1));
  shard.begin("low", "old");
  shard.pass(std::chrono::seconds(1));
  shard.begin("low", "young");
  shard.begin("high", "h1");
  BOOST_TEST(!shard.runs("lower", "x"));
  shard.begin("high", "h2");
  BOOST_TEST(shard.runs("low", "old"));
  BOOST_TEST(!shard.runs("low", "young"));
}

BOOST_AUTO_TEST_CASE(who_no_longer_needs_the_room_leaves_it_to_others) {
  Yielding shard;
  shard.begin("low", "l");
  shard.begin("high", "h");
  const auto ending = shard.told_to_end();
  BOOST_TEST_REQUIRE(ending.size() == 1u);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"high", "h", {}})));
  shard.ended(ending.front());
  BOOST_TEST(shard.runs("low", "l"));
}

BOOST_AUTO_TEST_CASE(gangs_and_managers_stay) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2, 1, NodeFillType::spread, true);
  JobSpec low{.priority = -5, .allow_task_preemption = true};
  JobManagerTask manager;
  manager.task.id = "manager";
  manager.run_exclusive = false;
  low.manager_task = manager;
  shard.make_job("managed", "p", low);
  shard.make_job("high", "p", {.priority = 5});
  BOOST_TEST((shard.task("manager", "managed").state == TaskState::running));
  shard.add(a_task().id("h1"), "high");
  shard.add(a_task().id("h2"), "high");
  BOOST_TEST((shard.task("manager", "managed").state == TaskState::running));
  BOOST_TEST((shard.task("h2", "high").state == TaskState::active));

  OneShard gangs;
  gangs.connect_worker();
  gangs.make_pool("p", 2, 1, NodeFillType::spread, true);
  gangs.make_job("low", "p", {.priority = -5, .allow_task_preemption = true});
  gangs.make_job("high", "p", {.priority = 5});
  test::TaskBuilder gang = a_task().id("gang");
  gang.task.instances = 2;
  gangs.add(gang, "low");
  BOOST_TEST((gangs.task("gang", "low").state == TaskState::running));
  gangs.add(a_task().id("h"), "high");
  BOOST_TEST((gangs.task("gang", "low").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_job_that_is_told_to_yield_does_so_at_once) {
  Yielding shard(1, 1, false);
  shard.begin("low", "l");
  shard.begin("high", "h");
  BOOST_TEST_REQUIRE(shard.runs("low", "l"));
  ChangeJob change;
  change.job_id = "low";
  change.change.allow_task_preemption = true;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(change)));
  BOOST_TEST(!shard.runs("low", "l"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
