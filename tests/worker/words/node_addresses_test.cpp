#include "runtime/load_config.h"
#include "worker/worker_config.h"

#include <boost/test/unit_test.hpp>

namespace windlass::worker {

BOOST_AUTO_TEST_SUITE(worker_words_node_addresses)

BOOST_AUTO_TEST_CASE(one_address_is_for_all_nodes_and_a_range_for_each) {
  const auto offers = parse_offers({"2:small", "1:*:spot"});
  BOOST_TEST((parse_node_addresses("10.0.0.7", offers) == std::vector<std::string>{"10.0.0.7"}));
  BOOST_TEST((parse_node_addresses("fe80::1", offers) == std::vector<std::string>{"fe80::1"}));
  BOOST_TEST((parse_node_addresses("127.0.0.254-127.0.1.9", offers) ==
              std::vector<std::string>{"127.0.0.254", "127.0.0.255", "127.0.1.0"}));
}

BOOST_AUTO_TEST_CASE(a_range_is_two_addresses_in_order_and_long_enough) {
  const auto offers = parse_offers({"3:*"});
  for (const char* text : {"10.0.0.1-10.0.0.2", "10.0.0.9-10.0.0.1", "10.0.0.1-x", "-", "a-b"})
    BOOST_CHECK_THROW(parse_node_addresses(text, offers), runtime::ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::worker
