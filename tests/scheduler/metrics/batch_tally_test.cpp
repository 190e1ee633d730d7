// What is counted of tasks as their events pass by. Times are in seconds after 1970.
#include "scheduler/batch_tally.h"

#include <boost/test/unit_test.hpp>

namespace windlass::scheduler {
namespace {

WallTime at(int seconds) {
  return WallTime{} + std::chrono::seconds(seconds);
}

// A task that was added at 0 and went through these states; the event comes with the last.
struct Life {
  TaskRecord task;
  Life() { task.state_time = at(0); }
  Life& enters(TaskState state, int seconds) {
    task.previous_state = task.state;
    task.previous_state_time = task.state_time;
    task.state = state;
    task.state_time = at(seconds);
    task.version.last_modified = at(seconds);
    return *this;
  }
  Life& ended(int start, int end, std::int32_t exit_code) {
    task.start_time = at(start);
    task.end_time = at(end);
    task.exit_code = exit_code;
    task.result = exit_code == 0 ? ExecutionResult::success : ExecutionResult::failure;
    if (exit_code != 0)
      task.failure = FailureInfo{ErrorCategory::usererror, "FailureExitCode", "", {}};
    return *this;
  }
};

BatchTally tally_of(const TaskRecord& task) {
  BatchTally tally;
  tally.count(ShardEvent(TaskPut{task}));
  return tally;
}

std::size_t ends(const BatchTally& tally) {
  return tally.succeeded + tally.failed + tally.retried + tally.requeued + tally.lost;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_batch_tally)

BOOST_AUTO_TEST_CASE(tasks_added_are_counted_one_by_one) {
  TasksWereAdded added;
  added.tasks.resize(3);
  BatchTally tally;
  tally.count(ShardEvent(added));
  BOOST_TEST(tally.tasks_added == 3U);
}

BOOST_AUTO_TEST_CASE(an_assignment_tells_how_long_the_task_has_waited) {
  const BatchTally tally = tally_of(Life().enters(TaskState::running, 7).task);
  BOOST_TEST(tally.assignments == 1U);
  BOOST_TEST(tally.wait.total() == 1U);
  BOOST_TEST(tally.wait.sum() == 7.0);
  BOOST_TEST(ends(tally) == 0U);
}

BOOST_AUTO_TEST_CASE(a_completion_tells_all_four_times) {
  const BatchTally tally = tally_of(
      Life().enters(TaskState::running, 7).enters(TaskState::completed, 30).ended(9, 29, 0).task);
  BOOST_TEST(tally.succeeded == 1U);
  BOOST_TEST(tally.start.sum() == 2.0);
  BOOST_TEST(tally.run.sum() == 20.0);
  BOOST_TEST(tally.total.sum() == 30.0);
  BOOST_TEST(tally.clock_ahead.count() == 0);
  BOOST_TEST(tally.clock_behind.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_change_that_moves_nothing_is_no_end_and_no_assignment) {
  TaskRecord running = Life().enters(TaskState::running, 7).task;
  running.version.last_modified = at(8);  // its constraints were changed
  BOOST_TEST(tally_of(running).assignments == 0U);
  TaskRecord active = Life().task;
  active.version.last_modified = at(8);
  BOOST_TEST(ends(tally_of(active)) == 0U);
}

BOOST_AUTO_TEST_CASE(attempts_that_do_not_end_their_task_are_told_apart) {
  const TaskRecord back = Life().enters(TaskState::running, 7).enters(TaskState::active, 9).task;
  BOOST_TEST(tally_of(back).lost == 1U);
  TaskRecord retried = back;
  retried.last_retry_time = at(9);
  retried.last_requeue_time = at(3);  // an earlier story
  BOOST_TEST(tally_of(retried).retried == 1U);
  TaskRecord requeued = back;
  requeued.last_requeue_time = at(9);
  BOOST_TEST(tally_of(requeued).requeued == 1U);
  for (const TaskRecord& task : {back, retried, requeued}) BOOST_TEST(ends(tally_of(task)) == 1U);
}

BOOST_AUTO_TEST_CASE(a_task_that_is_reactivated_ends_no_attempt) {
  const TaskRecord task = Life().enters(TaskState::completed, 7).enters(TaskState::active, 9).task;
  BOOST_TEST(ends(tally_of(task)) == 0U);
}

BOOST_AUTO_TEST_CASE(failures_have_reasons_and_strange_ones_are_other) {
  Life life;
  life.enters(TaskState::running, 1).enters(TaskState::completed, 2).ended(1, 2, 3);
  BatchTally tally = tally_of(life.task);
  BOOST_TEST(tally.failed == 1U);
  BOOST_TEST(kFailureReasonNames[0] == "FailureExitCode");
  BOOST_TEST(tally.failures[0] == 1U);
  life.task.failure->code = "SomethingNew";
  tally = tally_of(life.task);
  BOOST_TEST(kFailureReasonNames.back() == "other");
  BOOST_TEST(tally.failures.back() == 1U);
}

BOOST_AUTO_TEST_CASE(a_task_ended_from_outside_tells_no_times_of_a_process) {
  Life life;
  life.enters(TaskState::running, 1).enters(TaskState::completed, 2);
  life.task.result = ExecutionResult::failure;
  life.task.start_time = at(1);
  life.task.end_time = at(2);
  life.task.failure = FailureInfo{ErrorCategory::usererror, "TaskEnded", "", {}};
  const BatchTally tally = tally_of(life.task);
  BOOST_TEST(tally.failed == 1U);
  BOOST_TEST(tally.run.empty());
  BOOST_TEST(tally.total.total() == 1U);
}

BOOST_AUTO_TEST_CASE(reports_that_cannot_be_true_give_wrong_clocks_away) {
  Life ahead;
  ahead.enters(TaskState::running, 10).enters(TaskState::completed, 20).ended(100, 110, 0);
  BOOST_TEST((tally_of(ahead.task).clock_ahead == std::chrono::seconds(90)));
  BOOST_TEST(tally_of(ahead.task).clock_behind.count() == 0);
  Life behind;
  behind.enters(TaskState::running, 100).enters(TaskState::completed, 110).ended(40, 50, 0);
  const BatchTally tally = tally_of(behind.task);
  BOOST_TEST((tally.clock_behind == std::chrono::seconds(60)));
  BOOST_TEST(tally.clock_ahead.count() == 0);
  BOOST_TEST(tally.start.sum() == 0.0);  // not less than nothing
}

BOOST_AUTO_TEST_CASE(commands_are_counted_by_kind) {
  BatchTally tally;
  tally.count(Request(GetTask{}));
  tally.count(Request(AddTasks{}));
  tally.count(Request(FindNodeFiles{}));
  tally.count(Request(GetLifetimeStatistics{}));
  for (const auto& [kind, name] :
       {std::pair{Request(GetTask{}).index(), "get_task"},
        std::pair{Request(AddTasks{}).index(), "add_tasks"},
        std::pair{Request(FindNodeFiles{}).index(), "find_node_files"},
        std::pair{Request(GetLifetimeStatistics{}).index(), "get_lifetime_statistics"}}) {
    BOOST_TEST(kRequestKindNames[kind] == name);
    BOOST_TEST(tally.commands[kind] == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::scheduler
