#include "worker/worker_metrics.h"

#include "runtime/free_space.h"

namespace windlass::worker {
namespace {

// What costs a walk is looked at this often.
constexpr Duration kShowInterval = std::chrono::seconds(1);

constexpr std::string_view kAttemptEndNames[] = {"exited",      "wall_clock",    "stopped",
                                                 "not_started", "upload_failed", "lost"};

std::string_view bus_kind_name(std::size_t kind) {
  return bus::to_string(static_cast<FrameKind>(kind));
}

}  // namespace

WorkerMetrics::WorkerMetrics(runtime::Metrics& metrics, std::string_view executor,
                             const std::string& nodes_folder)
    : bus_(metrics, bus_kind_name) {
  namespace metric = runtime::metric;
  const auto rising = [&](const runtime::MetricInfo& info, runtime::LabelValues labels = {}) {
    return runtime::RisingCounter(metrics.counter(info, labels));
  };
  offers_free_ = metrics.gauge(metric::worker_offers, {"free"});
  offers_granted_ = metrics.gauge(metric::worker_offers, {"granted"});
  offers_wiping_ = metrics.gauge(metric::worker_offers, {"wiping"});
  attempts_started_ = rising(metric::worker_attempts_started, {executor});
  for (std::size_t end = 0; end < kAttemptEndsTotal; ++end)
    attempts_ended_[end] = metrics.counter(metric::worker_attempts_ended, {kAttemptEndNames[end]});
  attempts_running_ = metrics.gauge(metric::worker_attempts_running);
  reports_sent_ = rising(metric::worker_reports_sent);
  spool_reports_ = metrics.gauge(metric::worker_spool_reports);
  oldest_report_ = metrics.gauge(metric::worker_oldest_report_seconds);
  spool_bytes_ = metrics.gauge(metric::worker_spool_bytes);
  stale_orders_ = rising(metric::worker_stale_orders);
  leases_expired_ = rising(metric::worker_leases_expired);
  folders_cleared_ = rising(metric::worker_folders_cleared);
  metrics.at_scrape([nodes_folder, free = metrics.gauge(metric::worker_free_bytes)]() mutable {
    free.set(runtime::free_bytes(nodes_folder));
  });
}

void WorkerMetrics::count(const NodeAgent& agent, const bus::PeerEndpoint& endpoint, Now now) {
  const AgentCounts& counts = agent.counts();
  const auto granted = agent.book().grants.size();
  offers_free_.set(static_cast<double>(counts.offers_free));
  offers_granted_.set(static_cast<double>(granted - counts.nodes_wiping));
  offers_wiping_.set(static_cast<double>(counts.nodes_wiping));
  attempts_running_.set(static_cast<double>(counts.attempts_running));
  spool_reports_.set(static_cast<double>(agent.unreported_total()));
  attempts_started_.reach(counts.attempts_started);
  reports_sent_.reach(counts.reports);
  stale_orders_.reach(counts.stale_messages);
  leases_expired_.reach(counts.leases_expired);
  bus_.count(endpoint.counters());
  if (now.mono < show_due_) return;
  show_due_ = now.mono + kShowInterval;
  show(agent, endpoint, now.wall);
}

void WorkerMetrics::show(const NodeAgent& agent, const bus::PeerEndpoint& endpoint, WallTime now) {
  const auto oldest = agent.oldest_unreported();
  oldest_report_.set(oldest ? std::chrono::duration<double>(now - *oldest).count() : 0);
  bus_.show(endpoint.load());
}

void WorkerMetrics::count(const std::vector<Outgoing>& messages) {
  for (const Outgoing& out : messages) {
    if (const auto* ended = std::get_if<AttemptEnded>(&out.message))
      attempts_ended_[static_cast<std::size_t>(ended->end)].add();
  }
}

}  // namespace windlass::worker
