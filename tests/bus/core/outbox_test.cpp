#include "bus/core/outbox.h"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace windlass;
using namespace windlass::bus;

namespace {

MonoTime at(std::chrono::milliseconds ms) {
  return MonoTime{} + Duration(ms);
}

// The sequences that a flush sends, frame by frame.
std::vector<std::vector<Sequence>> sent(Outbox& outbox, MonoTime now) {
  std::vector<std::vector<Sequence>> frames;
  outbox.flush(now, [&](Sequence first, std::span<const BundleEntry> entries) {
    std::vector<Sequence>& frame = frames.emplace_back();
    for (std::size_t i = 0; i < entries.size(); ++i) frame.push_back(first + i);
  });
  return frames;
}
using Frames = std::vector<std::vector<Sequence>>;

using namespace std::chrono_literals;

}  // namespace

BOOST_AUTO_TEST_SUITE(bus_core_outbox)

BOOST_AUTO_TEST_CASE(a_burst_shares_a_frame_and_is_sent_once) {
  Outbox outbox(false);
  for (int i = 0; i < 3; ++i) outbox.push(0, "m");
  BOOST_TEST(outbox.has_new());
  BOOST_TEST((sent(outbox, at(0ms)) == Frames{{1, 2, 3}}));
  BOOST_TEST(sent(outbox, at(1ms)).empty());
  BOOST_TEST(outbox.outstanding() == 3U);
}

BOOST_AUTO_TEST_CASE(large_bursts_are_cut_into_frames) {
  Outbox outbox(false);
  for (std::size_t i = 0; i < kFrameMessagesMax + 1; ++i) outbox.push(0, "m");
  BOOST_TEST(sent(outbox, at(0ms)).size() == 2U);
  for (int i = 0; i < 3; ++i) outbox.push(0, std::string(kFrameBytesMax / 2 + 1, 'x'));
  BOOST_TEST(sent(outbox, at(1ms)).size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_not_acknowledged_is_repeated_with_back_off) {
  Outbox outbox(false);
  outbox.push(0, "m");
  sent(outbox, at(0ms));
  MonoTime last = at(0ms);
  Duration wait{};
  for (int i = 0; i < 10; ++i) {
    const MonoTime due = outbox.next_deadline().value();
    BOOST_TEST((due - last >= wait));
    BOOST_TEST((due - last <= kRetransmitMax));
    wait = due - last;
    BOOST_TEST(sent(outbox, MonoTime{due.ticks - 1}).empty());
    BOOST_TEST((sent(outbox, due) == Frames{{1}}));
    last = due;
  }
  BOOST_TEST((wait == kRetransmitMax));
  BOOST_TEST(outbox.retransmissions() == 10U);
  outbox.acknowledge({1, {}}, 100, last);
  BOOST_TEST(!outbox.next_deadline().has_value());
  BOOST_TEST(outbox.outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(only_the_gaps_are_repeated) {
  Outbox outbox(false);
  for (int i = 0; i < 5; ++i) outbox.push(0, "m");
  sent(outbox, at(0ms));
  const auto settled = outbox.acknowledge({1, {3, 5}}, 100, at(10ms));
  BOOST_TEST((settled == std::vector<Sequence>{1, 3, 5}));
  BOOST_TEST((sent(outbox, outbox.next_deadline().value()) == Frames{{2}, {4}}));
}

BOOST_AUTO_TEST_CASE(the_wait_follows_the_round_trips) {
  Outbox outbox(false);
  MonoTime now = at(0ms);
  for (Sequence s = 1; s <= 50; ++s) {
    outbox.push(0, "m");
    sent(outbox, now);
    now = now + Duration(800ms);
    outbox.acknowledge({s, {}}, 100, now);
  }
  outbox.push(0, "m");
  sent(outbox, now);
  BOOST_TEST((outbox.next_deadline().value() - now >= Duration(800ms)));
  BOOST_TEST((outbox.next_deadline().value() - now <= Duration(1200ms)));
}

BOOST_AUTO_TEST_CASE(credit_holds_back_and_lets_go) {
  Outbox outbox(false);
  for (int i = 0; i < 10; ++i) outbox.push(0, "m");
  sent(outbox, at(0ms));  // the first go without being told a credit
  outbox.acknowledge({10, {}}, 3, at(1ms));
  for (int i = 0; i < 10; ++i) outbox.push(0, "m");
  BOOST_TEST((sent(outbox, at(2ms)) == Frames{{11, 12, 13}}));
  BOOST_TEST(!outbox.has_new());
  outbox.acknowledge({11, {}}, 3, at(3ms));
  BOOST_TEST((sent(outbox, at(4ms)) == Frames{{14}}));
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses) {
  Outbox outbox(false);
  for (std::size_t i = 0; i < kQueueMessagesMax; ++i) outbox.push(0, "");
  BOOST_TEST(outbox.full());
  BOOST_TEST(outbox.room() == 0U);
  sent(outbox, at(0ms));
  outbox.acknowledge({1, {}}, 8000, at(1ms));
  BOOST_TEST(!outbox.full());
}

BOOST_AUTO_TEST_CASE(acknowledged_commands_wait_for_answers_without_repetition) {
  Outbox outbox(true);
  outbox.push(0, "a");
  outbox.push(0, "b");
  sent(outbox, at(0ms));
  BOOST_TEST(outbox.acknowledge({2, {}}, 100, at(1ms)).empty());
  BOOST_TEST(!outbox.next_deadline().has_value());
  BOOST_TEST(outbox.released_through() == 2U);
  BOOST_TEST(outbox.settled_through() == 0U);
  BOOST_TEST(outbox.answered(2, at(2ms)));
  BOOST_TEST(!outbox.answered(2, at(2ms)));
  BOOST_TEST(outbox.settled_through() == 0U);
  BOOST_TEST(outbox.answered(1, at(2ms)));
  BOOST_TEST(outbox.settled_through() == 2U);
}

BOOST_AUTO_TEST_CASE(a_new_epoch_asks_again_until_there_is_an_answer) {
  Outbox outbox(true);
  outbox.push(0, "durable and unanswered");
  outbox.push(0, "under way");
  sent(outbox, at(0ms));
  outbox.acknowledge({1, {}}, 100, at(1ms));
  outbox.begin_epoch();
  BOOST_TEST((sent(outbox, at(2ms)) == Frames{{1, 2}}));
  // Its row has both, which says nothing about the first one's answer.
  outbox.acknowledge({2, {}}, 100, at(3ms));
  BOOST_TEST((sent(outbox, outbox.next_deadline().value()) == Frames{{1}}));
  BOOST_TEST(outbox.answered(1, at(9000ms)));
  BOOST_TEST(!outbox.next_deadline().has_value());
  BOOST_TEST((outbox.unsettled() == std::vector<Sequence>{2}));
}

BOOST_AUTO_TEST_CASE(what_is_forgotten_is_not_sent_and_not_waited_for) {
  Outbox outbox(true);
  for (int i = 0; i < 4; ++i) outbox.push(0, "m");
  outbox.forget(2);
  BOOST_TEST((sent(outbox, at(0ms)) == Frames{{1}, {3, 4}}));
  outbox.forget(1);
  BOOST_TEST(outbox.released_through() == 2U);
  BOOST_TEST(!outbox.answered(1, at(1ms)));
  outbox.answered(3, at(1ms));
  outbox.forget(4);
  BOOST_TEST(outbox.settled_through() == 4U);
  BOOST_TEST(!outbox.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(nonsense_from_the_other_side_changes_nothing) {
  Outbox outbox(true);
  outbox.push(0, "m");
  outbox.acknowledge({900, {901, 5}}, 0, at(0ms));  // never sent
  BOOST_TEST(!outbox.answered(1, at(0ms)));
  BOOST_TEST(!outbox.answered(0, at(0ms)));
  BOOST_TEST(!outbox.answered(77, at(0ms)));
  outbox.forget(77);
  BOOST_TEST((sent(outbox, at(1ms)) == Frames{{1}}));
}

BOOST_AUTO_TEST_SUITE_END()
