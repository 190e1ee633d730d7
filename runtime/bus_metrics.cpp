#include "runtime/bus_metrics.h"

namespace windlass::runtime {

BusMetrics::BusMetrics(Metrics& metrics, KindName kind_name)
    : sent_(metrics, metric::bus_frames_sent, kind_name),
      received_(metrics, metric::bus_frames_received, kind_name),
      retransmissions_(metrics.counter(metric::bus_retransmissions)),
      duplicates_(metrics.counter(metric::bus_duplicates)),
      malformed_(metrics.counter(metric::bus_frames_dropped, {"malformed"})),
      fenced_(metrics.counter(metric::bus_frames_dropped, {"fenced"})),
      unsendable_(metrics.counter(metric::bus_frames_dropped, {"unsendable"})),
      undeliverable_(metrics.counter(metric::bus_frames_dropped, {"undeliverable"})),
      sessions_(metrics.gauge(metric::bus_sessions)),
      unacknowledged_(metrics.gauge(metric::bus_unacknowledged)),
      credit_used_(metrics.gauge(metric::bus_credit_used)) {}

}  // namespace windlass::runtime
