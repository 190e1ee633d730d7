#include "worker/worker_metrics.h"

namespace windlass::worker {
namespace {

void add_difference(runtime::Counter& counter, std::uint64_t now, std::uint64_t& last) {
  if (now != last) counter.add(static_cast<double>(now - last));
  last = now;
}

}  // namespace

WorkerMetrics::WorkerMetrics(runtime::Metrics& metrics, std::string_view executor) {
  namespace metric = runtime::metric;
  offers_free_ = metrics.gauge(metric::worker_offers, {"free"});
  offers_granted_ = metrics.gauge(metric::worker_offers, {"granted"});
  offers_wiping_ = metrics.gauge(metric::worker_offers, {"wiping"});
  attempts_started_ = metrics.counter(metric::worker_attempts_started, {executor});
  attempts_running_ = metrics.gauge(metric::worker_attempts_running);
  reports_sent_ = metrics.counter(metric::worker_reports_sent);
  spool_reports_ = metrics.gauge(metric::worker_spool_reports);
  leases_expired_ = metrics.counter(metric::worker_leases_expired);
  for (std::size_t kind = 0; kind < frames_sent_.size(); ++kind) {
    const auto name = bus::to_string(static_cast<FrameKind>(kind));
    frames_sent_[kind] = metrics.counter(metric::bus_frames_sent, {name});
    frames_received_[kind] = metrics.counter(metric::bus_frames_received, {name});
  }
  retransmissions_ = metrics.counter(metric::bus_retransmissions);
  duplicates_ = metrics.counter(metric::bus_duplicates);
}

void WorkerMetrics::count(const NodeAgent& agent, const bus::BusCounters& bus) {
  const AgentCounts& counts = agent.counts();
  const auto granted = agent.book().grants.size();
  offers_free_.set(static_cast<double>(counts.offers_free));
  offers_granted_.set(static_cast<double>(granted - counts.nodes_wiping));
  offers_wiping_.set(static_cast<double>(counts.nodes_wiping));
  attempts_running_.set(static_cast<double>(counts.attempts_running));
  spool_reports_.set(static_cast<double>(agent.unreported_total()));
  add_difference(attempts_started_, counts.attempts_started, last_.attempts_started);
  add_difference(reports_sent_, counts.reports, last_.reports);
  add_difference(leases_expired_, counts.leases_expired, last_.leases_expired);
  for (std::size_t kind = 0; kind < frames_sent_.size(); ++kind) {
    add_difference(frames_sent_[kind], bus.frames_sent[kind], last_bus_.frames_sent[kind]);
    add_difference(frames_received_[kind], bus.frames_received[kind],
                   last_bus_.frames_received[kind]);
  }
  add_difference(retransmissions_, bus.retransmissions, last_bus_.retransmissions);
  add_difference(duplicates_, bus.duplicates, last_bus_.duplicates);
}

}  // namespace windlass::worker
