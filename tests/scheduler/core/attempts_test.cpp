#include "scheduler/core/retry.h"
#include "tests/support/one_shard.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace windlass;
using namespace windlass::test;
namespace bdata = boost::unit_test::data;

namespace {

struct Ready : OneShard {
  explicit Ready(std::int32_t nodes = 1, SlotCount slots = 1) {
    connect_worker();
    make_pool("p", nodes, slots);
    make_job("j", "p", {.uses_task_dependencies = true});
  }
};

// A pool of one spot node.
struct Spot : OneShard {
  Spot() {
    connect_worker(0);
    say(OffersFree{{{"*", false, 1}}});
    PoolSpec spec;
    spec.id = "p";
    spec.vm_size = "any";
    spec.target_spot_nodes = 1;
    BOOST_TEST_REQUIRE(std::holds_alternative<Done>(ask(AddPool{spec})));
    grant_claims();
  }
};

struct RetryCase {
  const char* name;
  AttemptEnd end;
  std::optional<std::int32_t> exit_code;
  std::int32_t retries_done;
  std::int32_t retries_max;
  scheduler::Verdict expected;
};
std::ostream& operator<<(std::ostream& out, const RetryCase& c) {
  return out << c.name;
}

using scheduler::Verdict;
const RetryCase kRetryCases[] = {
    {"success is never retried", AttemptEnd::exited, 0, 0, 3, Verdict::succeed},
    {"failure with retries left", AttemptEnd::exited, 1, 2, 3, Verdict::retry},
    {"failure with none left", AttemptEnd::exited, 1, 3, 3, Verdict::fail},
    {"minus one means without limit", AttemptEnd::exited, 1, 99, -1, Verdict::retry},
    {"the wall clock is final", AttemptEnd::wall_clock, 137, 0, 3, Verdict::fail},
    {"what did not start is final", AttemptEnd::not_started, std::nullopt, 0, 3, Verdict::fail},
    {"a failed upload is final", AttemptEnd::upload_failed, 0, 0, 3, Verdict::fail},
    {"what was lost runs again", AttemptEnd::lost, std::nullopt, 3, 3, Verdict::run_again},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_attempts)

BOOST_DATA_TEST_CASE(an_end_is_judged, bdata::make(kRetryCases), c) {
  AttemptEnded report;
  report.end = c.end;
  report.exit_code = c.exit_code;
  BOOST_TEST((scheduler::judge_end(report, c.retries_done, c.retries_max) == c.expected));
}

BOOST_AUTO_TEST_CASE(retries_are_limited_and_counted) {
  Ready shard;
  shard.add(a_task().id("t").retried(2));
  for (int run = 0; run < 3; ++run) shard.finish("t", 7);
  const TaskRecord task = shard.task("t");
  BOOST_TEST((task.state == TaskState::completed));
  BOOST_TEST((task.result == ExecutionResult::failure));
  BOOST_TEST(task.retry_count == 2);
  BOOST_TEST(task.attempt == 3u);
  BOOST_TEST(task.failure->code == "FailureExitCode");
}

BOOST_AUTO_TEST_CASE(a_report_twice_or_late_changes_nothing) {
  Ready shard;
  shard.add(a_task().id("t").retried(1));
  const Assignment first = shard.take_assignment("t");
  shard.end(first, 1);
  const EventNumber before = shard.state().counters.events;
  shard.end(first, 0);  // the old attempt claims success
  BOOST_TEST(shard.state().counters.events == before);
  BOOST_TEST(shard.shard().stale_reports() == 1u);
  shard.finish("t", 0);
  BOOST_TEST(shard.job().counts.tasks.succeeded == 1);
}

BOOST_AUTO_TEST_CASE(a_worker_speaks_only_for_its_own_nodes) {
  Ready shard;
  shard.connect_worker(1, 99);
  shard.add(a_task().id("t"));
  const Assignment assignment = shard.take_assignment("t");
  shard.end(assignment, 0, AttemptEnd::exited, 99);
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(terminated_task_is_complete_at_once_and_holds_its_slot) {
  Ready shard;
  shard.add(a_task().id("t"));
  shard.add(a_task().id("next"));
  const Assignment assignment = shard.take_assignment("t");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(TerminateTask{"j", "t", {}})));
  const TaskRecord task = shard.task("t");
  BOOST_TEST((task.state == TaskState::completed));
  BOOST_TEST(task.failure->code == "TaskEnded");
  BOOST_TEST(!task.exit_code.has_value());
  BOOST_TEST((shard.task("next").state == TaskState::active));
  BOOST_TEST(shard.take_orders<EndAttempt>().size() == 1u);
  shard.end(assignment, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.task("next").state == TaskState::running));
  BOOST_TEST(shard.job().counts.tasks.failed == 1);
}

BOOST_AUTO_TEST_CASE(a_failed_task_is_reactivated_with_all_its_retries) {
  Ready shard;
  shard.add(a_task().id("t").retried(1));
  shard.add(a_task().id("child").after({"t"}));
  for (int run = 0; run < 2; ++run) shard.finish("t", 7);
  BOOST_TEST(shard.job().counts.tasks.failed == 1);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(ReactivateTask{"j", "T", {}})));
  TaskRecord task = shard.task("t");
  BOOST_TEST((task.state == TaskState::running));
  BOOST_TEST(task.retry_count == 0);
  BOOST_TEST(task.attempt == 3u);
  BOOST_TEST(!task.exit_code.has_value());
  BOOST_TEST(!task.failure.has_value());
  BOOST_TEST(!task.end_time.has_value());
  BOOST_TEST(shard.job().counts.tasks.failed == 0);
  shard.finish("t", 7);
  shard.finish("t", 0);
  task = shard.task("t");
  BOOST_TEST((task.result == ExecutionResult::success));
  BOOST_TEST(task.retry_count == 1);
  shard.finish("child", 0);
  BOOST_TEST(shard.job().counts.tasks.succeeded == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_reactivated_is_refused) {
  Ready shard;
  const auto refusal = [&](const char* job, const char* task) {
    const Answer answer = shard.ask(ReactivateTask{job, task, {}});
    const auto* error = std::get_if<Error>(&answer);
    return error == nullptr ? std::optional<ErrorCode>() : error->code;
  };
  shard.add(a_task().id("t"));
  BOOST_TEST((refusal("j", "t") == ErrorCode::task_not_completed));  // it runs
  shard.add(a_task().id("waits"));
  BOOST_TEST((refusal("j", "waits") == ErrorCode::task_not_completed));
  shard.finish("t", 0);
  BOOST_TEST((refusal("j", "t") == ErrorCode::task_succeeded));
  BOOST_TEST((refusal("j", "other") == ErrorCode::task_not_found));
  shard.finish("waits", 1);
  shard.ask(TerminateJob{"j", {}, ""});
  BOOST_TEST((refusal("j", "waits") == ErrorCode::job_completed));
  BOOST_TEST((shard.task("waits").state == TaskState::completed));
}

BOOST_AUTO_TEST_CASE(a_reactivated_task_waits_for_its_old_attempt) {
  Ready shard(2, 1);
  shard.add(a_task().id("t"));
  const Assignment old = shard.take_assignment("t");
  shard.ask(TerminateTask{"j", "t", {}});
  shard.ask(ReactivateTask{"j", "t", {}});
  BOOST_TEST((shard.task("t").state == TaskState::active));
  shard.end(old, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_task_that_never_ran_waits_for_its_parents_again) {
  Ready shard;
  shard.add(a_task().id("parent"));
  shard.take_assignment("parent");  // lost with the worker, and given out again
  shard.add(a_task().id("t").after({"parent"}));
  shard.ask(TerminateTask{"j", "t", {}});
  shard.ask(ReactivateTask{"j", "t", {}});
  shard.restart();
  shard.connect_worker();
  BOOST_TEST((shard.task("t").state == TaskState::active));
  shard.finish("parent", 0);
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_task_added_again_waits_for_the_old_attempt) {
  Ready shard(2, 1);
  shard.add(a_task().id("t"));
  const Assignment old = shard.take_assignment("t");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"j", "t", {}})));
  shard.add(a_task().id("t"));
  BOOST_TEST((shard.task("t").state == TaskState::active));
  shard.restart();
  Resync resync = shard.resync_of(OneShard::kWorker);
  resync.running = {old.id};
  shard.give(scheduler::WorkerConnected{OneShard::kWorker, 5});
  shard.say(resync);
  BOOST_TEST((shard.task("t").state == TaskState::active));
  BOOST_TEST(shard.take_orders<EndAttempt>().size() >= 1u);
  shard.end(old, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_task_added_again_waits_for_the_old_attempt_also_when_its_parent_ends_last) {
  Ready shard(3, 1);
  shard.add(a_task().id("parent"));
  shard.add(a_task().id("t"));
  const Assignment old = shard.take_assignment("t");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"j", "t", {}})));
  shard.add(a_task().id("t").after({"parent"}));
  shard.finish("parent");
  BOOST_TEST((shard.task("t").state == TaskState::active));
  shard.end(old, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(a_spot_node_whose_worker_leaves_is_preempted_and_may_come_back) {
  Spot shard;
  shard.make_job("j", "p");
  shard.add(a_task().id("t"));
  BOOST_TEST_REQUIRE((shard.task("t").state == TaskState::running));
  shard.pass(std::chrono::seconds(40));
  BOOST_TEST((shard.node("node1").record.state == NodeState::preempted));
  BOOST_TEST((shard.task("t").state == TaskState::active));
  BOOST_TEST(shard.pool().current_spot_nodes == 1);  // listed and counted
  const Answer refused = shard.ask(RestartNode{"p", "node1", NodeRestart::reboot, {}});
  BOOST_TEST((std::get<Error>(refused).code == ErrorCode::node_not_ready));
  shard.pass(std::chrono::hours(24));  // it is not broken
  BOOST_TEST((shard.node("node1").record.state == NodeState::preempted));
  shard.connect_worker(0);
  const TaskRecord again = shard.task("t");
  BOOST_TEST((again.state == TaskState::running));
  BOOST_TEST(again.retry_count == 0);
  BOOST_TEST(again.requeue_count == 0);
}

BOOST_AUTO_TEST_CASE(a_preempted_node_can_be_given_up) {
  Spot shard;
  shard.pass(std::chrono::seconds(40));
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_spot_nodes = 0;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(resize)));
  BOOST_TEST(shard.pool().current_spot_nodes == 0);
}

BOOST_AUTO_TEST_CASE(lost_lease_runs_tasks_elsewhere_uncounted) {
  Ready shard(1, 1);
  shard.add(a_task().id("t").retried(0));
  const Assignment old = shard.take_assignment("t");
  shard.pass(std::chrono::seconds(32));
  BOOST_TEST((shard.task("t").state == TaskState::running));  // lease + margin have not ended
  shard.pass(std::chrono::seconds(2));
  BOOST_TEST((shard.task("t").state == TaskState::active));
  BOOST_TEST((shard.node("node1").record.state == NodeState::unknown));
  shard.end(old, 0);  // too late
  BOOST_TEST((shard.task("t").state == TaskState::active));
  shard.pass(std::chrono::minutes(4));
  BOOST_TEST((shard.node("node1").record.state == NodeState::unusable));
  shard.connect_worker();
  const TaskRecord again = shard.task("t");
  BOOST_TEST((again.state == TaskState::running));
  BOOST_TEST(again.retry_count == 0);
  BOOST_TEST(again.requeue_count == 0);
  BOOST_TEST(again.attempt == 2u);
}

// A worker counts a lease from a moment on its own clock, so a parting one needs such a moment,
// too.
BOOST_AUTO_TEST_CASE(a_parting_lease_counts_from_the_last_renewal) {
  Ready shard;
  shard.say(RenewLease{5'000'000'000, 0});
  shard.say(RenewLease{4'000'000'000, 0});  // came late
  scheduler::Effects effects;
  shard.shard().part(shard.now(), shard.rows(), effects);
  std::vector<LeaseRenewed> told;
  for (const scheduler::Outgoing& out : effects.messages) {
    const auto* order = std::get_if<scheduler::ToWorkerProcess>(&out);
    if (order == nullptr) continue;
    if (const auto* lease = std::get_if<LeaseRenewed>(&order->message)) told.push_back(*lease);
  }
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_TEST(told[0].sent_at == 5'000'000'000);
  BOOST_TEST((told[0].length == scheduler::Settings{}.lease_parting));
}

// Found by seed 1716 of the simulator: the worker had a parting lease and no node, and got a node
// in the next epoch, which knew nothing of that lease.
BOOST_AUTO_TEST_CASE(leases_of_the_epoch_before_count_for_workers_that_had_no_node) {
  OneShard shard;
  shard.connect_worker();
  shard.make_pool("p", 0);
  scheduler::Effects effects;
  shard.shard().part(shard.now(), shard.rows(), effects);
  shard.restart();
  shard.connect_worker();
  ResizePool resize;
  resize.pool_id = "p";
  resize.target_dedicated_nodes = 1;
  shard.ask(resize);
  shard.grant_claims();
  shard.make_job("j", "p");
  shard.add(a_task().id("t"));
  BOOST_TEST((shard.task("t").state == TaskState::running));
  shard.pass(std::chrono::minutes(9));  // nothing is heard of it
  BOOST_TEST((shard.task("t").state == TaskState::running));
  shard.pass(std::chrono::minutes(2));
  BOOST_TEST((shard.task("t").state == TaskState::active));
}

// Only the start after a parting waits for parting leases, not each one for ever after.
BOOST_AUTO_TEST_CASE(parting_leases_are_forgotten_when_they_have_ended) {
  Ready shard;
  scheduler::Effects effects;
  shard.shard().part(shard.now(), shard.rows(), effects);
  shard.restart();
  shard.pass(std::chrono::minutes(10) + std::chrono::seconds(10));
  BOOST_TEST((shard.state().counters.lease_longest == scheduler::Settings{}.lease));
  shard.connect_worker();
  shard.add(a_task().id("t"));
  BOOST_TEST((shard.task("t").state == TaskState::running));
  shard.restart();
  shard.pass(std::chrono::seconds(34));
  BOOST_TEST((shard.task("t").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(a_parting_lease_is_not_forgotten_while_the_shard_stops) {
  Ready shard;
  shard.pass(std::chrono::hours(1));
  scheduler::Effects effects;
  shard.shard().part(shard.now(), shard.rows(), effects);
  shard.pass(std::chrono::minutes(9));
  BOOST_TEST((shard.state().counters.lease_longest == scheduler::Settings{}.lease_parting));
}

BOOST_AUTO_TEST_CASE(renewed_leases_keep_tasks_where_they_are) {
  Ready shard;
  shard.add(a_task().id("t"));
  for (int i = 0; i < 10; ++i) {
    shard.pass(std::chrono::seconds(20));
    shard.renew();
  }
  BOOST_TEST((shard.task("t").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(restarted_shard_gives_nothing_away_before_a_lease_has_passed) {
  Ready shard;
  shard.add(a_task().id("t"));
  shard.restart();
  shard.pass(std::chrono::seconds(32));
  BOOST_TEST((shard.task("t").state == TaskState::running));
  shard.pass(std::chrono::seconds(2));
  BOOST_TEST((shard.task("t").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(resync_settles_keep_kill_and_recorded) {
  Ready shard(3, 1);
  shard.add(a_task().id("kept"));
  shard.add(a_task().id("never-arrived"));
  shard.add(a_task().id("done"));
  const Assignment kept = shard.take_assignment("kept");
  const Assignment done = shard.take_assignment("done");
  shard.end(done);
  shard.restart();
  Resync resync = shard.resync_of(OneShard::kWorker);
  AttemptId foreign = kept.id;
  foreign.attempt = 9;
  resync.running = {kept.id, foreign};
  resync.unreported = {done.id};
  resync.nodes.push_back({"stranger", 999, 1, NodeState::idle});
  shard.give(scheduler::WorkerConnected{OneShard::kWorker, 5});
  shard.say(resync);
  const auto answers = shard.take_orders<Resynced>();
  BOOST_TEST_REQUIRE(!answers.empty());
  const Resynced& answer = answers.back().second;
  BOOST_TEST((answer.recorded == std::vector<AttemptId>{done.id}));
  BOOST_TEST((answer.unwanted == std::vector<AttemptId>{foreign}));
  BOOST_TEST((answer.unwanted_nodes == std::vector<std::string>{"stranger"}));
  BOOST_TEST((shard.task("kept").state == TaskState::running));
  BOOST_TEST(shard.task("kept").attempt == 1u);
  BOOST_TEST(shard.task("never-arrived").attempt == 2u);  // dispatched anew
}

// The one that it said to the epoch before is still under way when it says another to this one.
BOOST_AUTO_TEST_CASE(a_second_resync_of_a_session_does_not_judge_what_came_after_the_first) {
  Ready shard;
  const Resync resync = shard.resync_of(OneShard::kWorker);
  shard.restart();
  shard.give(scheduler::WorkerConnected{OneShard::kWorker, 5});
  shard.say(resync);
  shard.add(a_task().id("t"));
  shard.say(resync);
  BOOST_TEST((shard.task("t").state == TaskState::running));
  BOOST_TEST(shard.task("t").attempt == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
