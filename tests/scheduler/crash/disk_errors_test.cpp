// Each call with which a shard changes its disk fails once, in turn, in each way in which a call
// can: the process stops and acknowledges nothing more, and the next start settles what became of
// the commit.
#include "tests/runtime/temporary_folder.h"
#include "tests/scheduler/crash/child.h"
#include "tests/scheduler/crash/history.h"
#include "tests/support/disk_calls.h"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

using namespace windlass;
using namespace windlass::scheduler;
using namespace windlass::test;

namespace {

struct Way {
  const char* name;
  DiskVerdict verdict;
  bool for_good;  // every later call of a file fails, too
};

const Way kWays[] = {
    {"EIO", {.error = EIO}, false},
    {"ENOSPC", {.error = ENOSPC}, false},
    {"EIO after it was done", {.error = EIO, .happens_first = true}, false},
    {"a short write", {.bytes_max = 100}, false},
    {"EIO from then on", {.error = EIO}, true},
    {"EIO after it was done, and from then on", {.error = EIO, .happens_first = true}, true},
};

struct Progress {
  std::size_t calls = 0;  // of the disk
  std::size_t begun = 1;  // commits; the first makes the folder
  std::size_t acknowledged = 0;
  std::size_t acknowledged_when_it_failed = 0;
  bool failed = false;
  bool nothing_to_do = false;  // a short write, and the call is none
  bool of_the_note = false;    // the owner's pid, which is only for people
  char call[64] = {};
  char said[512] = {};
};

// Lets the nth call fail.
class Failing final : public DiskWatcher {
 public:
  Failing(std::string folder, std::size_t nth, const Way* way, Progress& progress)
      : folder_(std::move(folder)), nth_(nth), way_(way), progress_(progress) {}

  DiskVerdict before(const DiskCall& call) override {
    DiskVerdict verdict{.lazily = true};
    if (!call.path.starts_with(folder_)) return verdict;
    const std::size_t n = progress_.calls++;
    if (way_ == nullptr || n < nth_ || (n > nth_ && !way_->for_good)) return verdict;
    if (n > nth_) return {.error = EIO};
    progress_.failed = true;
    progress_.nothing_to_do =
        way_->verdict.error == 0 && call.bytes.size() <= way_->verdict.bytes_max;
    progress_.of_the_note = call.path.ends_with("/owner");
    progress_.acknowledged_when_it_failed = progress_.acknowledged;
    std::snprintf(progress_.call, sizeof progress_.call, "%s of %s", call.name,
                  std::filesystem::path(call.path).filename().c_str());
    verdict = way_->verdict;
    verdict.lazily = true;
    return verdict;
  }

 private:
  const std::string folder_;
  const std::size_t nth_;
  const Way* way_;
  Progress& progress_;
  const DiskWatch watch_{*this};
};

enum Ending : int { kFinished = 0, kStopped = 3 };

// The whole life of a folder, and a second one of its shard.
int live(const std::string& folder, std::uint64_t seed, std::size_t nth, const Way* way,
         Progress& progress) {
  const Failing failing(folder, nth, way, progress);
  const CommitHooks hooks{[&] { progress.begun = progress.acknowledged + 1; },
                          [&](Store&) { progress.begun = ++progress.acknowledged; }};
  try {
    for (int life = 0; life < 2; ++life) {
      StoredShard shard(stored_shard_options(folder), seed, hooks);
      for (int i = 0; i < 3; ++i) shard.turn();
    }
  } catch (const StoreError& error) {  // main() ends here
    std::snprintf(progress.said, sizeof progress.said, "%s", error.what());
    return kStopped;
  }
  return kFinished;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_disk_errors)

BOOST_AUTO_TEST_CASE(a_failing_call_stops_the_shard_and_the_next_start_settles_it) {
  const std::uint64_t first = number_given("WINDLASS_SEED", 1);
  const std::uint64_t seeds = number_given("WINDLASS_CRASH_SEEDS", 1);
  std::size_t runs = 0;
  std::map<std::string, std::size_t> stops;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const LazyDisk lazy;
    const TemporaryFolder work;
    const std::string root = std::filesystem::canonical(work.path()).string();

    // What the same work does on a good disk.
    History history;
    for (int life = 0; life < 2; ++life) {
      StoredShard shard(stored_shard_options(root + "/good"), seed, history.hooks());
      for (int i = 0; i < 3; ++i) shard.turn();
    }
    Progress good;
    BOOST_REQUIRE(live(root + "/counted", seed, 0, nullptr, good) == kFinished);
    BOOST_REQUIRE(good.acknowledged == history.acknowledged());

    for (std::size_t nth = 0; nth < good.calls; ++nth) {
      for (const Way& way : kWays) {
        const std::string folder = root + "/shard-3";
        Shared<Progress> progress;
        const int status = in_a_child([&] { return live(folder, seed, nth, &way, *progress); });
        if (!progress->nothing_to_do) ++runs;
        BOOST_TEST_CONTEXT("WINDLASS_SEED=" << seed << ", " << progress->call << ", call " << nth
                                            << ": " << way.name) {
          BOOST_REQUIRE(progress->failed);
          BOOST_TEST(WIFEXITED(status));
          const bool stopped = WIFEXITED(status) && WEXITSTATUS(status) == kStopped;
          if (stopped) ++stops[progress->call];
          if (stopped) BOOST_TEST(progress->said[0] != '\0');
          const bool may_go_on = progress->nothing_to_do || progress->of_the_note;
          if (!may_go_on) BOOST_TEST(stopped, "it goes on");
          if (!may_go_on)
            BOOST_TEST(progress->acknowledged == progress->acknowledged_when_it_failed,
                       "acknowledged after a failure");
          try {
            const std::string found = contents_of(folder);
            const std::string wrong =
                history.verdict(found, progress->acknowledged, progress->begun);
            if (progress->acknowledged > 0) BOOST_TEST(wrong == "");
            StoredShard shard(stored_shard_options(folder), seed);
            shard.turn();
            BOOST_TEST(shard.broken() == std::vector<std::string>(),
                       boost::test_tools::per_element());
          } catch (const StoreError& error) {
            BOOST_ERROR("the next start is refused: " << error.what());
          }
        }
        std::filesystem::remove_all(folder);
      }
    }
  }
  std::string where;
  for (const auto& [call, count] : stops) where += "\n  " + call + " " + std::to_string(count);
  BOOST_TEST_MESSAGE(runs << " failing calls, the shard stopped at:" << where);
}

BOOST_AUTO_TEST_SUITE_END()
