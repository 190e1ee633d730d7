#include "loadtest/core/arrivals.h"

#include <cmath>

namespace windlass::loadtest {

namespace {
constexpr double kNanosecondsPerSecond = 1e9;
}

Arrivals::Arrivals(Rhythm rhythm, double per_second, std::uint64_t seed)
    : rhythm_(rhythm), per_second_(per_second), random_(seed) {}

std::int64_t Arrivals::next() {
  const auto number = static_cast<double>(drawn_++);
  switch (rhythm_) {
    case Rhythm::closed:
      return 0;
    case Rhythm::even:
      due_ = number / per_second_;
      break;
    case Rhythm::poisson:
      due_ += std::exponential_distribution<double>(per_second_)(random_);
      break;
    case Rhythm::bursts:
      due_ = std::floor(number / per_second_);
      break;
  }
  return static_cast<std::int64_t>(due_ * kNanosecondsPerSecond);
}

}  // namespace windlass::loadtest
