#include "bus/task_token.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(bus_task_token)

BOOST_AUTO_TEST_CASE(a_token_says_whose_it_is) {
  const std::string token = task_token(new_token_secret(), {"my.account", "Task-1"}, "job");
  const auto name = parse_task_token(token);
  BOOST_TEST_REQUIRE(name.has_value());
  BOOST_TEST(name->account == "my.account");
  BOOST_TEST(name->task_id == "Task-1");
  for (const char* other : {"", "wlt1", "wlt1...", "wlt1.YQ==.YQ==", "wlt2.YQ==.YQ==.YQ==",
                            "wlt1.YQ==.YQ==.YQ==.YQ==", "wlt1.!.YQ==.YQ==", "a.jwt.token"})
    BOOST_TEST(!parse_task_token(other).has_value(), other);
  BOOST_TEST(!parse_task_token("wlt1.YQ==.YQ==." + std::string(2000, 'A')).has_value());
}

BOOST_AUTO_TEST_CASE(another_secret_job_or_task_is_another_token) {
  const std::string secret = new_token_secret();
  const std::string token = task_token(secret, {"a", "t"}, "j");
  BOOST_TEST(is_same_token(token, task_token(secret, {"a", "t"}, "j")));
  BOOST_TEST(is_same_token(token, task_token(secret, {"a", "t"}, "J")));  // ids have no case
  BOOST_TEST(!is_same_token(token, task_token(secret, {"a", "t"}, "j2")));
  BOOST_TEST(!is_same_token(token, task_token(secret, {"a", "u"}, "j")));
  BOOST_TEST(!is_same_token(token, task_token(new_token_secret(), {"a", "t"}, "j")));
  BOOST_TEST(!is_same_token(token, token.substr(1)));
  BOOST_TEST(!is_same_token("", token));
}

BOOST_AUTO_TEST_SUITE_END()
