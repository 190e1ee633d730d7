#include "worker/core/speech_pace.h"

#include <boost/test/unit_test.hpp>

namespace windlass::worker {
namespace {

constexpr MonoTime kNow{10'000'000'000};

MonoTime after(Duration wait) {
  return kNow + wait;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_host_whose_processors_have_room_is_never_held_back) {
  SpeechPace pace(2);
  pace.spoke(kNow);
  BOOST_TEST((pace.due(0, kNow) <= kNow));
  BOOST_TEST((pace.due(7, kNow) <= kNow));
}

BOOST_AUTO_TEST_CASE(a_crowded_host_speaks_at_once_after_a_silence) {
  SpeechPace pace(2);
  BOOST_TEST((pace.due(8, kNow) <= kNow));  // the first time of all
  pace.spoke(kNow);
  const MonoTime later = after(SpeechPace::kTogether);
  BOOST_TEST((pace.due(8, later) <= later));
}

BOOST_AUTO_TEST_CASE(a_crowded_host_that_has_just_spoken_tells_what_follows_together) {
  SpeechPace pace(2);
  pace.spoke(kNow);
  const MonoTime soon = after(std::chrono::milliseconds(1));
  BOOST_TEST((pace.due(8, soon) == after(SpeechPace::kTogether)));
  BOOST_TEST((pace.due(7, soon) <= soon));  // fewer run by then: not held any longer
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_say_how_many_processors_it_has_has_one) {
  SpeechPace pace(0);
  pace.spoke(kNow);
  BOOST_TEST((pace.due(3, kNow) <= kNow));
  BOOST_TEST((pace.due(4, kNow) > kNow));
}

}  // namespace windlass::worker
