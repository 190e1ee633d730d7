#include "worker/node_users/user_mark.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::worker;

BOOST_AUTO_TEST_SUITE(worker_node_users_user_mark)

BOOST_AUTO_TEST_CASE(a_mark_is_read_as_it_was_written) {
  const UserMark whole{"12.34.56", WallTime{17'000'000'000'000'000}, "a-request",
                       "/data/my nodes/n"};
  UserMark half = whole;
  half.asked_by.clear();
  UserMark shut = whole;
  shut.expires.reset();
  for (const UserMark& mark : {whole, half, shut}) {
    const auto read = read_comment(comment_of(mark));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == mark));
    BOOST_TEST(comment_of(mark).find(':') == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(other_comments_are_not_ours) {
  for (const char* comment :
       {"", "root", "Ada Lovelace,,,", "windlass-node-user", "windlass-node-user 1.2.3 5 r",
        "windlass-node-user 1.2.3 soon r /n", "windlass-node-user 1.2.3 5 r n",
        "windlass-node-user  5 r /n", "windlass-node-users 1.2.3 5 r /n"})
    BOOST_TEST(!read_comment(comment).has_value(), comment);
}

BOOST_AUTO_TEST_SUITE_END()
