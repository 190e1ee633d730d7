// Points and lengths of time. Wall time may be stored and shown; monotonic time measures waits and
// never leaves the process. Everything counts ticks of 100 ns, as the REST API does.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <ratio>

namespace windlass {

using Duration = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

// The API's "infinite": 2^63-1 ticks, P10675199DT2H48M5.4775807S.
inline constexpr Duration kInfinite = Duration::max();

// UTC, ticks since 1970-01-01. Zero means "not set" nowhere: optional times are std::optional.
struct WallTime {
  std::int64_t ticks = 0;
  auto operator<=>(const WallTime&) const = default;
};

// Ticks of this process's (host's) monotonic clock. Never stored, never sent.
struct MonoTime {
  std::int64_t ticks = 0;
  auto operator<=>(const MonoTime&) const = default;
};

inline WallTime operator+(WallTime t, Duration d) {
  const bool beyond = t.ticks > 0 && d.count() > INT64_MAX - t.ticks;  // times come from clients
  return beyond ? WallTime{INT64_MAX} : WallTime{t.ticks + d.count()};
}
inline Duration operator-(WallTime a, WallTime b) {
  return Duration{a.ticks - b.ticks};
}
inline MonoTime operator+(MonoTime t, Duration d) {
  return d.count() > INT64_MAX - t.ticks ? MonoTime{INT64_MAX} : MonoTime{t.ticks + d.count()};
}
inline Duration operator-(MonoTime a, MonoTime b) {
  return Duration{a.ticks - b.ticks};
}

// The only source of time a core sees: handed in with every input.
struct Now {
  WallTime wall;
  MonoTime mono;
};

}  // namespace windlass
