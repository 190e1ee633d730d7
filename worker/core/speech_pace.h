// How often a worker speaks to its shards. What it has to say goes out at once, unless it spoke a
// moment ago and far more tasks run than the host has processors for: then ends are told together.
// A slot that is told free some milliseconds late costs nothing there, because others' tasks have
// the processors meanwhile; and each report by itself costs a frame on every road to the shard, and
// the shard a commit, which on a host that also runs them takes the processors from the tasks.
#pragma once

#include "model/time.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace windlass::worker {

class SpeechPace {
 public:
  static constexpr std::size_t kRunsPerProcessor = 4;
  static constexpr Duration kTogether = std::chrono::milliseconds(3);

  explicit SpeechPace(std::size_t processors)
      : crowded_from_(kRunsPerProcessor * std::max<std::size_t>(processors, 1)) {}

  // From when on what there is to say may be said; not after `now`: at once.
  MonoTime due(std::size_t runs, MonoTime now) const {
    return runs < crowded_from_ ? now : spoken_ + kTogether;
  }
  void spoke(MonoTime now) { spoken_ = now; }

 private:
  const std::size_t crowded_from_;
  MonoTime spoken_{};
};

}  // namespace windlass::worker
