#include "loadtest/core/arrivals.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::loadtest;

BOOST_AUTO_TEST_SUITE(arrivals)

BOOST_AUTO_TEST_CASE(even_ones_have_equal_distances_and_do_not_drift) {
  Arrivals a(Rhythm::even, 300, 1);
  std::int64_t last = 0;
  for (int i = 0; i < 300'001; ++i) last = a.next();
  BOOST_TEST(last == 1'000'000'000'000);  // 300,000 of them later, at 300 a second: 1,000 s
}

BOOST_AUTO_TEST_CASE(bursts_come_at_the_beginning_of_a_second) {
  Arrivals a(Rhythm::bursts, 3, 1);
  for (const std::int64_t second : {0, 0, 0, 1, 1, 1, 2}) {
    BOOST_TEST(a.next() == second * 1'000'000'000);
  }
}

BOOST_AUTO_TEST_CASE(poisson_has_its_rate_and_its_spread_and_is_drawn_from_the_seed) {
  Arrivals a(Rhythm::poisson, 1000, 5), same(Rhythm::poisson, 1000, 5),
      other(Rhythm::poisson, 1000, 6);
  constexpr int kDrawn = 100'000;
  std::int64_t last = 0;
  double squares = 0;
  bool differs = false;
  for (int i = 0; i < kDrawn; ++i) {
    const std::int64_t now = a.next();
    BOOST_REQUIRE(now >= last);
    BOOST_REQUIRE(same.next() == now);
    differs = differs || other.next() != now;
    const double gap = static_cast<double>(now - last) / 1e6;  // mean 1 ms, variance 1 ms^2
    squares += (gap - 1) * (gap - 1);
    last = now;
  }
  BOOST_TEST(differs);
  BOOST_TEST(static_cast<double>(last) / 1e9 == 100.0, boost::test_tools::tolerance(0.02));
  BOOST_TEST(squares / kDrawn == 1.0, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_SUITE_END()
