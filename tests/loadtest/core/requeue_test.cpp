#include "loadtest/core/requeue.h"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

using namespace windlass;
using namespace windlass::loadtest;

namespace {

WallTime after(std::chrono::milliseconds wait) {
  return WallTime{1'000'000'000} + Duration(wait);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(requeue)

BOOST_AUTO_TEST_CASE(the_first_and_the_last_start_are_told_whatever_their_order) {
  using namespace std::chrono_literals;
  const std::vector<WallTime> starts = {after(400ms), after(1500ms), after(250ms)};
  const Requeue requeue = requeue_of(after(0ms), starts);
  BOOST_TEST(requeue.seconds_to_first == 0.25);
  BOOST_TEST(requeue.seconds_to_last == 1.5);
  BOOST_TEST(requeue.to_start.count() == 3u);
  BOOST_TEST(requeue.to_start.min() == 250'000'000u);
  BOOST_TEST(requeue.to_start.max() == 1'500'000'000u);
}

BOOST_AUTO_TEST_CASE(a_start_at_the_very_moment_counts) {
  const std::vector<WallTime> starts = {after(std::chrono::milliseconds(0))};
  BOOST_TEST(requeue_of(starts[0], starts).seconds_to_last == 0);
}

BOOST_AUTO_TEST_CASE(no_start_or_one_before_the_loss_is_told) {
  using namespace std::chrono_literals;
  const std::vector<WallTime> starts = {after(5ms), after(3ms)};
  BOOST_CHECK_THROW(requeue_of(after(4ms), starts), std::runtime_error);
  BOOST_CHECK_THROW(requeue_of(after(4ms), {}), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
