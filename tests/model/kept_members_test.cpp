#include "model/kept_members.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(model_kept_members)

BOOST_AUTO_TEST_CASE(members_take_the_place_of_those_of_their_name) {
  const std::string base = R"({"a":{"x":[1,"}"]},"b":2})";
  BOOST_TEST(with_members(base, R"({"a":3,"c":4})") == R"({"b":2,"a":3,"c":4})");
  BOOST_TEST(with_members(base, "") == base);
  BOOST_TEST(with_members("", R"({"a":3})") == R"({"a":3})");
  BOOST_TEST(with_members("", "") == "");
}

BOOST_AUTO_TEST_CASE(a_member_can_be_left_out) {
  BOOST_TEST(without_member(R"({"a":{"b":1},"b":2})", "b") == R"({"a":{"b":1}})");
  BOOST_TEST(without_member(R"({"a":1})", "a") == "");
}

BOOST_AUTO_TEST_SUITE_END()
