#include "model/ids.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(model_ids)

BOOST_AUTO_TEST_CASE(etag_has_fifteen_digits) {
  BOOST_TEST(etag_text(0, 0) == "0x000000000000000");
  BOOST_TEST(etag_text(1, 0xABC) == "0x001000000000ABC");
  BOOST_TEST(etag_text(0xFFF, (1ULL << 48) - 1) == "0xFFFFFFFFFFFFFFF");
}

BOOST_AUTO_TEST_CASE(etag_of_what_no_shard_gives_is_one_all_the_same) {
  BOOST_TEST(etag_text(0xF001, (1ULL << 48) + 2) == "0x001000000000002");
  BOOST_TEST(etag_text(0xFFFF, UINT64_MAX) == "0xFFFFFFFFFFFFFFF");
}

BOOST_AUTO_TEST_CASE(shard_ignores_case_and_spreads) {
  BOOST_TEST(shard_of("Acct", "Pool-1", 64) == shard_of("acct", "pool-1", 64));
  int counts[2] = {0, 0};
  for (int i = 0; i < 1000; ++i) ++counts[shard_of("a", "pool" + std::to_string(i), 2)];
  BOOST_TEST(counts[0] > 400);
  BOOST_TEST(counts[1] > 400);
}

BOOST_AUTO_TEST_CASE(shard_function_is_fixed_for_ever) {
  // Clusters keep their data by these numbers: a change here loses every pool.
  BOOST_TEST(shard_of("windlass", "p1", 64) == 2);
  BOOST_TEST(shard_of("windlass", "film", 64) == 39);
  BOOST_TEST(shard_of("Account", "Job-1", 64) == 23);
  BOOST_TEST(shard_of("a", "b", 2) == 1);
  BOOST_TEST(shard_of("devaccount", "pool", 4096) == 2609);
  BOOST_TEST(shard_of("windlass", "p1", 64) == shard_of("WINDLASS", "P1", 64));
  BOOST_TEST(shard_of("ab", "c", 4096) != shard_of("a", "bc", 4096));
}

BOOST_AUTO_TEST_CASE(ids_have_a_form) {
  BOOST_TEST(valid_user_id("A-b_9"));
  BOOST_TEST(!valid_user_id(""));
  BOOST_TEST(!valid_user_id("a:b"));
  BOOST_TEST(!valid_user_id(std::string(65, 'a')));
  BOOST_TEST(valid_user_id(std::string(64, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
