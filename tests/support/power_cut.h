// What a power cut may leave of the files of a folder. A recorder notes every write, flush and name
// while production code runs; then each moment can be gone back to, with any part of what was not
// flushed by then missing.
//
// What the disk promises: a write is durable once its file was flushed (fsync, fdatasync) or, with
// O_DSYNC, once it has returned; a name once its folder was flushed, and names in the order in
// which they were made. Sectors of 512 bytes are written whole or not at all, in any order, each as
// it was after some write to it. A file may also be as long as it was without its last bytes being
// there.
#pragma once

#include "tests/support/disk_calls.h"
#include "tests/support/random_model.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace windlass::test {

inline constexpr std::size_t kSectorBytes = 512;

// Notes what happens in `folder`, which is empty at first and has no links in its path.
class DiskRecorder final : public DiskWatcher {
 public:
  struct Step {
    DiskCall call;
    bool is_mark = false;
    std::size_t begun = 0;  // at a mark and from there on
    std::size_t acknowledged = 0;
  };

  explicit DiskRecorder(std::string folder) : folder_(std::move(folder)) { watch_.emplace(*this); }

  // The history: so many batches have been begun, and so many acknowledged.
  void mark(std::size_t begun, std::size_t acknowledged);

  void stop() { watch_.reset(); }

  DiskVerdict before(const DiskCall&) override { return {.lazily = true}; }
  void after(const DiskCall& call) override;
  const std::vector<Step>& steps() const { return steps_; }
  const std::string& folder() const { return folder_; }

 private:
  const std::string folder_;
  std::vector<Step> steps_;
  std::optional<DiskWatch> watch_;
};

struct CrashImage {
  std::map<std::string, std::string> files;  // path below the folder -> content
  std::size_t begun = 0;                     // when the power went
  std::size_t acknowledged = 0;
  bool complete = false;  // nothing is missing: what a killed process leaves
  std::string story;      // which moment, and what is missing
};

struct CrashLimits {
  std::size_t all_subsets_of = 4;     // unflushed writes; of more only some subsets are taken:
  std::size_t singles_max = 24;       // one alone there, or one alone missing
  std::size_t random_per_moment = 6;  // drawn, with torn writes
};

// Calls `visit` with each image. Deterministic for a seed.
void each_crash_image(const DiskRecorder& recorder, const CrashLimits& limits, RandomModel& random,
                      const std::function<void(const CrashImage&)>& visit);

// Puts the files into an empty folder (which is made).
void write_image(const CrashImage& image, const std::string& folder);

}  // namespace windlass::test
