#include "simulator/simulation.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace windlass;
using namespace windlass::simulator;

BOOST_AUTO_TEST_SUITE(simulator_simulation)

BOOST_AUTO_TEST_CASE(a_seed_repeated_tells_the_same_story) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      const Outcome first = simulate(draw_options(seed), false);
      const Outcome second = simulate(draw_options(seed), false);
      BOOST_TEST(first.hash == second.hash);
      BOOST_TEST(first.steps == second.steps);
      hashes.insert(first.hash);
    }
  }
  BOOST_TEST(hashes.size() == 10u);  // and another seed another one
}

BOOST_AUTO_TEST_CASE(a_world_without_faults_has_none) {
  Options options = draw_options(1);
  options.loss = options.duplication = options.slow = 0;
  options.cut_every = options.partition_every = options.crash_every = options.freeze_every = {};
  options.host_crash_every = options.clock_step_every = options.parting_every =
      options.move_every = {};
  options.commit_fails = options.file_failures = 0;
  options.fade_every = {};
  options.fault_points = false;
  options.client_patience = std::chrono::seconds(60);
  const Outcome outcome = simulate(options, false);
  BOOST_TEST(outcome.findings.empty());
  BOOST_TEST(outcome.faults.empty());
  BOOST_TEST(outcome.unknown == 0u);
  BOOST_TEST(outcome.tasks_completed > 0u);
}

// Seeds that found a defect. What it was is told in CHANGELOG.md and where the rule is tested
// alone.
BOOST_AUTO_TEST_CASE(seeds_that_found_something_stay_clean) {
  for (const std::uint64_t seed : {7ull, 534ull, 1374ull, 7367406598382ull, 22707462836532ull,
                                   22707462840602ull, 4765701508812ull}) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(simulate(draw_options(seed), false).findings.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
