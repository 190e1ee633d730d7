// The clocks of worker and spawner: wall time, and CLOCK_BOOTTIME as MonoTime. The same as
// runtime::now_boottime(), which this folder may not include.
#pragma once

#include "model/time.h"

#include <ctime>

namespace windlass::worker::exec {

inline Now boottime_now() {
  const auto ticks = [](clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 10'000'000 + time.tv_nsec / 100;
  };
  return {.wall = {ticks(CLOCK_REALTIME)}, .mono = {ticks(CLOCK_BOOTTIME)}};
}

}  // namespace windlass::worker::exec
