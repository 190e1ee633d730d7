#include "bus/core/inbox.h"

#include "bus/core/limits.h"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

using namespace windlass;
using namespace windlass::bus;

namespace windlass::bus {
static std::ostream& boost_test_print_type(std::ostream& out, Arrival arrival) {
  return out << static_cast<int>(arrival);
}
}  // namespace windlass::bus

BOOST_AUTO_TEST_SUITE(bus_core_inbox)

BOOST_AUTO_TEST_CASE(each_message_is_fresh_once) {
  Inbox inbox;
  BOOST_TEST(inbox.take(1) == Arrival::fresh);
  BOOST_TEST(inbox.take(1) == Arrival::duplicate);
  BOOST_TEST(inbox.take(3) == Arrival::fresh);
  BOOST_TEST(inbox.take(3) == Arrival::duplicate);
  BOOST_TEST((inbox.state() == InboxState{1, {3}}));
  BOOST_TEST(inbox.take(2) == Arrival::fresh);
  BOOST_TEST((inbox.state() == InboxState{3, {}}));
}

BOOST_AUTO_TEST_CASE(what_is_beyond_the_credit_is_not_taken) {
  Inbox inbox;
  BOOST_TEST(inbox.take(0) == Arrival::outside);
  BOOST_TEST(inbox.take(kCreditMessages) == Arrival::fresh);
  BOOST_TEST(inbox.take(kCreditMessages + 1) == Arrival::outside);
  BOOST_TEST(inbox.take(1) == Arrival::fresh);
  BOOST_TEST(inbox.take(kCreditMessages + 1) == Arrival::fresh);
}

BOOST_AUTO_TEST_CASE(gaps_that_will_never_be_filled_are_closed) {
  Inbox inbox;
  inbox.take(5);
  inbox.take(7);
  inbox.release_through(4);
  BOOST_TEST((inbox.state() == InboxState{5, {7}}));
  inbox.release_through(6);
  BOOST_TEST((inbox.state() == InboxState{7, {}}));
  inbox.release_through(2);
  BOOST_TEST((inbox.state() == InboxState{7, {}}));
}

BOOST_AUTO_TEST_CASE(a_row_in_disorder_is_put_in_order) {
  const Inbox inbox(InboxState{2, {9, 3, 4, 9, 1}});
  BOOST_TEST((inbox.state() == InboxState{4, {9}}));
}

BOOST_AUTO_TEST_CASE(it_agrees_with_a_plain_set) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random(seed);
      Inbox inbox;
      std::set<Sequence> taken;
      for (int i = 0; i < 500; ++i) {
        const Sequence sequence = 1 + random() % 300;
        const Arrival arrival = inbox.take(sequence);
        BOOST_REQUIRE(arrival ==
                      (taken.insert(sequence).second ? Arrival::fresh : Arrival::duplicate));
        if (random() % 50 == 0) inbox = Inbox(inbox.state());  // a restart
      }
      for (Sequence s = 1; s <= 300; ++s)
        BOOST_REQUIRE(contains(inbox.state(), s) == taken.contains(s));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
