#include "runtime/clock.h"

#include <algorithm>

namespace windlass::runtime {
namespace {

std::int64_t ticks_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 10'000'000 + t.tv_nsec / 100;
}

}  // namespace

WallTime wall_now() {
  return WallTime{ticks_of(CLOCK_REALTIME)};
}
MonoTime mono_now() {
  return MonoTime{ticks_of(CLOCK_MONOTONIC)};
}
MonoTime boot_now() {
  return MonoTime{ticks_of(CLOCK_BOOTTIME)};
}
Now now() {
  return Now{wall_now(), mono_now()};
}
Now now_boottime() {
  return Now{wall_now(), boot_now()};
}

timespec to_timespec(Duration wait) {
  const std::int64_t ticks = std::max<std::int64_t>(0, wait.count());
  return {ticks / 10'000'000, ticks % 10'000'000 * 100};
}

}  // namespace windlass::runtime
