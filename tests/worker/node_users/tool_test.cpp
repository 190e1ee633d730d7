#include "worker/node_users/tool.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::worker;

BOOST_AUTO_TEST_SUITE(worker_node_users_tool)

BOOST_AUTO_TEST_CASE(a_tool_reads_its_input_and_says_how_it_ended) {
  const ToolEnd echoed = run_tool({"/bin/cat"}, "one\ntwo\n");
  BOOST_TEST(echoed.succeeded);
  BOOST_TEST(echoed.said == "one\ntwo");
  const ToolEnd failed = run_tool({"/bin/sh", "-c", "echo why >&2; exit 3"});
  BOOST_TEST(!failed.succeeded);
  BOOST_TEST(failed.said == "why");
  BOOST_TEST(run_tool({"/bin/sh", "-c", "exit 3"}).said == "/bin/sh ended with 3");
  BOOST_TEST(run_tool({"/bin/sh", "-c", "kill -KILL $$"}).said == "/bin/sh was killed by 9");
  BOOST_TEST(!run_tool({"/none/such"}).succeeded);
}

BOOST_AUTO_TEST_CASE(it_has_an_environment_of_its_own) {
  BOOST_TEST(run_tool({"/usr/bin/env"}).said == "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C");
}

BOOST_AUTO_TEST_SUITE_END()
