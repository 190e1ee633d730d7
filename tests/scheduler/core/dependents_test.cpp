// Dependencies on ranges of numbers, and jobs that fail what will never start.
#include "scheduler/core/numbers.h"
#include "tests/support/one_shard.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::scheduler;
using test::a_task;
using test::OneShard;
using test::TaskBuilder;

namespace {

struct Depending : OneShard {
  explicit Depending(bool fails_blocked = false, Settings settings = {}) : OneShard(settings) {
    connect_worker();
    make_pool("p", 4, 4);
    JobSpec spec;
    spec.uses_task_dependencies = true;
    if (fails_blocked) spec.metadata.push_back({"windlass.failBlockedDependents", "true"});
    make_job("j", "p", spec);
  }
  void start_again() {
    restart();
    assigned().clear();
    connect_worker();
  }
  bool waits(const std::string& id) { return task(id).state == TaskState::active; }
  std::string failed_because_of(const std::string& id) {
    const TaskRecord record = task(id);
    if (!record.failure || record.failure->code != "TaskDependencyFailed") return "";
    return record.failure->details.at(0).value;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_dependents)

BOOST_AUTO_TEST_CASE(numbers_are_decimal_integers_without_regard_to_leading_zeros) {
  BOOST_TEST(number_of("4").value() == 4);
  BOOST_TEST(number_of("004").value() == 4);
  BOOST_TEST(number_of("0").value() == 0);
  BOOST_TEST(number_of("2147483647").value() == 2147483647);
  for (const char* other : {"", "-4", "+4", "4a", "a4", "4_0", "2147483648", "0x4"})
    BOOST_TEST(!number_of(other).has_value(), other);
}

BOOST_AUTO_TEST_CASE(counts_of_a_page_stop_at_the_ends_of_the_range) {
  NumberPage page;
  page.satisfied.set();
  const std::int32_t first = 3 * kNumbersPerPage;
  const std::int32_t last = first + kNumbersPerPage - 1;
  BOOST_TEST(count_in(page, 3, {0, INT32_MAX}).satisfied == kNumbersPerPage);
  BOOST_TEST(count_in(page, 3, {first, first}).satisfied == 1);
  BOOST_TEST(count_in(page, 3, {last, INT32_MAX}).satisfied == 1);
  BOOST_TEST(count_in(page, 3, {first + 5, first + 7}).satisfied == 3);
  page.failed.set(6);
  BOOST_TEST(!count_in(page, 3, {first, last}).any_failed);  // satisfied under another spelling
  page.satisfied.reset(6);
  BOOST_TEST(count_in(page, 3, {first, last}).any_failed);
  BOOST_TEST(!count_in(page, 3, {first + 7, last}).any_failed);
}

BOOST_AUTO_TEST_CASE(a_range_is_satisfied_when_each_of_its_numbers_is) {
  Depending shard;
  shard.add(a_task().id("after").after_numbers(1, 3));
  shard.add(a_task().id("1"));
  shard.add(a_task().id("002"));
  shard.finish("1");
  shard.finish("002");
  BOOST_TEST(shard.waits("after"));  // 3 is not there yet
  shard.add(a_task().id("3"));
  BOOST_TEST(shard.waits("after"));
  shard.finish("3");
  BOOST_TEST(!shard.waits("after"));
  shard.finish("after");
  // All of it is known when the task comes later.
  shard.add(a_task().id("late").after_numbers(1, 3).after_numbers(2, 2));
  BOOST_TEST(!shard.waits("late"));
}

BOOST_AUTO_TEST_CASE(a_number_counts_once_under_all_its_spellings) {
  Depending shard;
  shard.add(a_task().id("after").after_numbers(4, 5));
  for (const char* id : {"4", "04", "004"}) shard.add(a_task().id(id));
  shard.finish("04");
  shard.finish("4");
  shard.finish("004");
  BOOST_TEST(shard.waits("after"));
  shard.add(a_task().id("5"));
  shard.finish("5");
  BOOST_TEST(!shard.waits("after"));
}

BOOST_AUTO_TEST_CASE(what_is_satisfied_outlives_the_task_and_the_scheduler) {
  Depending shard;
  shard.add(a_task().id("after").after({"x"}).after_numbers(1, 2));
  shard.add(a_task().id("1"));
  shard.finish("1");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"j", "1", {}})));
  shard.start_again();
  shard.add(a_task().id("2"));
  shard.finish("2");
  BOOST_TEST(shard.waits("after"));
  shard.start_again();
  shard.add(a_task().id("x"));
  shard.finish("x");
  BOOST_TEST(!shard.waits("after"));
}

BOOST_AUTO_TEST_CASE(a_range_of_a_million_costs_no_million_rows) {
  Depending shard;
  shard.add(a_task().id("after").after_numbers(0, 1'000'000));
  shard.add(a_task().id("500000"));
  shard.finish("500000");
  std::size_t pages = 0;
  shard.rows().each_number_page(1, 0, UINT32_MAX, [&](auto, const auto&) { ++pages; });
  BOOST_TEST(pages == 1u);
  BOOST_TEST(
      shard.state().find_job("acct", "j")->dependencies.find_range({0, 1'000'000})->missing ==
      1'000'000);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(TerminateTask{"j", "after", {}})));
  BOOST_TEST(shard.state().find_job("acct", "j")->dependencies.size() == 0u);
}

BOOST_AUTO_TEST_CASE(ranges_need_a_job_with_dependencies) {
  Depending shard;
  shard.make_job("plain", "p");
  const Answer answer = shard.ask(AddTasks{"plain", {a_task().id("t").after_numbers(1, 2).task}});
  BOOST_TEST((std::get<TasksAdded>(answer).outcomes.at(0).error->code ==
              ErrorCode::task_dependencies_not_specified_on_job));
}

BOOST_AUTO_TEST_CASE(rows_of_numbers_go_with_their_job) {
  Depending shard;
  shard.add(a_task().id("1"));
  shard.finish("1");
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteJob{"j", {}})));
  for (int i = 0; i < 5; ++i) shard.tick();
  std::size_t pages = 0;
  shard.rows().each_number_page(1, 0, UINT32_MAX, [&](auto, const auto&) { ++pages; });
  BOOST_TEST(pages == 0u);
}

BOOST_AUTO_TEST_CASE(blocked_dependents_wait_for_ever_unless_their_job_says_otherwise) {
  Depending shard;
  shard.add(a_task().id("1"));
  shard.add(a_task().id("by-id").after({"1"}));
  shard.add(a_task().id("by-range").after_numbers(1, 2));
  shard.finish("1", 3);
  BOOST_TEST(shard.waits("by-id"));
  BOOST_TEST(shard.waits("by-range"));
  // Somebody loses patience.
  ChangeJob change{"j", {}, {}, false};
  change.change.metadata.emplace().push_back({"windlass.failBlockedDependents", "true"});
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(change)));
  BOOST_TEST(shard.failed_because_of("by-id") == "1");
  BOOST_TEST(shard.failed_because_of("by-range") == "1");
}

BOOST_AUTO_TEST_CASE(whatever_will_never_start_fails_down_to_the_last) {
  Depending shard(true);
  shard.add(a_task().id("a"));
  shard.add(a_task().id("b").after({"A"}));
  shard.add(a_task().id("c").after({"b", "elsewhere"}));
  shard.add(a_task().id("d").after({"c"}));
  shard.add(a_task().id("free"));
  shard.finish("a", 3);
  BOOST_TEST(shard.failed_because_of("b") == "a");
  BOOST_TEST(shard.failed_because_of("c") == "b");
  BOOST_TEST(shard.failed_because_of("d") == "c");
  BOOST_TEST((shard.task("free").state == TaskState::running));
  shard.add(a_task().id("late").after({"a"}));  // knows at once
  BOOST_TEST(shard.failed_because_of("late") == "a");
  BOOST_TEST(shard.job().counts.tasks.failed == 5);
}

BOOST_AUTO_TEST_CASE(a_blocked_task_may_satisfy_others_by_its_own_rules) {
  Depending shard(true);
  shard.add(a_task().id("a"));
  shard.add(a_task().id("b").after({"a"}).rule(
      {ExitCondition::otherwise, 0, 0, {}, DependencyAction::satisfy}));
  shard.add(a_task().id("c").after({"b"}));
  shard.finish("a", 1);
  BOOST_TEST(shard.failed_because_of("b") == "a");
  BOOST_TEST((shard.task("c").state == TaskState::running));
}

BOOST_AUTO_TEST_CASE(many_blocked_tasks_fail_over_several_batches_and_a_start_in_between) {
  Settings settings;
  settings.blocked_tasks_per_batch_max = 3;
  Depending shard(true, settings);
  shard.add(a_task().id("1"));
  for (int i = 0; i < 10; ++i) {
    TaskBuilder task = a_task().id("c" + std::to_string(i));
    shard.add(i % 2 == 0 ? task.after({"1"}) : task.after_numbers(0, 1));
  }
  shard.finish("1", 1);
  BOOST_TEST(shard.job().counts.tasks.failed > 1);
  BOOST_TEST(shard.job().counts.tasks.failed < 11);
  BOOST_TEST((shard.shard().next_deadline(shard.now()) == shard.now().mono));
  shard.restart();
  for (int i = 0; i < 4; ++i) shard.tick();
  BOOST_TEST(shard.job().counts.tasks.failed == 11);
}

BOOST_AUTO_TEST_CASE(a_parent_that_begins_again_or_goes_blocks_no_more) {
  Depending shard;
  shard.add(a_task().id("1"));
  shard.add(a_task().id("b").after({"1"}).after_numbers(1, 1));
  shard.finish("1", 1);
  const Job& job = *shard.state().find_job("acct", "j");
  BOOST_TEST(job.dependencies.blocked().size() == 1u);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(ReactivateTask{"j", "1", {}})));
  BOOST_TEST(job.dependencies.blocked().empty());
  shard.finish("1", 1);
  BOOST_TEST(job.dependencies.blocked().size() == 1u);
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(DeleteTask{"j", "1", {}})));
  BOOST_TEST(job.dependencies.blocked().empty());
  shard.add(a_task().id("01"));
  shard.add(a_task().id("1"));
  shard.finish("01");
  shard.finish("1");
  BOOST_TEST(!shard.waits("b"));
}

BOOST_AUTO_TEST_SUITE_END()
