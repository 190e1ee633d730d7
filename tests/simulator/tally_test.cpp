// What runs of seeds came to, and when a range of them is not good enough.
#include "simulator/tally.h"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace windlass;
using namespace windlass::simulator;

namespace {

Outcome good_outcome() {
  Outcome outcome;
  outcome.faults["lost frame"] = 2;
  outcome.tasks_completed = 3;
  for (FaultPointUse& use : outcome.points) use = {100, 5};
  return outcome;
}

Tally tally_of(const Outcome& outcome, int runs) {
  Tally tally;
  for (int i = 0; i < runs; ++i) tally.count(outcome);
  return tally;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulator_tally)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again_and_added) {
  const Tally tally = tally_of(good_outcome(), 2);
  std::stringstream file;
  tally.write(file);
  Tally sum = tally_of(good_outcome(), 1);
  sum.read(file);
  BOOST_TEST(sum.of("runs") == 3u);
  BOOST_TEST(sum.of("fault lost frame") == 6u);
  BOOST_TEST(sum.of("hits batch_of_one") == 15u);
  BOOST_TEST(sum.of("armed batch_of_one") == 3u);
}

BOOST_AUTO_TEST_CASE(a_failed_run_is_not_good) {
  Tally tally = tally_of(good_outcome(), 1);
  BOOST_TEST(tally.good());
  tally.count_failure();
  BOOST_TEST(!tally.good());
}

BOOST_AUTO_TEST_CASE(a_fault_point_must_bite_within_a_thousand_runs) {
  Outcome outcome = good_outcome();
  outcome.points.back().hits = 0;
  BOOST_TEST(tally_of(outcome, 999).good());
  Tally tally = tally_of(outcome, 1000);
  BOOST_TEST(!tally.good());
  outcome.points.back().hits = 1;
  tally.count(outcome);
  BOOST_TEST(tally.good());
}

BOOST_AUTO_TEST_CASE(half_of_the_runs_must_have_had_faults_and_completed_tasks) {
  Outcome idle = good_outcome();
  idle.tasks_completed = 0;
  Tally tally = tally_of(idle, 2);
  tally.count(good_outcome());
  BOOST_TEST(!tally.good());
  tally.count(good_outcome());
  BOOST_TEST(tally.good());
}

BOOST_AUTO_TEST_SUITE_END()
