#include "loadtest/core/requeue.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Requeue requeue_of(WallTime lost, std::span<const WallTime> starts) {
  if (starts.empty()) throw std::runtime_error("no task of a lost node began elsewhere");
  const auto [first, last] = std::minmax_element(starts.begin(), starts.end());
  if (*first < lost) throw std::runtime_error("a task began elsewhere before its node was lost");
  Requeue requeue;
  requeue.seconds_to_first = seconds(*first - lost);
  requeue.seconds_to_last = seconds(*last - lost);
  for (const WallTime start : starts) {
    requeue.to_start.record(
        static_cast<std::uint64_t>(std::chrono::nanoseconds(start - lost).count()));
  }
  return requeue;
}

}  // namespace windlass::loadtest
