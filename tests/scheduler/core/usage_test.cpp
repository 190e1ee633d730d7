#include "scheduler/core/usage.h"

#include "tests/support/one_shard.h"

using namespace windlass;
using namespace windlass::test;
using namespace std::chrono_literals;

namespace {

struct Ready : OneShard {
  Ready() {
    connect_worker();
    make_pool("p", 1);
    make_job("j", "p", {});
  }

  // Ends the task's run after `took`, having used what is said.
  void run(const std::string& id, Duration took, std::int32_t exit_code, ResourceUsage usage) {
    const Assignment assignment = take_assignment(id);
    AttemptEnded report;
    report.id = assignment.id;
    report.start_time = now().wall;
    pass(took);
    report.end_time = now().wall;
    report.exit_code = exit_code;
    report.usage = usage;
    say(report);
    say(report);  // twice is once
  }
  LifetimeUsage lifetime(std::string account = "acct") {
    return std::get<LifetimeUsage>(ask(GetLifetimeStatistics{}, std::move(account)));
  }
};

const ResourceUsage kSome{2s, 1s, 10, 20, 300, 400};

ResourceUsage times(int count) {
  ResourceUsage sum;
  for (int i = 0; i < count; ++i) sum += kSome;
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_usage)

BOOST_AUTO_TEST_CASE(every_attempt_is_booked_with_its_retries) {
  Ready shard;
  shard.add(a_task().id("t").retried(2));
  shard.run("t", 5s, 1, kSome);
  shard.run("t", 6s, 1, kSome);
  shard.run("t", 7s, 0, kSome);
  const TaskRecord task = shard.task("t");
  BOOST_TEST((task.usage.resources == times(3)));
  BOOST_TEST((task.usage.earlier_wall_clock_time == Duration(11s)));
  const WorkUsage usage = shard.job().usage;
  BOOST_TEST((usage.resources == times(3)));
  BOOST_TEST((usage.wall_clock_time == Duration(18s)));
  BOOST_TEST((usage.wait_time == Duration(11s)));  // to the start of the last run
  BOOST_TEST(usage.tasks_succeeded == 1U);
  BOOST_TEST(usage.tasks_failed == 0U);
  BOOST_TEST(usage.task_retries == 2U);
  BOOST_TEST((shard.lifetime().work == usage));
}

BOOST_AUTO_TEST_CASE(what_ends_without_a_run_only_counts) {
  Ready shard;
  shard.add(a_task().id("runs"));
  shard.add(a_task().id("waits"));
  shard.ask(TerminateTask{"j", "waits", {}});
  BOOST_TEST(shard.job().usage.tasks_failed == 1U);
  BOOST_TEST((shard.job().usage.wall_clock_time == Duration{}));
  shard.pass(4s);
  shard.ask(TerminateTask{"j", "runs", {}});  // until now; its report comes too late to tell more
  BOOST_TEST(shard.job().usage.tasks_failed == 2U);
  BOOST_TEST((shard.job().usage.wall_clock_time == Duration(4s)));
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_back) {
  Ready shard;
  shard.add(a_task().id("t"));
  shard.run("t", 5s, 1, kSome);
  shard.ask(ReactivateTask{"j", "t", {}});
  shard.run("t", 3s, 0, kSome);
  const WorkUsage usage = shard.job().usage;
  BOOST_TEST(usage.tasks_failed == 1U);
  BOOST_TEST(usage.tasks_succeeded == 1U);
  BOOST_TEST((usage.wall_clock_time == Duration(8s)));
  BOOST_TEST((usage.resources == times(2)));
  shard.ask(DeleteTask{"j", "t", {}});
  BOOST_TEST((shard.job().usage == usage));
  shard.ask(ChangeJob{"j", {}, {.priority = 5}, false});  // carries a whole record
  BOOST_TEST((shard.job().usage == usage));
  shard.ask(DeleteJob{"j", {}});
  for (int i = 0; i < 5; ++i) shard.tick();
  BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}})));
  BOOST_TEST((shard.lifetime().work == usage));
}

BOOST_AUTO_TEST_CASE(books_survive_a_restart) {
  Ready shard;
  shard.add(a_task().id("t"));
  shard.run("t", 5s, 0, kSome);
  const WorkUsage usage = shard.job().usage;
  shard.restart();
  BOOST_TEST((shard.job().usage == usage));
  BOOST_TEST((shard.lifetime().work == usage));
  BOOST_TEST((shard.task("t").usage.resources == kSome));
}

BOOST_AUTO_TEST_CASE(accounts_have_books_of_their_own) {
  Ready shard;
  shard.add(a_task().id("t"));
  shard.run("t", 5s, 0, kSome);
  const LifetimeUsage other = shard.lifetime("other");
  BOOST_TEST(!other.since.has_value());
  BOOST_TEST((other == LifetimeUsage{}));
  BOOST_TEST(shard.lifetime().since.has_value());
}

BOOST_AUTO_TEST_CASE(nodes_count_from_their_coming_to_their_leaving) {
  Ready shard;
  BOOST_TEST(shard.pool().node_time.nodes == 1);
  shard.pass(10s);
  BOOST_TEST((shard.pool().node_time.until(shard.now().wall) == Duration(10s)));
  BOOST_TEST((shard.lifetime().node_time.until(shard.now().wall) == Duration(10s)));
  ResizePool resize{"p"};
  resize.target_dedicated_nodes = 0;
  shard.ask(resize);
  shard.pass(20s);  // on its way out: no more
  BOOST_TEST((shard.pool().node_time.until(shard.now().wall) == Duration(10s)));
  shard.say(NodeReturned{"node1"});
  shard.pass(5s);
  BOOST_TEST(shard.pool().node_time.nodes == 0);
  BOOST_TEST((shard.pool().node_time.until(shard.now().wall) == Duration(10s)));
  shard.restart();
  shard.connect_worker();
  BOOST_TEST((shard.pool().node_time.ended == Duration(10s)));
  shard.ask(DeletePool{"p", {}});
  shard.tick();
  BOOST_TEST((shard.lifetime().node_time.until(shard.now().wall) == Duration(10s)));
}

BOOST_AUTO_TEST_CASE(force_does_not_wait_for_nodes) {
  for (const bool force : {false, true}) {
    Ready shard;
    shard.add(a_task().id("t"));
    BOOST_TEST_REQUIRE(shard.assigned().size() == 1U);
    shard.ask(TerminateJob{"j", {}, "enough", force});
    BOOST_TEST((shard.job().state == (force ? JobState::completed : JobState::terminating)));
    shard.end(shard.take_assignment("t"), 0, AttemptEnd::stopped);
    BOOST_TEST((shard.job().state == JobState::completed));
  }
  for (const bool force : {false, true}) {
    Ready shard;
    shard.add(a_task().id("t"));
    const Assignment old = shard.take_assignment("t");
    shard.ask(DeleteJob{"j", {}, force});
    for (int i = 0; i < 5; ++i) shard.tick();
    BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}})) == force);
    if (force) {  // a job of that name may come at once; its task waits for the old one's end
      shard.make_job("j", "p");
      shard.add(a_task().id("t"));
      BOOST_TEST(shard.assigned().empty());
    }
    shard.end(old, 0, AttemptEnd::stopped);
    for (int i = 0; i < 5; ++i) shard.tick();
    if (force) BOOST_TEST(shard.assigned().size() == 1U);
    if (!force) BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}})));
  }
}

// The simulator found it: what lingered of the first held the second, and then woke nobody.
BOOST_AUTO_TEST_CASE(a_job_does_not_wait_for_what_a_forced_end_has_left) {
  Ready shard;
  shard.add(a_task().id("t"));
  const Assignment old = shard.take_assignment("t");
  shard.ask(DeleteJob{"j", {}, true});
  for (int i = 0; i < 5; ++i) shard.tick();
  shard.make_job("j", "p");
  shard.ask(TerminateJob{"j", {}, "enough"});
  BOOST_TEST((shard.job().state == JobState::completed));
  shard.ask(DeleteJob{"j", {}});
  for (int i = 0; i < 5; ++i) shard.tick();
  BOOST_TEST(std::holds_alternative<NotHere>(shard.ask(GetJob{"j", {}})));
  shard.end(old, 0, AttemptEnd::stopped);
  BOOST_TEST(shard.state().lingering.empty());
}

BOOST_AUTO_TEST_SUITE_END()
