// Bits of a folder at rest are flipped: whatever is read of it afterwards is right, or the shard is
// refused with the reason.
#include "scheduler/store/folder_copy.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/scheduler/crash/child.h"
#include "tests/scheduler/crash/history.h"
#include "tests/support/disk_calls.h"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <map>

using namespace windlass;
using namespace windlass::scheduler;
using namespace windlass::test;

namespace {

enum class Outcome : std::uint8_t {
  right,    // the bit is not in use, or is not asked for
  refused,  // with the reason
  killed,   // by a signal inside of LMDB, whose pages have no checksums
  missed,   // something is missing and was not missed; a check of the whole folder refuses it
  wrong
};

struct Flip {
  std::uint64_t at = 0;  // byte
  unsigned bit = 0;
};

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr std::size_t kFlipsMax = 1'000'000;
struct Results {
  std::size_t next = 0;
  Outcome outcomes[kFlipsMax] = {};
};

bool check_refuses(const std::string& folder) {
  try {
    check_copy(folder);
    return false;
  } catch (const StoreError&) {
    return true;
  }
}

// In a process of its own.
Outcome look_at(const std::string& folder, const std::string& expected) {
  try {
    if (contents_of(folder) == expected) return Outcome::right;
    return check_refuses(folder) ? Outcome::missed : Outcome::wrong;
  } catch (const StoreError& refused) {
    return refused.what()[0] != '\0' ? Outcome::refused : Outcome::wrong;
  }
}

// Anywhere, or where LMDB keeps its pages in order: the two heads of the file, and of each page.
Flip draw(RandomModel& random, std::uint64_t bytes) {
  constexpr std::uint64_t kPage = 4096;
  Flip flip{random.below(bytes), static_cast<unsigned>(random.below(8))};
  switch (random.below(4)) {
    case 0:
      flip.at = flip.at / kPage * kPage + random.below(64);
      break;
    case 1:
      if (random.below(4) == 0) flip.at = random.below(2) * kPage + random.below(160);
      break;
    default:
      break;
  }
  return flip;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_flipped_bits)

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_refused_or_changes_nothing) {
  const std::uint64_t seed = number_given("WINDLASS_SEED", 1);
  const std::uint64_t flips = number_given("WINDLASS_CRASH_FLIPS", 3000);
  const LazyDisk lazy;
  const TemporaryFolder work;
  const std::string good = work.path() + "/good";
  {
    StoredShard shard(stored_shard_options(good), seed);
    for (int i = 0; i < 40; ++i) shard.turn();
  }
  const std::string expected = contents_of(good);
  const std::string bytes = read_all(good + "/data.mdb");
  RandomModel random(seed);
  std::vector<Flip> all;
  for (std::uint64_t i = 0; i < flips; ++i) all.push_back(draw(random, bytes.size()));

  const std::string folder = work.path() + "/flipped";
  std::filesystem::create_directory(folder);
  const auto flipped = [&](const Flip& flip) {
    std::filesystem::remove(folder + "/lock.mdb");
    std::string changed = bytes;
    changed[flip.at] = static_cast<char>(changed[flip.at] ^ 1 << flip.bit);
    std::ofstream file(folder + "/data.mdb", std::ios::binary);
    file.write(changed.data(), static_cast<std::streamsize>(changed.size()));
  };
  const Shared<Results> results;
  while (results->next < all.size()) {
    const int status = in_a_child([&] {
      for (; results->next < all.size(); ++results->next) {
        flipped(all[results->next]);
        results->outcomes[results->next] = look_at(folder, expected);
      }
      return 0;
    });
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      results->outcomes[results->next++] = Outcome::killed;
  }

  std::map<Outcome, std::size_t> count;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Outcome outcome = results->outcomes[i];
    ++count[outcome];
    BOOST_TEST((outcome != Outcome::wrong), "WINDLASS_SEED=" << seed << ": bit " << all[i].bit
                                                             << " of byte " << all[i].at
                                                             << " gives a wrong answer");
    if (outcome == Outcome::missed)
      BOOST_TEST_MESSAGE("missed: bit " << all[i].bit << " of byte " << all[i].at % 4096
                                        << " of page " << all[i].at / 4096);
  }
  BOOST_TEST_MESSAGE("of " << flips << " flipped bits " << count[Outcome::right]
                           << " changed nothing, " << count[Outcome::refused] << " were refused, "
                           << count[Outcome::killed] << " ended the process by a signal, "
                           << count[Outcome::missed] << " only a check of the folder refuses");
  BOOST_TEST(count[Outcome::refused] > flips / 10);  // else nothing was tried
  BOOST_TEST(count[Outcome::missed] <= flips / 200);
}

BOOST_AUTO_TEST_SUITE_END()
