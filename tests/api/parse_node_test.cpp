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

BOOST_AUTO_TEST_CASE(a_restart_has_the_option_of_its_kind) {
  using windlass::api::parse_restart_node;
  const auto reboot =
      parse_restart_node(R"({"nodeRebootOption":"RetainedData"})", NodeRestart::reboot);
  BOOST_TEST_REQUIRE(reboot.has_value());
  BOOST_CHECK(reboot->option == NodeDeallocationOption::retaineddata);
  BOOST_TEST(!parse_restart_node(R"({"nodeRebootOption":"requeue"})", NodeRestart::reimage));
  BOOST_TEST(
      parse_restart_node(R"({"nodeReimageOption":"requeue"})", NodeRestart::reimage).has_value());
  BOOST_TEST(
      parse_restart_node(R"({"nodeDeallocateOption":null})", NodeRestart::deallocate).has_value());
  BOOST_TEST(parse_restart_node("", NodeRestart::start).has_value());
  BOOST_TEST(!parse_restart_node(R"({"nodeRebootOption":"requeue"})", NodeRestart::start));
}

BOOST_AUTO_TEST_CASE(logs_go_to_a_container_and_have_a_beginning) {
  using windlass::api::parse_upload_logs;
  const std::string head =
      R"({"containerUrl":"https://h/c?sig=x","startTime":"2030-01-01T00:00:00Z")";
  const auto open = parse_upload_logs(head + R"(,"endTime":null})");
  BOOST_TEST_REQUIRE(open.has_value());
  BOOST_TEST(open->container_url == "https://h/c?sig=x");
  BOOST_TEST(!open->until.has_value());
  const auto closed = parse_upload_logs(head + R"(,"endTime":"2030-01-01T00:00:01Z"})");
  BOOST_TEST_REQUIRE(closed.has_value());
  BOOST_TEST((*closed->until == closed->from + std::chrono::seconds(1)));
  for (const std::string& body :
       {std::string(R"({"startTime":"2030-01-01T00:00:00Z"})"),
        std::string(R"({"containerUrl":"https://h/c"})"),
        std::string(R"({"containerUrl":"ftp://h/c","startTime":"2030-01-01T00:00:00Z"})"),
        head + R"(,"endTime":"2029-12-31T23:59:59Z"})", head + R"(,"colour":"red"})",
        std::string(R"({"containerUrl":"https://h/c","startTime":"soon"})"), std::string()})
    BOOST_TEST(!parse_upload_logs(body).has_value(), body);
  const auto identity = parse_upload_logs(head + R"(,"identityReference":{"resourceId":"x"}})");
  BOOST_TEST_REQUIRE(!identity.has_value());
  BOOST_TEST((identity.error().code == ErrorCode::not_implemented));
}

BOOST_AUTO_TEST_CASE(a_user_has_a_name) {
  using windlass::api::parse_node_user;
  BOOST_TEST(
      parse_node_user(
          R"({"name":"u","isAdmin":true,"expiryTime":"2030-01-01T00:00:00Z","password":"p"})")
          .value() == "u");
  BOOST_TEST(!parse_node_user("{}"));
  BOOST_TEST(!parse_node_user(R"({"name":"u","expiryTime":"soon"})"));
  BOOST_TEST(!parse_node_user(R"({"name":"u","shell":"x"})"));
}

BOOST_AUTO_TEST_SUITE_END()
