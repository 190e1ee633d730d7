#include "api/parse_node.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using windlass::api::parse_disable_node_scheduling;

BOOST_AUTO_TEST_SUITE(api_parse_node)

BOOST_AUTO_TEST_CASE(the_option_may_be_left_out) {
  for (const char* body : {"", " \n", "{}", R"({"nodeDisableSchedulingOption":null})"}) {
    const auto command = parse_disable_node_scheduling(body);
    BOOST_TEST_REQUIRE(command.has_value(), body);
    BOOST_CHECK(command->option == NodeDisableSchedulingOption::requeue);
  }
}

BOOST_AUTO_TEST_CASE(words_are_taken_in_any_spelling_and_others_refused) {
  const auto command =
      parse_disable_node_scheduling(R"({"nodeDisableSchedulingOption":"taskCompletion"})");
  BOOST_TEST_REQUIRE(command.has_value());
  BOOST_CHECK(command->option == NodeDisableSchedulingOption::taskcompletion);
  BOOST_TEST(!parse_disable_node_scheduling(R"({"nodeDisableSchedulingOption":"never"})"));
  BOOST_TEST(!parse_disable_node_scheduling(R"({"option":"requeue"})"));
}

BOOST_AUTO_TEST_SUITE_END()
