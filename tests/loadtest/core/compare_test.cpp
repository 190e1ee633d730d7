#include "loadtest/core/compare.h"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace windlass::loadtest;

namespace {

// Ten numbers of a system whose rounds spread by `noise`, each scaled.
Report report_of(std::mt19937_64& random, double scale, double noise, int rounds = 5) {
  Report report;
  for (int i = 0; i < rounds; ++i) {
    Round& round = report.rounds.emplace_back();
    for (int n = 0; n < 10; ++n) {
      std::normal_distribution<double> spread(1000.0 * (n + 1), 1000.0 * (n + 1) * noise);
      round.numbers["n" + std::to_string(n) + "_per_second"] = spread(random) * scale;
    }
  }
  return report;
}

std::size_t told(const std::vector<Difference>& differences) {
  std::size_t count = 0;
  for (const Difference& one : differences) count += one.verdict != Verdict::same;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparing)

BOOST_AUTO_TEST_CASE(welch_agrees_with_a_worked_example) {
  // Two samples of unequal spread: t = 2.857 at 27.76 degrees of freedom, integrated numerically.
  const std::vector<double> a = {27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
                                 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4};
  const std::vector<double> b = {27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0,
                                 24.8, 20.2, 21.9, 22.1, 22.9, 30.1, 24.3};
  BOOST_TEST(welch_probability(a, b) == 0.00800446, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(welch_probability(a, a) == 1.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(welch_probability({1, 1, 1}, {1, 1, 1}) == 1.0);
  BOOST_TEST(welch_probability({1, 1, 1}, {2, 2, 2}) == 0.0);
}

BOOST_AUTO_TEST_CASE(equal_systems_are_called_equal) {
  std::mt19937_64 random(11);
  int alarms = 0;
  for (int pair = 0; pair < 1000; ++pair) {
    const Report a = report_of(random, 1, 0.03), b = report_of(random, 1, 0.03);
    alarms += told(compare(a, b)) != 0;
  }
  BOOST_TEST(alarms <= 20);  // one in a hundred is promised; twice that is no luck any more
}

BOOST_AUTO_TEST_CASE(a_slowdown_of_five_percent_is_found) {
  std::mt19937_64 random(12);
  int found = 0;
  for (int pair = 0; pair < 100; ++pair) {
    const Report a = report_of(random, 1, 0.01), b = report_of(random, 0.95, 0.01);
    for (const Difference& one : compare(a, b)) {
      BOOST_TEST((one.verdict != Verdict::better));
      if (one.verdict == Verdict::worse) {
        ++found;
        break;
      }
    }
  }
  BOOST_TEST(found == 100);
}

BOOST_AUTO_TEST_CASE(a_difference_too_small_to_matter_is_not_told_however_sure_it_is) {
  std::mt19937_64 random(13);
  const Report a = report_of(random, 1, 0.0001), b = report_of(random, 1.01, 0.0001);
  BOOST_TEST(told(compare(a, b)) == 0u);
}

BOOST_AUTO_TEST_CASE(the_unit_says_which_way_is_better) {
  Report before, after;
  for (const double noise : {-0.1, 0.0, 0.1}) {
    before.rounds.push_back(
        {{{"tasks_per_second", 100 + noise}, {"add_p99_ms", 100 + noise}}, {}, {}});
    after.rounds.push_back(
        {{{"tasks_per_second", 120 + noise}, {"add_p99_ms", 120 + noise}}, {}, {}});
  }
  const std::vector<Difference> found = compare(before, after);
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].name == "add_p99_ms");
  BOOST_TEST((found[0].verdict == Verdict::worse));
  BOOST_TEST((found[1].verdict == Verdict::better));
  BOOST_TEST(found[1].change == 0.2, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(two_rounds_tell_nothing) {
  std::mt19937_64 random(14);
  const Report a = report_of(random, 1, 0.01, 2), b = report_of(random, 0.5, 0.01, 2);
  for (const Difference& one : compare(a, b)) BOOST_TEST((one.verdict == Verdict::too_few_rounds));
}

BOOST_AUTO_TEST_SUITE_END()
