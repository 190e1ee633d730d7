// Which fault points are armed is the seed's, and nothing bites where nobody acts.
#include "simulator/fault_judge.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace windlass;
using namespace windlass::simulator;

namespace {

std::string drawn(std::uint64_t seed) {
  Options options;
  options.seed = seed;
  World world(options, false);
  return simulator::FaultJudge(world).text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulator_fault_judge)

BOOST_AUTO_TEST_CASE(what_is_armed_is_drawn_from_the_seed) {
  std::set<std::string> different;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    BOOST_TEST(drawn(seed) == drawn(seed));
    different.insert(drawn(seed));
  }
  BOOST_TEST(different.size() > 15u);
}

BOOST_AUTO_TEST_CASE(nothing_bites_outside_a_process_or_without_a_judge) {
  World world(Options{}, false);
  {
    simulator::FaultJudge judge(world);
    for (int i = 0; i < 1000; ++i) {
      for (std::size_t point = 0; point < kFaultPoints; ++point)
        BOOST_REQUIRE(!unlucky(static_cast<FaultPoint>(point)));
    }
  }
  BOOST_TEST((fault_judge == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
