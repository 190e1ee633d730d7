// The power goes at any moment of a shard's life: whatever of the unflushed writes is missing or
// torn, the folder opens, holds all that was acknowledged and each batch whole or not at all, and
// the shard goes on.
#include "scheduler/store/folder_copy.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/scheduler/crash/history.h"
#include "tests/support/power_cut.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace windlass;
using namespace windlass::scheduler;
using namespace windlass::test;

namespace {

struct Tally {
  std::size_t images = 0;
  std::size_t incomplete = 0;  // something is missing: not what a killed process leaves
  std::size_t of_a_commit_under_way = 0;
};

// Opens the image as the scheduler does. Returns what is wrong with it.
std::string look_at(const CrashImage& image, const History& history, const std::string& folder,
                    std::uint64_t seed, Tally& tally) {
  write_image(image, folder);
  ++tally.images;
  if (!image.complete) ++tally.incomplete;
  if (image.begun > image.acknowledged) ++tally.of_a_commit_under_way;
  try {
    const std::string found = contents_of(folder);
    const std::string wrong = history.verdict(found, image.acknowledged, image.begun);
    if (!wrong.empty()) return wrong;
    check_copy(folder);

    History later;
    {
      StoredShard shard(stored_shard_options(folder), seed, later.hooks());
      shard.turn();
      shard.turn();
      for (const std::string& sentence : shard.broken()) return "going on: " + sentence;
    }
    return later.verdict(contents_of(folder), later.acknowledged(), later.acknowledged());
  } catch (const StoreError& refused) {
    return std::string("it is refused: ") + refused.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_crash_images)

BOOST_AUTO_TEST_CASE(whatever_a_power_cut_leaves_holds_what_was_acknowledged) {
  const std::uint64_t first = number_given("WINDLASS_SEED", 1);
  const std::uint64_t seeds = number_given("WINDLASS_CRASH_SEEDS", 1);
  const std::uint64_t turns = number_given("WINDLASS_CRASH_TURNS", 12);
  Tally tally;
  std::size_t commits = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const TemporaryFolder work;
    const std::string folder = std::filesystem::canonical(work.path()).string() + "/shard-3";
    std::filesystem::create_directory(folder);
    History history;
    DiskRecorder recorder(folder);
    recorder.mark(history.begun(), history.acknowledged());
    // Two processes, one after the other.
    for (int life = 0; life < 2; ++life) {
      StoredShard shard(stored_shard_options(folder), seed * 2 + life, history.hooks([&] {
        recorder.mark(history.begun(), history.acknowledged());
      }));
      for (std::uint64_t i = 0; i < turns / 2; ++i) shard.turn();
      BOOST_TEST(shard.broken() == std::vector<std::string>(), boost::test_tools::per_element());
    }
    recorder.stop();
    commits += history.acknowledged();

    const LazyDisk lazy;
    RandomModel random(seed);
    std::size_t wrong = 0;
    each_crash_image(recorder, {}, random, [&](const CrashImage& image) {
      const std::string opened = work.path() + "/image";
      const std::string sentence = look_at(image, history, opened, seed, tally);
      std::filesystem::remove_all(opened);
      if (!sentence.empty() && ++wrong <= 60)
        BOOST_ERROR("WINDLASS_SEED=" << seed << ", " << image.story << ": " << sentence);
    });
    BOOST_TEST(wrong == 0u, wrong << " images of seed " << seed << " are wrong");
  }
  BOOST_TEST_MESSAGE(tally.images << " images of " << commits << " commits opened, "
                                  << tally.incomplete << " with something missing, "
                                  << tally.of_a_commit_under_way << " of a commit under way");
  BOOST_TEST(tally.incomplete > tally.images / 2);  // else nothing was tried
}

BOOST_AUTO_TEST_SUITE_END()
