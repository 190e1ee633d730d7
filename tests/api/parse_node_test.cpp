#include "api/parse_node.h"

#include "model/time_text.h"

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

BOOST_AUTO_TEST_CASE(a_user_has_a_name_and_ends) {
  using windlass::api::parse_add_node_user;
  using windlass::api::parse_update_node_user;
  const WallTime now = parse_timestamp("2030-01-01T00:00:00Z").value();
  const auto full = parse_add_node_user(
      R"({"name":"u","isAdmin":true,"expiryTime":"2030-06-01T00:00:00Z","password":"p",
          "sshPublicKey":"ssh-ed25519 A me@home"})",
      now);
  const NodeUser expected{
      "u", true, parse_timestamp("2030-06-01T00:00:00Z").value(), "p", "ssh-ed25519 A me@home", {}};
  BOOST_TEST((full.value() == expected));
  const auto least = parse_add_node_user(R"({"name":"_u-1"})", now);
  const NodeUser a_day{"_u-1", false, parse_timestamp("2030-01-02T00:00:00Z").value(), {}, {}, {}};
  BOOST_TEST((least.value() == a_day));
  const auto changed = parse_update_node_user(R"({"password":"q","expiryTime":null})", now);
  const NodeUser another{"", false, a_day.expires, "q", {}, {}};
  BOOST_TEST((changed.value() == another));
  BOOST_TEST((parse_update_node_user("{}", now).value() ==
              NodeUser{"", false, a_day.expires, {}, {}, {}}));
  for (const char* refused :
       {"{}", R"({"name":""})", R"({"name":"Me"})", R"({"name":"-u"})", R"({"name":"1u"})",
        R"({"name":"a:b"})", R"({"name":"u u"})", R"({"name":"abcdefghijklmnopqrstuvwxyz0123456"})",
        R"({"name":"u","expiryTime":"soon"})", R"({"name":"u","shell":"x"})",
        R"({"name":"u","password":"a\nroot:b"})", R"({"name":"u","sshPublicKey":"a\nb"})"})
    BOOST_TEST(!parse_add_node_user(refused, now), refused);
  BOOST_TEST(!parse_update_node_user(R"({"name":"u"})", now));
}

BOOST_AUTO_TEST_SUITE_END()
