// The clocks of one host: a monotonic one that drifts, a wall clock that is also set now and then.
#pragma once

#include "model/time.h"

namespace windlass::simulator {

// The wall time when a world begins.
inline constexpr std::int64_t kWallStart = 17'000'000'000'000'000;

class HostClock {
 public:
  // `drift`: parts per million by which the monotonic clock is fast.
  HostClock(std::int64_t drift, MonoTime at_start, Duration wall_error)
      : drift_(drift), base_(at_start), wall_error_(wall_error) {}

  Now read(MonoTime truth) const {
    return {WallTime{kWallStart + truth.ticks} + wall_error_, mono(truth)};
  }
  MonoTime mono(MonoTime truth) const {
    const std::int64_t passed = truth.ticks - since_.ticks;
    return MonoTime{base_.ticks + passed + passed / kMillion * drift_ +
                    passed % kMillion * drift_ / kMillion};
  }
  // The first true moment at which the monotonic clock shows `at` or later.
  MonoTime truth_of(MonoTime at) const {
    if (at <= base_) return since_;
    const double passed = static_cast<double>(at.ticks - base_.ticks) /
                          (1.0 + static_cast<double>(drift_) / static_cast<double>(kMillion));
    MonoTime truth{since_.ticks + static_cast<std::int64_t>(passed)};
    while (mono(truth) < at) truth.ticks += 1;
    return truth;
  }

  void step_wall(Duration by) { wall_error_ += by; }
  void reboot(MonoTime truth, MonoTime at_start) {
    since_ = truth;
    base_ = at_start;
  }

 private:
  static constexpr std::int64_t kMillion = 1'000'000;

  std::int64_t drift_;
  MonoTime since_{};
  MonoTime base_;
  Duration wall_error_;
};

}  // namespace windlass::simulator
