// What the end of a task means for its job and its dependents: the rule by itself, and a shard that
// keeps to it.
#include "scheduler/core/exit_rules.h"
#include "tests/support/one_shard.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::scheduler;
using test::a_task;
using test::OneShard;

namespace {

ExitRule code(std::int32_t of, std::optional<JobAction> job, std::optional<DependencyAction> dep) {
  return {ExitCondition::code, of, of, job, dep};
}
ExitRule range(std::int32_t first, std::int32_t last, std::optional<JobAction> job,
               std::optional<DependencyAction> dep) {
  return {ExitCondition::code_range, first, last, job, dep};
}
ExitRule on(ExitCondition condition, std::optional<JobAction> job,
            std::optional<DependencyAction> dep) {
  return {condition, 0, 0, job, dep};
}

struct Acting : OneShard {
  explicit Acting(OnTaskFailure failure = OnTaskFailure::performexitoptionsjobaction) {
    connect_worker();
    make_pool("p", 2, 2);
    JobSpec spec;
    spec.uses_task_dependencies = true;
    spec.on_task_failure = failure;
    make_job("j", "p", spec);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_exit_rules)

BOOST_AUTO_TEST_CASE(without_rules_success_satisfies_and_the_rest_terminates_and_blocks) {
  const ExitOutcome well{JobAction::none, true};
  const ExitOutcome badly{JobAction::terminate, false};
  BOOST_TEST((judge_exit({}, AttemptEnd::exited, 0) == well));
  BOOST_TEST((judge_exit({}, AttemptEnd::exited, 1) == badly));
  BOOST_TEST((judge_exit({}, AttemptEnd::wall_clock, 137) == badly));
  BOOST_TEST((judge_exit({}, AttemptEnd::not_started, {}) == badly));
  BOOST_TEST((judge_exit({}, AttemptEnd::upload_failed, 0) == badly));
  BOOST_TEST((judge_exit({}, AttemptEnd::stopped, {}) == badly));
}

BOOST_AUTO_TEST_CASE(the_code_comes_before_its_range_and_both_before_everything_else) {
  const std::vector<ExitRule> rules{
      on(ExitCondition::otherwise, JobAction::none, DependencyAction::satisfy),
      range(1, 5, JobAction::disable, {}), code(3, JobAction::none, DependencyAction::satisfy),
      on(ExitCondition::file_upload_error, JobAction::disable, DependencyAction::satisfy)};
  BOOST_TEST((judge_exit(rules, AttemptEnd::exited, 3) == ExitOutcome{JobAction::none, true}));
  BOOST_TEST((judge_exit(rules, AttemptEnd::exited, 5) == ExitOutcome{JobAction::disable, false}));
  BOOST_TEST((judge_exit(rules, AttemptEnd::exited, 6) == ExitOutcome{JobAction::none, true}));
  BOOST_TEST(
      (judge_exit(rules, AttemptEnd::upload_failed, 1) == ExitOutcome{JobAction::disable, false}));
  BOOST_TEST(
      (judge_exit(rules, AttemptEnd::upload_failed, 0) == ExitOutcome{JobAction::disable, true}));
  // No entry of its own: the rest.
  BOOST_TEST(
      (judge_exit(rules, AttemptEnd::not_started, {}) == ExitOutcome{JobAction::none, true}));
}

BOOST_AUTO_TEST_CASE(exit_code_0_is_governed_by_its_own_entry_alone) {
  const std::vector<ExitRule> others{
      on(ExitCondition::otherwise, JobAction::terminate, DependencyAction::block)};
  BOOST_TEST((judge_exit(others, AttemptEnd::exited, 0) == ExitOutcome{JobAction::none, true}));
  const std::vector<ExitRule> own{range(0, 2, JobAction::disable, DependencyAction::block)};
  BOOST_TEST((judge_exit(own, AttemptEnd::exited, 0) == ExitOutcome{JobAction::disable, false}));
}

BOOST_AUTO_TEST_CASE(a_failure_that_satisfies_lets_dependents_start) {
  Acting shard(OnTaskFailure::noaction);
  shard.add(a_task().id("parent").rule(code(3, {}, DependencyAction::satisfy)));
  shard.add(a_task().id("child").after({"parent"}));
  shard.finish("parent", 3);
  BOOST_TEST((shard.task("parent").result == ExecutionResult::failure));
  BOOST_TEST((shard.task("child").state == TaskState::running));
  // Also one that is added later, and after a start.
  shard.restart();
  shard.connect_worker();
  shard.add(a_task().id("late").after({"PARENT"}));
  BOOST_TEST((shard.task("late").state != TaskState::completed));
  BOOST_TEST(!shard.state().find_job("acct", "j")->dependencies.waits(3));
}

BOOST_AUTO_TEST_CASE(a_success_that_blocks_keeps_dependents_waiting) {
  Acting shard(OnTaskFailure::noaction);
  shard.add(a_task().id("parent").rule(code(0, {}, DependencyAction::block)));
  shard.add(a_task().id("child").after({"parent"}));
  shard.finish("parent", 0);
  BOOST_TEST((shard.task("parent").result == ExecutionResult::success));
  BOOST_TEST((shard.task("child").state == TaskState::active));
}

BOOST_AUTO_TEST_CASE(rules_are_judged_when_the_retries_are_used_up) {
  Acting shard;
  shard.add(a_task().id("t").retried(1).rule(code(3, JobAction::disable, {})));
  shard.finish("t", 3);
  BOOST_TEST((shard.job().state == JobState::active));
  shard.finish("t", 3);
  BOOST_TEST((shard.job().state == JobState::disabled));
}

BOOST_AUTO_TEST_CASE(a_failure_terminates_the_job_unless_it_says_otherwise) {
  Acting shard;
  shard.add(a_task().id("tolerated").rule(on(ExitCondition::otherwise, JobAction::none, {})));
  shard.add(a_task().id("other"));
  shard.add(a_task().id("fatal"));
  shard.finish("tolerated", 1);
  BOOST_TEST((shard.job().state == JobState::active));
  const Assignment other = shard.take_assignment("other");
  shard.finish("fatal", 1);
  BOOST_TEST((shard.job().state == JobState::terminating));
  BOOST_TEST(shard.job().terminate_reason == "TaskFailed");
  BOOST_TEST((shard.task("other").failure->code == "TaskEnded"));
  shard.end(other, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.job().state == JobState::completed));
}

BOOST_AUTO_TEST_CASE(disable_requeues_what_runs) {
  Acting shard;
  shard.add(a_task().id("other"));
  shard.add(a_task().id("t").rule(code(9, JobAction::disable, {})));
  const Assignment other = shard.take_assignment("other");
  shard.finish("t", 9);
  BOOST_TEST((shard.job().state == JobState::disabling));
  BOOST_TEST((shard.task("other").state == TaskState::active));
  BOOST_TEST(shard.task("other").requeue_count == 1);
  shard.end(other, 0, AttemptEnd::stopped);
  BOOST_TEST((shard.job().state == JobState::disabled));
}

BOOST_AUTO_TEST_CASE(a_task_ended_by_request_counts_as_failed_and_what_its_job_ends_does_not) {
  Acting shard;
  shard.add(a_task().id("t").rule(on(ExitCondition::otherwise, JobAction::disable, {})));
  shard.add(a_task().id("u").rule(on(ExitCondition::otherwise, JobAction::terminate, {})));
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(TerminateTask{"j", "t", {}})));
  BOOST_TEST((shard.job().state == JobState::disabling));
  Acting ended;
  ended.add(a_task().id("t").rule(on(ExitCondition::otherwise, JobAction::terminate, {})));
  BOOST_TEST(std::holds_alternative<Done>(ended.ask(DisableJob{"j", {}, DisableTasks::terminate})));
  BOOST_TEST((ended.job().state == JobState::disabling));
}

BOOST_AUTO_TEST_CASE(without_performexitoptionsjobaction_nothing_is_done_and_a_job_action_refused) {
  Acting shard(OnTaskFailure::noaction);
  shard.add(a_task().id("t"));
  shard.finish("t", 1);
  BOOST_TEST((shard.job().state == JobState::active));
  for (const JobAction action : {JobAction::none, JobAction::disable, JobAction::terminate}) {
    NewTask task = a_task().id("u").rule(on(ExitCondition::otherwise, action, {})).task;
    const Answer answer = shard.ask(AddTasks{"j", {task}});
    const std::optional<Error>& error = std::get<TasksAdded>(answer).outcomes.at(0).error;
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code == ErrorCode::invalid_property_value));
  }
}

BOOST_AUTO_TEST_SUITE_END()
