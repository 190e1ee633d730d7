// Turns the rising counters of a bus endpoint into metrics.
#pragma once

#include "bus/options.h"
#include "runtime/metrics.h"

#include <array>
#include <optional>

namespace windlass::gateway {

class BusMetrics {
 public:
  explicit BusMetrics(runtime::Metrics& metrics) : metrics_(metrics) {}

  // Adds what has come since the last call. Both endpoints of a process go into one.
  void publish(const bus::BusCounters& now, bus::BusCounters& before);

 private:
  using Series = std::array<std::optional<runtime::Counter>, kFrameKindsTotal>;
  void add_frames(const runtime::MetricInfo& info, Series& series, std::size_t kind,
                  std::uint64_t count);

  runtime::Metrics& metrics_;
  Series sent_;
  Series received_;
};

}  // namespace windlass::gateway
