// The text of /metrics as windlass top reads it, and where it finds doors.
#include "client/cli/top/exposition.h"
#include "client/cli/top/doors.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::cli::top;

BOOST_AUTO_TEST_SUITE(client_cli_top_exposition)

BOOST_AUTO_TEST_CASE(samples_are_read_with_their_labels) {
  const Series series = parse_exposition(
      "# HELP a_total Words with a_total 5 in them.\n"
      "# TYPE a_total counter\n"
      "a_total{shard=\"0\",result=\"success\"} 5\n"
      "a_total{shard=\"1\",result=\"success\"} 7 1700000000\n"
      "a_total{shard=\"1\",result=\"failure\"} 1e2\n"
      "plain 0.25\n"
      "odd{text=\"a \\\"b\\\" }, c=\\\\\"} 3\n"
      "a_bucket{le=\"+Inf\"} 4");
  BOOST_TEST(series.sum("a_total") == 112);
  BOOST_TEST(series.sum("a_total", {{"shard", "1"}}) == 107);
  BOOST_TEST(series.sum("a_total", {{"shard", "1"}, {"result", "failure"}}) == 100);
  BOOST_TEST(series.sum("a_total", {{"shard", "2"}}) == 0);
  BOOST_TEST(series.sum("a_total", {{"other", "1"}}) == 0);
  BOOST_TEST(series.sum("plain") == 0.25);
  BOOST_TEST(series.of("odd").begin()->first.at("text") == "a \"b\" }, c=\\");
  BOOST_TEST(series.sum("a_bucket") == 4);
  BOOST_TEST(series.of("nothing").empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_sample_is_left_out) {
  const Series series = parse_exposition(
      "<html>\n\nname\n{x=\"1\"} 2\ntorn{a=\"1\n torn 3\ntorn{a} 1\nword many\ntorn{a=\"1\"\n");
  BOOST_TEST((series == Series()));
}

BOOST_AUTO_TEST_CASE(doors_are_found_in_targets_and_in_lists) {
  const std::vector<std::string> expected{"127.0.0.1:8461", "host.example:8462", "[::1]:8463"};
  const auto check = [&](const char* text) {
    const auto found = doors_in_targets(text);
    BOOST_TEST(found == expected, boost::test_tools::per_element());
  };
  check(
      "# Copy to broker.yml: 10.0.0.1:1\n"
      "- targets: [\"127.0.0.1:8461\", 'host.example:8462']\n"
      "  labels: {job: x}\n"
      "- targets:\n"
      "  - \"[::1]:8463\"   # again: 127.0.0.1:8461\n"
      "  - 127.0.0.1:8461\n");
  check(R"([{"targets":["127.0.0.1:8461","host.example:8462","[::1]:8463"],"labels":{"a":"b"}}])");
  check("127.0.0.1:8461,host.example:8462,[::1]:8463");
  check("[127.0.0.1:8461, host.example:8462, [::1]:8463]");
  BOOST_TEST(doors_in_targets("no doors: here, host:, :80, host:0, host:99999").empty());
}

BOOST_AUTO_TEST_SUITE_END()
