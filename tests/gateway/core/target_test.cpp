#include "gateway/core/target.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::gateway;

BOOST_AUTO_TEST_SUITE(gateway_core_target)

BOOST_AUTO_TEST_CASE(target_is_taken_apart) {
  const auto target = parse_target("//pools?api-version=1&$select=id%2Cstate");
  BOOST_REQUIRE(target.has_value());
  BOOST_TEST(target->path == "/pools");
  BOOST_TEST(*target->query.find("$select") == "id,state");
  BOOST_TEST(parse_target("http://host:1/jobs?x=1")->path == "/jobs");
  BOOST_TEST(parse_target("/a#b")->path == "/a");
  BOOST_TEST(!parse_target("*").has_value());
  BOOST_TEST(!parse_target("http://host").has_value());
  BOOST_TEST(!parse_target("").has_value());
}

BOOST_AUTO_TEST_CASE(query_names_compare_without_case) {
  const Query query("timeOut=5&&%24filter=id%20eq%20'a+b'&Recursive&x=1&x=2");
  BOOST_TEST(*query.find("timeout") == "5");
  BOOST_TEST(*query.find("$filter") == "id eq 'a b'");
  BOOST_TEST(*query.find("recursive") == "");
  BOOST_TEST(*query.find("X") == "1");
  BOOST_TEST(!query.find("y").has_value());
  BOOST_TEST(query.has("RECURSIVE"));
  BOOST_TEST(query.without("X") == "timeOut=5&%24filter=id%20eq%20'a+b'&Recursive");
}

BOOST_AUTO_TEST_SUITE_END()
