#include "gateway/bus_metrics.h"

namespace windlass::gateway {

void BusMetrics::add_frames(const runtime::MetricInfo& info, Series& series, std::size_t kind,
                            std::uint64_t count) {
  if (count == 0) return;
  if (!series[kind])
    series[kind] = metrics_.counter(info, {bus::to_string(static_cast<FrameKind>(kind))});
  series[kind]->add(static_cast<double>(count));
}

void BusMetrics::publish(const bus::BusCounters& now, bus::BusCounters& before) {
  using namespace runtime::metric;
  for (std::size_t kind = 0; kind < now.frames_sent.size(); ++kind) {
    add_frames(bus_frames_sent, sent_, kind, now.frames_sent[kind] - before.frames_sent[kind]);
    add_frames(bus_frames_received, received_, kind,
               now.frames_received[kind] - before.frames_received[kind]);
  }
  metrics_.counter(bus_retransmissions)
      .add(static_cast<double>(now.retransmissions - before.retransmissions));
  metrics_.counter(bus_duplicates).add(static_cast<double>(now.duplicates - before.duplicates));
  before = now;
}

}  // namespace windlass::gateway
