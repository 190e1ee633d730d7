// Which process's end belongs to a launch that is reported late.
#include "worker/exec/launches.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::worker::exec;

BOOST_AUTO_TEST_SUITE(worker_exec_launches)

BOOST_AUTO_TEST_CASE(an_end_before_its_report_is_kept_for_it) {
  Launches launches;
  const auto first = launches.begin();
  const auto second = launches.begin();
  launches.reaped(77, {.exit_code = 3});
  // A later launch is reported before the one whose process is dead already.
  const auto third = launches.begin();
  BOOST_TEST(!launches.reported(third, 99).has_value());
  BOOST_TEST(!launches.reported(second, 88).has_value());
  BOOST_TEST(launches.under_way() == 1U);
  const auto end = launches.reported(first, 77);
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(end->exit_code == 3);
  BOOST_TEST(launches.under_way() == 0U);
}

BOOST_AUTO_TEST_CASE(an_orphans_end_is_forgotten_before_its_number_comes_again) {
  Launches launches;
  launches.reaped(77, {.exit_code = 3});  // nothing is under way
  const auto first = launches.begin();
  BOOST_TEST(!launches.reported(first, 77).has_value());

  const auto second = launches.begin();
  launches.reaped(78, {.exit_code = 4});
  const auto third = launches.begin();
  BOOST_TEST(!launches.reported(second, 0).has_value());  // no process was made
  BOOST_TEST(!launches.reported(third, 78).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
