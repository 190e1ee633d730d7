// All chance of a run comes from one seed through this: the same numbers on every machine.
#pragma once

#include "model/time.h"

#include <cstdint>

namespace windlass::simulator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {  // splitmix64
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // low..high, both included. The tiny bias of the remainder does not matter here.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }
  Duration between(Duration low, Duration high) {
    return Duration(between(low.count(), high.count()));
  }
  bool chance(int per_thousand) { return between(0, 999) < per_thousand; }

  // A stream of its own, so that one part of the world does not disturb the chance of another.
  Random fork() { return Random(bits()); }

 private:
  std::uint64_t state_;
};

}  // namespace windlass::simulator
