// What a worker keeps on its disk, when the power goes, when the disk refuses, and when bits are
// flipped. The spool promises what is said in worker/core/spool.h: after a kill all of it is there,
// after a power cut what it held at some moment; the grants promise all that was saved.
#include "worker/core/spool.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/support/power_cut.h"
#include "worker/grant_file.h"
#include "worker/spool_file.h"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

using namespace windlass;
using namespace windlass::worker;
using namespace windlass::test;

namespace {

std::uint64_t first_seed() {
  const char* given = std::getenv("WINDLASS_SEED");
  return given != nullptr ? std::stoull(given) : 1;
}
std::uint64_t seeds_total() {
  const char* given = std::getenv("WINDLASS_CRASH_SEEDS");
  return given != nullptr ? std::stoull(given) : 4;
}

std::string real_path(const TemporaryFolder& folder) {
  return std::filesystem::canonical(folder.path()).string();
}

std::string frames_of(const SpoolContent& content) {
  std::string frames;
  for (const auto& [id, run] : content.runs) spool_run_begun(frames, run);
  for (const auto& [id, unreported] : content.unreported) spool_ended(frames, 0, unreported);
  for (const auto& [key, kept] : content.kept) spool_folder_kept(frames, kept);
  return frames;
}

// A worker's runs as its spool hears of them. After each frame the content is noted.
class Runs {
 public:
  explicit Runs(std::uint64_t seed) : random_(seed) { note(""); }

  // The frames of one turn.
  std::string turn() {
    std::string frames;
    for (std::uint64_t left = 1 + random_.below(4); left > 0; --left) {
      std::string frame;
      draw(frame);
      frames += frame;
      note(frame);
    }
    return frames;
  }
  std::string compacted() const { return frames_of(content_); }

  // Whether the spool has ever held this.
  bool ever(const SpoolContent& content) const { return seen_.contains(frames_of(content)); }
  bool now(const SpoolContent& content) const { return frames_of(content) == compacted(); }

 private:
  void draw(std::string& out) {
    Run run;
    run.id = ++last_;
    run.shard = 1;
    run.node_id = "n" + std::to_string(random_.below(3));
    run.folder = "workitems/j/job-1/t" + std::to_string(last_);
    run.assignment = Assignment();
    run.assignment->id = {1, {1, last_}, 1};
    run.assignment->document = std::string(random_.below(1500), 'd');
    const auto& runs = content_.runs;
    switch (random_.below(4)) {
      case 0:
        if (runs.empty()) break;
        return spool_ended(out, runs.begin()->first,
                           {{.id = runs.begin()->second.assignment->id, .exit_code = 0},
                            runs.begin()->second.node_id,
                            runs.begin()->second.folder});
      case 1:
        if (content_.unreported.empty()) break;
        return spool_acknowledged(out, content_.unreported.begin()->first);
      case 2:
        if (!content_.kept.empty() && random_.flag())
          return spool_folder_gone(out, content_.kept.begin()->second.node_id,
                                   content_.kept.begin()->second.folder);
        return spool_folder_kept(out, {run.node_id, run.folder, {}});
      default:
        break;
    }
    spool_run_begun(out, run);
  }

  void note(const std::string& frame) {
    content_ = read_spool(frames_of(content_) + frame);
    seen_.insert(frames_of(content_));
  }

  RandomModel random_;
  RunId last_ = 0;
  SpoolContent content_;
  std::set<std::string> seen_;
};

// Opens a spool as the worker does.
SpoolContent opened(SpoolFile& file) {
  SpoolContent content = read_spool(file.read());
  file.cut(content.bytes_read);
  return content;
}

GrantBook book_of(std::uint64_t n) {
  GrantBook book;
  book.worker_id = 9;
  book.host_boot_id = "boot";
  for (std::uint64_t i = 0; i < n % 7; ++i) {
    Grant grant;
    grant.node_id = "n" + std::to_string(i);
    grant.claim = n;
    book.grants[grant.node_id] = grant;
  }
  book.claims.push_back({1, n, {}});
  return book;
}
std::uint64_t number_of(const GrantBook& book) {
  return book.claims.at(0).claim;
}

// The nth call of a kind fails in one way.
class Failing final : public DiskWatcher {
 public:
  Failing(std::size_t nth, DiskVerdict verdict) : nth_(nth), verdict_(verdict) {}

  DiskVerdict before(const DiskCall& call) override {
    if (call.path.find("windlass-test-") == std::string::npos) return {};
    if (call.kind == DiskCallKind::open && !call.writes) return {};  // our own reading
    if (calls_++ != nth_) return {};
    name = call.name;
    return verdict_;
  }
  std::string name;  // of the call that failed

 private:
  const std::size_t nth_;
  const DiskVerdict verdict_;
  std::size_t calls_ = 0;
  const DiskWatch watch_{*this};
};

const DiskVerdict kWays[] = {
    {.error = EIO}, {.error = ENOSPC}, {.error = EIO, .happens_first = true}, {.bytes_max = 30}};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_disk)

BOOST_AUTO_TEST_CASE(a_power_cut_leaves_a_spool_as_it_once_was) {
  std::size_t images = 0;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds_total(); ++seed) {
    const TemporaryFolder work;
    const std::string folder = real_path(work) + "/worker";
    std::filesystem::create_directory(folder);
    Runs runs(seed);
    DiskRecorder recorder(folder);
    {
      SpoolFile file(folder + "/spool");
      for (int turn = 0; turn < 24; ++turn) {
        BOOST_REQUIRE(file.append(runs.turn()));
        if (turn % 7 == 6) BOOST_REQUIRE(file.replace(runs.compacted()));
      }
    }
    recorder.stop();
    RandomModel random(seed);
    CrashLimits limits;
    limits.random_per_moment = 40;
    each_crash_image(recorder, limits, random, [&](const CrashImage& image) {
      BOOST_TEST_CONTEXT("WINDLASS_SEED=" << seed << ", " << image.story) {
        const std::string found = real_path(work) + "/image";
        write_image(image, found);
        ++images;
        std::string frames;
        SpoolContent before;
        {
          SpoolFile file(found + "/spool");
          before = opened(file);
          BOOST_TEST(runs.ever(before), "it holds what the spool never was");
          if (image.complete && image.story.find("at the end") != std::string::npos)
            BOOST_TEST(runs.now(before), "a kill lost something");
          frames = Runs(seed + 1000).turn();
          BOOST_REQUIRE(file.append(frames));
        }
        SpoolFile again(found + "/spool");
        BOOST_TEST((frames_of(opened(again)) == frames_of(read_spool(frames_of(before) + frames))),
                   "what was appended afterwards is lost");
        std::filesystem::remove_all(found);
      }
    });
  }
  BOOST_TEST_MESSAGE(images << " images of spools");
}

// Seed 127: a hole reads as zeros, and the checksum of nothing is zero.
BOOST_AUTO_TEST_CASE(a_hole_ends_the_spool) {
  Runs runs(first_seed());
  const std::string before = runs.turn();
  BOOST_TEST(runs.now(read_spool(before + std::string(64, '\0') + Runs(2).turn())));
}

BOOST_AUTO_TEST_CASE(a_power_cut_leaves_the_grants_that_were_saved) {
  std::size_t images = 0;
  const TemporaryFolder work;
  const std::string folder = real_path(work) + "/worker";
  std::filesystem::create_directory(folder);
  DiskRecorder recorder(folder);
  GrantFile file(folder);
  for (std::uint64_t n = 1; n <= 8; ++n) {
    recorder.mark(n, n - 1);
    file.save(book_of(n));
    recorder.mark(n, n);
  }
  recorder.stop();
  RandomModel random(first_seed());
  each_crash_image(recorder, {}, random, [&](const CrashImage& image) {
    BOOST_TEST_CONTEXT(image.story) {
      const std::string found = real_path(work) + "/image";
      write_image(image, found);
      ++images;
      const std::optional<GrantBook> book = GrantFile(found).load();
      const std::uint64_t n = book ? number_of(*book) : 0;
      BOOST_TEST(n >= image.acknowledged);
      BOOST_TEST(n <= image.begun);
      BOOST_TEST(!std::filesystem::exists(found + "/grants.unreadable"));
      GrantFile(found).save(book_of(n + 1));
      BOOST_TEST(number_of(GrantFile(found).load().value()) == n + 1);
      std::filesystem::remove_all(found);
    }
  });
  BOOST_TEST_MESSAGE(images << " images of grants");
}

BOOST_AUTO_TEST_CASE(what_the_disk_refuses_is_kept_and_goes_first_when_it_takes_it) {
  std::size_t failures = 0;
  for (const DiskVerdict& way : kWays) {
    for (std::size_t nth = 0;; ++nth) {
      const TemporaryFolder work;
      Runs runs(first_seed());
      SpoolFile file(work.path() + "/spool");
      std::string failed;
      {
        Failing failing(nth, way);
        for (int turn = 0; turn < 12; ++turn) {
          const bool taken = file.append(runs.turn());
          BOOST_REQUIRE(taken == !file.has_unwritten());
          // A process that is killed now has what was written, in order.
          BOOST_TEST(runs.ever(read_spool(file.read())));
          if (taken) BOOST_TEST(runs.now(read_spool(file.read())));
          if (turn == 6 && taken) file.replace(runs.compacted());
        }
        failed = failing.name;
      }
      BOOST_TEST(file.append(""));
      BOOST_TEST(runs.now(read_spool(file.read())), failed << " lost something");
      if (failed.empty()) break;
      ++failures;
    }
  }
  BOOST_TEST_MESSAGE(failures << " failing calls of the spool");
  BOOST_TEST(failures > 40u);
}

BOOST_AUTO_TEST_CASE(grants_that_cannot_be_saved_are_not_said) {
  std::size_t failures = 0;
  for (const DiskVerdict& way : kWays) {
    for (std::size_t nth = 0;; ++nth) {
      const TemporaryFolder work;
      GrantFile file(work.path());
      std::uint64_t saved = 0;
      bool refused = false;
      std::string failed;
      {
        Failing failing(nth, way);
        try {
          for (std::uint64_t n = 1; n <= 3; ++n) {
            file.save(book_of(n));
            saved = n;
          }
        } catch (const std::system_error&) {
          refused = true;
        }
        failed = failing.name;
      }
      if (failed.empty()) break;
      ++failures;
      BOOST_TEST(refused == (way.error != 0), failed);
      const std::optional<GrantBook> book = file.load();
      const std::uint64_t n = book ? number_of(*book) : 0;
      BOOST_TEST(n >= saved);
      BOOST_TEST(n <= saved + 1);
      file.save(book_of(9));
      BOOST_TEST(number_of(file.load().value()) == 9u);
    }
  }
  BOOST_TEST_MESSAGE(failures << " failing calls of the grants");
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_ends_the_spool_there_and_makes_the_grants_unreadable) {
  RandomModel random(first_seed());
  Runs runs(first_seed());
  std::string frames;
  for (int turn = 0; turn < 30; ++turn) frames += runs.turn();
  const TemporaryFolder work;
  GrantFile(work.path()).save(book_of(6));
  const std::string path = work.path() + "/grants";
  std::ifstream file(path, std::ios::binary);
  const std::string grants(std::istreambuf_iterator<char>(file), {});
  for (int i = 0; i < 5000; ++i) {
    std::string flipped = frames;
    char& one = flipped[random.below(flipped.size())];
    one = static_cast<char>(one ^ 1 << random.below(8));
    BOOST_REQUIRE(runs.ever(read_spool(flipped)));

    std::string book = grants;
    char& other = book[random.below(book.size())];
    other = static_cast<char>(other ^ 1 << random.below(8));
    const std::optional<GrantBook> read = decode_grant_book(book);
    BOOST_REQUIRE((!read || (read->grants == book_of(6).grants &&
                             read->claims == book_of(6).claims && read->worker_id == 9)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
