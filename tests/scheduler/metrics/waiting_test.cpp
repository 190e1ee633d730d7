// Why tasks wait, as the gauges count it.
#include "scheduler/shard_gauges.h"
#include "tests/support/one_shard.h"

#include <boost/test/unit_test.hpp>

namespace windlass::scheduler {
namespace {

using test::a_task;
using test::OneShard;

std::int64_t waiting(const OneShard& shard, WaitReason reason) {
  return waiting_by_reason(shard.state())[static_cast<std::size_t>(reason)];
}
std::int64_t waiting_in_all(const OneShard& shard) {
  std::int64_t all = 0;
  for (const std::int64_t tasks : waiting_by_reason(shard.state())) all += tasks;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_shard_gauges)

BOOST_AUTO_TEST_CASE(what_runs_does_not_wait_and_what_is_over_the_slots_does) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 2);
  shard.make_job("j", "p");
  for (int i = 0; i < 5; ++i) shard.add(a_task());
  BOOST_TEST(waiting(shard, WaitReason::slots) == 3);
  BOOST_TEST(waiting_in_all(shard) == 3);
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_missing_or_has_no_nodes_is_the_reason) {
  OneShard shard;
  shard.make_job("j", "p");
  shard.add(a_task());
  shard.add(a_task());
  BOOST_TEST(waiting(shard, WaitReason::no_pool) == 2);
  shard.make_pool("p", 1);  // nobody offers a node
  BOOST_TEST(waiting(shard, WaitReason::nodes) == 2);
  BOOST_TEST(waiting_in_all(shard) == 2);
}

BOOST_AUTO_TEST_CASE(a_task_wider_than_the_nodes_is_told_from_one_that_waits_its_turn) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1, 2);
  shard.make_job("j", "p");
  shard.make_job("wide", "p");
  shard.add(a_task().requiring_slots(2));
  shard.add(a_task().requiring_slots(2));
  shard.add(a_task().requiring_slots(4), "wide");
  BOOST_TEST(waiting(shard, WaitReason::slots) == 1);
  BOOST_TEST(waiting(shard, WaitReason::wide) == 1);
}

BOOST_AUTO_TEST_CASE(jobs_hold_back_their_own_tasks) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 4);
  JobSpec narrow;
  narrow.parallel_tasks_max = 1;
  shard.make_job("limited", "p", narrow);
  for (int i = 0; i < 3; ++i) shard.add(a_task(), "limited");
  BOOST_TEST(waiting(shard, WaitReason::job_limit) == 2);
  shard.make_job("off", "p");
  DisableJob disable;
  disable.job_id = "off";
  disable.disable_tasks = DisableTasks::wait;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(disable)));
  shard.add(a_task(), "off");
  BOOST_TEST(waiting(shard, WaitReason::job) == 1);
  BOOST_TEST(waiting_in_all(shard) == 3);
}

BOOST_AUTO_TEST_CASE(dependencies_are_a_reason_of_their_own) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 4);
  JobSpec spec;
  spec.uses_task_dependencies = true;
  shard.make_job("j", "p", spec);
  shard.add(a_task().id("first"));
  shard.add(a_task().after({"first"}));
  BOOST_TEST(waiting(shard, WaitReason::dependencies) == 1);
  shard.finish("first");
  BOOST_TEST(waiting_in_all(shard) == 0);
}

BOOST_AUTO_TEST_CASE(nodes_whose_worker_is_silent_take_nothing) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 1);
  shard.make_job("j", "p");
  shard.pass(std::chrono::minutes(1));  // the lease ends
  shard.add(a_task());
  BOOST_TEST(waiting(shard, WaitReason::nodes) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
