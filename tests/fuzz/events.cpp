// The records of a shard's journal.
#include "schema/codec/events.h"
#include "tests/fuzz/target.h"
#include "tests/support/random_model.h"

namespace windlass::fuzz {
namespace {

void run(std::string_view bytes) {
  const auto events = decode_events(bytes);
  if (!events) return;
  const auto again = decode_events(encode_events(*events, EventDocuments::inlined));
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(*again == *events);
}

std::vector<std::string> seeds() {
  std::vector<std::string> seeds;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    test::RandomModel random(seed);
    ShardEvents events;
    for (std::uint64_t left = 1 + random.below(4); left > 0; --left)
      events.push_back(random.event());
    seeds.push_back(
        encode_events(events, random.flag() ? EventDocuments::inlined : EventDocuments::in_rows));
  }
  return seeds;
}

const Target kTarget("events", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
