#include "broker/core/routes.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::broker;
using namespace std::chrono_literals;

namespace {

constexpr InstanceId kOld = 1;
constexpr InstanceId kNew = 2;

struct Known {
  Routes routes;
  MonoTime now{1'000'000};

  bool hello(InstanceId instance, std::vector<ShardClaim> claims) {
    routes.heard(instance, PeerKind::scheduler, 0, now);
    return routes.claim(instance, {8, std::move(claims)}, now);
  }
  // Time passes as the loop lets it, in small steps.
  bool pass(std::chrono::milliseconds ms) {
    bool changed = false;
    for (; ms > 0ms; ms -= 250ms) {
      now = now + Duration(250ms);
      changed |= routes.tick(now);
    }
    return changed;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(broker_core_routes)

BOOST_FIXTURE_TEST_CASE(the_highest_epoch_owns_the_shard_and_no_lower_one_comes_back, Known) {
  BOOST_TEST(!routes.owner(3).has_value());
  BOOST_TEST(hello(kOld, {{3, 5}}));
  BOOST_TEST(routes.owner(3).value() == kOld);
  BOOST_TEST(hello(kNew, {{3, 6}}));
  BOOST_TEST(routes.owner(3).value() == kNew);
  BOOST_TEST(!hello(kOld, {{3, 5}}));  // woke up and does not know yet
  BOOST_TEST(routes.owner(3).value() == kNew);
  pass(4000ms);
  BOOST_TEST(!routes.owner(3).has_value());
  BOOST_TEST(!hello(kOld, {{3, 5}}));
  BOOST_TEST(!routes.owner(3).has_value());
}

BOOST_FIXTURE_TEST_CASE(claims_are_void_after_silence_and_back_with_the_next_hello, Known) {
  hello(kOld, {{0, 1}, {1, 1}});
  BOOST_TEST(!pass(2500ms));
  hello(kOld, {{0, 1}, {1, 1}});
  BOOST_TEST(!pass(2500ms));
  BOOST_TEST(pass(1000ms));
  BOOST_TEST(!routes.owner(0).has_value());
  BOOST_TEST(routes.status().routes.empty());
  BOOST_TEST(routes.status().shards_total == 8);
  BOOST_TEST(routes.shards_total() == 8);  // how many are away is known after they have gone
  BOOST_TEST(routes.shards_routed() == 0u);
  BOOST_TEST(hello(kOld, {{0, 1}, {1, 1}}));
  BOOST_TEST(routes.owner(1).value() == kOld);
  BOOST_TEST(routes.shards_routed() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_shard_that_is_no_longer_named_is_let_go, Known) {
  hello(kOld, {{0, 1}, {1, 1}});
  BOOST_TEST(hello(kOld, {{0, 1}}));
  BOOST_TEST(!routes.owner(1).has_value());
  BOOST_TEST(routes.owner(0).value() == kOld);
  BOOST_TEST(!hello(kOld, {{0, 1}}));
}

BOOST_FIXTURE_TEST_CASE(the_brokers_own_freeze_silences_nobody, Known) {
  hello(kOld, {{0, 1}});
  pass(500ms);
  now = now + Duration(60s);
  BOOST_TEST(!routes.tick(now));
  BOOST_TEST(routes.owner(0).value() == kOld);
  BOOST_TEST(pass(4000ms));
  BOOST_TEST(!routes.owner(0).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_process_that_has_left_speaks_for_nothing, Known) {
  hello(kOld, {{0, 1}, {1, 1}});
  BOOST_TEST(routes.gone(kOld));
  BOOST_TEST(!routes.gone(kOld));
  BOOST_TEST(!routes.link(kOld).has_value());
  BOOST_TEST(routes.shards_routed() == 0U);
  BOOST_TEST(hello(kOld, {{0, 1}}));
}

BOOST_FIXTURE_TEST_CASE(a_process_listens_on_its_newest_link, Known) {
  routes.heard(7, PeerKind::worker, 1, now);
  routes.heard(7, PeerKind::worker, 0, now);  // late, from the link before
  BOOST_TEST(routes.link(7).value() == 1U);
  BOOST_TEST(!routes.link(8).has_value());
  BOOST_TEST(routes.peers_by_kind()[static_cast<std::size_t>(PeerKind::worker)] == 1U);
  pass(11'000ms);
  BOOST_TEST(!routes.link(7).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
