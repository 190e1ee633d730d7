// Which nodes a word means, what is asked of them, and when they are drained.
#include "client/cli/drain/plan.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass::cli::drain;
namespace bdata = boost::unit_test::data;
namespace json = boost::json;

namespace {

SeenNode node(const std::string& id, const std::string& pool = "p",
              const std::string& address = "10.0.0.1") {
  return {pool, id, address, "idle", "enabled", 0};
}

SeenNode disabled(SeenNode node, std::int64_t running) {
  node.scheduling_state = "disabled";
  node.state = running > 0 ? "running" : "offline";
  node.running_tasks = running;
  return node;
}

struct DisablingCase {
  const char* name;
  bool disabled;
  std::int64_t running_tasks;
  const char* running;
  Change expected;
};
std::ostream& operator<<(std::ostream& out, const DisablingCase& c) {
  return out << c.name;
}

const DisablingCase kDisablingCases[] = {
    {"an idle node", false, 0, "taskcompletion", Change::disable},
    {"a busy node", false, 2, "terminate", Change::disable},
    {"drained already", true, 0, "terminate", Change::none},
    {"being drained already", true, 2, "taskcompletion", Change::none},
    {"its tasks are wanted elsewhere now", true, 2, "requeue", Change::disable_again},
    {"its tasks are to end now", true, 2, "terminate", Change::refused},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_drain_plan)

BOOST_AUTO_TEST_CASE(a_node_is_seen_as_the_api_shows_it) {
  const SeenNode seen = seen_node("p", json::parse(R"({"id":"tvmps_1_d","ipAddress":"10.0.0.7",
      "state":"running","schedulingState":"disabled","runningTasksCount":3})"));
  BOOST_TEST((seen == SeenNode{"p", "tvmps_1_d", "10.0.0.7", "running", "disabled", 3}));
  BOOST_TEST(!seen.drained());
  // Workers need not say an address, and services leave out what is not there.
  BOOST_TEST((seen_node("p", json::parse(R"({"id":"n"})")) == SeenNode{"p", "n", "", "", "", 0}));
}

BOOST_AUTO_TEST_CASE(loopback_addresses_are_one_host) {
  const SeenNodes all{node("n1", "p", "127.0.0.2"), node("n2", "p", "127.0.0.3"),
                      node("n3", "p", "10.0.0.1")};
  BOOST_TEST(meant_by("127.0.0.1", all).nodes.size() == 2u);
  BOOST_TEST(hosts_text(all) == "10.0.0.1 (1 node), 127.0.0.1 (2 nodes)");
}

BOOST_AUTO_TEST_CASE(a_word_is_an_id_before_it_is_an_address) {
  const SeenNodes all{node("n1"), node("n2", "q"), node("n3", "q", "10.0.0.2"), node("10.0.0.2")};
  const Meant host = meant_by("10.0.0.1", all);
  BOOST_TEST(host.by_address);
  BOOST_TEST((host.nodes == SeenNodes{all[0], all[1], all[3]}));
  const Meant by_id = meant_by("N3", all);
  BOOST_TEST(!by_id.by_address);
  BOOST_TEST((by_id.nodes == SeenNodes{all[2]}));
  BOOST_TEST((meant_by("10.0.0.2", all).nodes == SeenNodes{all[3]}));
  BOOST_TEST(meant_by("10.0.0", all).nodes.empty());
  BOOST_TEST(meant_by("", {node("n", "p", "")}).nodes.empty());
}

BOOST_AUTO_TEST_CASE(an_id_in_two_pools_is_not_one_node) {
  const Meant meant = meant_by("n1", {node("n1", "p"), node("n1", "q")});
  BOOST_TEST(meant.nodes.size() == 2u);
  BOOST_TEST((pools_of(meant.nodes) == std::set<std::string>{"p", "q"}));
}

BOOST_AUTO_TEST_CASE(hosts_are_listed_for_who_named_none_of_them) {
  BOOST_TEST(hosts_text({node("n1"), node("n2", "q", "10.0.0.2"), node("n3"),
                         node("n4", "p", "")}) == "10.0.0.1 (2 nodes), 10.0.0.2 (1 node)");
  BOOST_TEST(hosts_text({}) == "none");
}

BOOST_DATA_TEST_CASE(what_is_asked_follows_from_what_is_wished, bdata::make(kDisablingCases), c) {
  const SeenNode seen = c.disabled ? disabled(node("n"), c.running_tasks) : node("n");
  BOOST_TEST((disabling(seen, c.running) == c.expected));
}

BOOST_AUTO_TEST_CASE(a_node_that_has_left_its_pool_is_drained) {
  const SeenNodes before{disabled(node("n1"), 2), disabled(node("n2"), 1), node("n1", "q")};
  const SeenNodes now{disabled(node("n2"), 0), node("n1", "q"), node("n9")};
  const SeenNodes result = as_now(before, now);
  BOOST_TEST(result.size() == 3u);
  BOOST_TEST(result[0].state == "removed");
  BOOST_TEST(result[0].drained());
  BOOST_TEST((result[1] == now[0]));
  BOOST_TEST((result[2] == now[1]));
  BOOST_TEST(!all_drained(result));  // q's n1 is enabled
  BOOST_TEST(all_drained({result[0], result[1]}));
  BOOST_TEST((newcomers(before, now) == SeenNodes{now[2]}));
}

BOOST_AUTO_TEST_CASE(progress_tells_what_is_left) {
  const SeenNode busy = disabled(node("n1"), 2);
  const SeenNode empty = disabled(node("n2"), 0);
  BOOST_TEST(progress_text("n1", {busy}) == "n1: 0 of 1 node drained, 2 tasks running");
  BOOST_TEST(progress_text("n2", {empty}) == "n2: drained");
  BOOST_TEST(progress_text("h", {busy, empty, disabled(node("n3"), 1)}) ==
             "h: 1 of 3 nodes drained, 3 tasks running");
  BOOST_TEST(progress_text("h", {empty, empty}) == "h: drained, 2 nodes");
  BOOST_TEST(json::serialize(row_of(busy)) ==
             R"({"node":"n1","pool":"p","address":"10.0.0.1","state":"running",)"
             R"("schedulingState":"disabled","runningTasks":2,"drained":false})");
}

BOOST_AUTO_TEST_SUITE_END()
