#include "loadtest/core/histogram.h"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace windlass::loadtest;

BOOST_AUTO_TEST_SUITE(histogram)

BOOST_AUTO_TEST_CASE(every_value_is_told_within_a_percent) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (random() % 60 + 3);
    const std::uint64_t told = Histogram::middle_of(Histogram::bucket_of(value));
    const double error = std::abs(static_cast<double>(told) - static_cast<double>(value));
    BOOST_REQUIRE_LE(error, static_cast<double>(value) * 0.01);
  }
}

BOOST_AUTO_TEST_CASE(buckets_rise_without_a_gap) {
  std::uint32_t last = Histogram::bucket_of(0);
  for (std::uint64_t value = 1; value < 1'000'000; ++value) {
    const std::uint32_t bucket = Histogram::bucket_of(value);
    BOOST_REQUIRE(bucket == last || bucket == last + 1);
    last = bucket;
  }
}

BOOST_AUTO_TEST_CASE(percentiles_are_ranks) {
  Histogram h;
  for (std::uint64_t i = 1; i <= 200; ++i) h.record(i);
  BOOST_TEST(h.count() == 200u);
  BOOST_TEST(h.percentile(0) == 1u);
  BOOST_TEST(h.percentile(0.5) == 100u);
  BOOST_TEST(h.percentile(0.99) == 198u);
  BOOST_TEST(h.percentile(0.995) == 199u);
  BOOST_TEST(h.percentile(1) == 200u);
  BOOST_TEST(h.min() == 1u);
  BOOST_TEST(h.max() == 200u);
  BOOST_TEST(h.mean() == 100.5, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(extremes_are_exact) {
  Histogram h;
  h.record(1'234'567'891);
  h.record(9'876'543'211);
  BOOST_TEST(h.percentile(0.1) >= 1'234'567'891u);
  BOOST_TEST(h.percentile(1) == 9'876'543'211u);
}

BOOST_AUTO_TEST_CASE(merging_is_as_if_all_had_been_recorded_in_one) {
  Histogram a, b, both;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? a : b).record(i * i);
    both.record(i * i);
  }
  a.merge(b);
  a.merge(Histogram());
  BOOST_TEST((a.buckets() == both.buckets()));
  BOOST_TEST(a.count() == both.count());
  BOOST_TEST(a.min() == both.min());
  BOOST_TEST(a.max() == both.max());
}

BOOST_AUTO_TEST_CASE(without_values_it_says_nothing) {
  const Histogram h;
  BOOST_TEST(h.count() == 0u);
  BOOST_TEST(h.percentile(0.99) == 0u);
  BOOST_TEST(h.min() == 0u);
  BOOST_TEST(h.max() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
