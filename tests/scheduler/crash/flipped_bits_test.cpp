// Bits of a folder at rest are flipped: whatever is read of it afterwards is right, or the shard is
// refused with the reason.
#include "model/assert.h"
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
  // What a start reads is right, but a look-up of something else is answered from an older page, or
  // misses its row: no look-up reads all of a table. A check of the whole folder refuses it.
  missed,
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

struct Expected {
  std::string at_start;
  std::string in_all;
};

Outcome look_at(const std::string& folder, const Expected& expected) {
  try {
    if (start_of(folder) != expected.at_start) return Outcome::wrong;
    if (contents_of(folder) == expected.in_all) return Outcome::right;
    return check_refuses(folder) ? Outcome::missed : Outcome::wrong;
  } catch (const StoreError& refused) {
    return refused.what()[0] != '\0' ? Outcome::refused : Outcome::wrong;
  }
}

// What becomes of each flip in turn, made in a copy of the good folder.
std::vector<Outcome> outcomes_of(const std::vector<Flip>& flips, const std::string& good,
                                 const std::string& work) {
  const Expected expected{start_of(good), contents_of(good)};
  const std::string bytes = read_all(good + "/data.mdb");
  const std::string folder = work + "/flipped";
  std::filesystem::create_directory(folder);
  const auto flipped = [&](const Flip& flip) {
    std::filesystem::remove(folder + "/lock.mdb");
    std::string changed = bytes;
    changed[flip.at] = static_cast<char>(changed[flip.at] ^ 1 << flip.bit);
    std::ofstream file(folder + "/data.mdb", std::ios::binary);
    file.write(changed.data(), static_cast<std::streamsize>(changed.size()));
  };
  WINDLASS_ASSERT(flips.size() <= kFlipsMax);
  const Shared<Results> results;
  while (results->next < flips.size()) {
    const int status = in_a_child([&] {
      for (; results->next < flips.size(); ++results->next) {
        flipped(flips[results->next]);
        results->outcomes[results->next] = look_at(folder, expected);
      }
      return 0;
    });
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      results->outcomes[results->next++] = Outcome::killed;
  }
  std::filesystem::remove_all(folder);
  return {results->outcomes, results->outcomes + flips.size()};
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
  const std::uint64_t bytes = std::filesystem::file_size(good + "/data.mdb");
  RandomModel random(seed);
  std::vector<Flip> all;
  for (std::uint64_t i = 0; i < flips; ++i) all.push_back(draw(random, bytes));
  const std::vector<Outcome> outcomes = outcomes_of(all, good, work.path());

  std::map<Outcome, std::size_t> count;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Outcome outcome = outcomes[i];
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

// The heads decide which commit is the last, so none of their bits is left to chance: after few
// commits and after more, of either parity, and in a copy that nobody has written to, or once.
BOOST_AUTO_TEST_CASE(no_bit_of_a_head_brings_back_an_earlier_commit) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kHeadBytes = 152;
  constexpr std::uint64_t kCommitInHead = 144;
  const TemporaryFolder work;
  const auto test = [&](const std::string& what, const std::string& folder, std::uint64_t from) {
    std::vector<Flip> flips;
    for (std::uint64_t head = 0; head < 2; ++head) {
      for (std::uint64_t at = from; at < kHeadBytes; ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) flips.push_back({head * kPage + at, bit});
      }
    }
    const LazyDisk lazy;
    const std::vector<Outcome> outcomes = outcomes_of(flips, folder, work.path());
    std::size_t refused = 0;
    for (std::size_t i = 0; i < flips.size(); ++i) {
      if (outcomes[i] == Outcome::refused) ++refused;
      BOOST_TEST((outcomes[i] != Outcome::wrong && outcomes[i] != Outcome::missed),
                 what << ": bit " << flips[i].bit << " of byte " << flips[i].at % kPage
                      << " of head " << flips[i].at / kPage);
    }
    BOOST_TEST(refused > flips.size() / 20, what << ": " << refused << " refused");
  };
  const std::string folder = work.path() + "/shard-3";
  const std::string copy = work.path() + "/copy";
  for (std::uint64_t commits = 1; commits <= 9; ++commits) {
    {
      Store store(stored_shard_options(folder));
      if (commits > 1) store.claim();  // a commit, as the making of the folder is
    }
    const bool all_bits = commits >= 8;
    const std::string number = std::to_string(commits);
    test("after commit " + number, folder, all_bits ? 0 : kCommitInHead);
    copy_folder(folder, copy);
    test("a copy of commit " + number, copy, all_bits ? 0 : kCommitInHead);
    { Store(stored_shard_options(copy)).claim(); }
    test("a copy of commit " + number + ", written to once", copy, kCommitInHead);
    std::filesystem::remove_all(copy);
  }
}

BOOST_AUTO_TEST_SUITE_END()
