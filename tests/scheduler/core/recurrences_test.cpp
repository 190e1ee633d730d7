#include "scheduler/core/recurrences.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::scheduler;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kStart{17'000'000'000'000'000};

WallTime at(Duration after) {
  return kStart + after;
}

// Every hour, from kStart on.
JobScheduleRecord hourly() {
  JobScheduleRecord record;
  record.creation_time = kStart;
  record.spec.schedule.recurrence_interval = 1h;
  record.next_run = first_recurrence(record);
  return record;
}

// The job of the recurrence that is due is made; none: nothing is due.
std::optional<WallTime> run(JobScheduleRecord& record, WallTime now) {
  const auto due = due_recurrence(record, now);
  if (due) {
    record.last_run = *due;
    pass_recurrence(record);
  }
  return due;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_recurrences)

BOOST_AUTO_TEST_CASE(each_recurrence_comes_once) {
  JobScheduleRecord record = hourly();
  BOOST_TEST((run(record, kStart) == kStart));
  BOOST_TEST(!run(record, at(59min)).has_value());
  BOOST_TEST((run(record, at(61min)) == at(1h)));
  BOOST_TEST((record.next_run == at(2h)));
  BOOST_TEST((run(record, at(2h)) == at(2h)));
}

BOOST_AUTO_TEST_CASE(of_many_that_were_missed_the_last_one_comes) {
  JobScheduleRecord record = hourly();
  run(record, kStart);
  BOOST_TEST((run(record, at(5h + 20min)) == at(5h)));
  BOOST_TEST((record.next_run == at(6h)));
}

BOOST_AUTO_TEST_CASE(outside_its_window_a_recurrence_is_lost) {
  JobScheduleRecord record = hourly();
  record.spec.schedule.start_window = 10min;
  BOOST_TEST((run(record, at(9min)) == kStart));
  BOOST_TEST((recurrence_lost_at(record) == at(1h + 10min)));
  BOOST_TEST(!run(record, at(1h + 10min)).has_value());
  BOOST_TEST((record.next_run == at(2h)));
  record.spec.schedule.start_window.reset();
  BOOST_TEST((recurrence_lost_at(record) == at(3h)));
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_makes_no_second_run) {
  JobScheduleRecord record = hourly();
  BOOST_TEST((run(record, at(10h)) == at(10h)));  // forward
  for (const Duration back : {0h, 1h, 5h, 10h}) BOOST_TEST(!run(record, at(back)).has_value());
  BOOST_TEST((run(record, at(11h)) == at(11h)));
}

BOOST_AUTO_TEST_CASE(it_begins_and_ends_when_it_is_told_to) {
  JobScheduleRecord record = hourly();
  record.spec.schedule.do_not_run_until = at(30min);
  record.spec.schedule.do_not_run_after = at(2h);
  record.next_run = first_recurrence(record);
  BOOST_TEST((next_decision_at(record) == at(30min)));
  BOOST_TEST((run(record, at(31min)) == at(30min)));
  BOOST_TEST((run(record, at(1h + 30min)) == at(1h + 30min)));
  BOOST_TEST(!record.next_run.has_value());
  BOOST_TEST(!is_over(record, at(2h)));
  BOOST_TEST((next_decision_at(record) == at(2h) + Duration{1}));
  BOOST_TEST(is_over(record, at(2h) + Duration{1}));
}

BOOST_AUTO_TEST_CASE(one_that_has_waited_too_long_for_its_job_is_lost_at_the_end) {
  JobScheduleRecord record = hourly();
  record.spec.schedule.do_not_run_after = at(90min);
  run(record, kStart);
  BOOST_TEST((recurrence_lost_at(record) == at(90min) + Duration{1}));
  BOOST_TEST(!run(record, at(91min)).has_value());
  BOOST_TEST(!record.next_run.has_value());
}

BOOST_AUTO_TEST_CASE(without_an_interval_there_is_one_run) {
  JobScheduleRecord record = hourly();
  record.spec.schedule.recurrence_interval.reset();
  BOOST_TEST((run(record, at(100h)) == kStart));
  BOOST_TEST(is_over(record, at(100h)));
  JobScheduleRecord lost = hourly();
  lost.spec.schedule.recurrence_interval.reset();
  lost.spec.schedule.start_window = 1min;
  BOOST_TEST(!run(lost, at(1min)).has_value());
  BOOST_TEST(is_over(lost, at(1min)));
}

BOOST_AUTO_TEST_CASE(a_change_repeats_nothing) {
  JobScheduleRecord record = hourly();
  run(record, at(3h + 10min));
  BOOST_TEST((first_recurrence(record) == at(4h)));  // put as it was read
  record.spec.schedule.do_not_run_until = kStart;
  BOOST_TEST((first_recurrence(record) == at(4h)));
  record.spec.schedule.recurrence_interval = 30min;
  BOOST_TEST((first_recurrence(record) == at(3h + 30min)));
  record.spec.schedule.do_not_run_until = at(24h);
  BOOST_TEST((first_recurrence(record) == at(24h)));
  record.spec.schedule.recurrence_interval.reset();  // its one job has been made
  BOOST_TEST(!first_recurrence(record).has_value());
}

BOOST_AUTO_TEST_CASE(nor_does_a_change_after_the_clock_was_set_back) {
  JobScheduleRecord record = hourly();
  BOOST_TEST((run(record, at(10h)) == at(10h)));
  record.next_run = first_recurrence(record);
  BOOST_TEST(!run(record, at(Duration(10h) - Duration{1})).has_value());
  BOOST_TEST(!run(record, at(10h)).has_value());
  BOOST_TEST((run(record, at(11h)) == at(11h)));
}

BOOST_AUTO_TEST_CASE(what_lies_beyond_all_time_never_comes) {
  JobScheduleRecord record = hourly();
  record.spec.schedule.recurrence_interval = kInfinite;
  record.spec.schedule.start_window = kInfinite;
  BOOST_TEST((run(record, at(1h)) == kStart));
  BOOST_TEST((record.next_run == WallTime{INT64_MAX}));
  BOOST_TEST(!run(record, at(1h)).has_value());
  BOOST_TEST((recurrence_lost_at(record) == WallTime{INT64_MAX}));
}

BOOST_AUTO_TEST_SUITE_END()
