// Turns what passes by, and what agent, spool and bus have counted, into metrics.
#pragma once

#include "bus/peer_endpoint.h"
#include "runtime/bus_metrics.h"
#include "runtime/metrics.h"
#include "worker/core/node_agent.h"

#include <array>

namespace windlass::worker {

class WorkerMetrics {
 public:
  WorkerMetrics(runtime::Metrics& metrics, std::string_view executor,
                const std::string& nodes_folder);

  // Once a turn of the loop.
  void count(const NodeAgent& agent, const bus::PeerEndpoint& endpoint, Now now);
  // What is about to be said.
  void count(const std::vector<Outgoing>& messages);
  void count_cleared(std::uint64_t task_folders) { folders_cleared_.reach(task_folders); }
  void show_spool(std::uint64_t bytes) { spool_bytes_.set(static_cast<double>(bytes)); }

 private:
  static constexpr std::size_t kAttemptEndsTotal = 6;

  void show(const NodeAgent& agent, const bus::PeerEndpoint& endpoint, WallTime now);

  runtime::Gauge offers_free_;
  runtime::Gauge offers_granted_;
  runtime::Gauge offers_wiping_;
  runtime::RisingCounter attempts_started_;
  std::array<runtime::Counter, kAttemptEndsTotal> attempts_ended_;
  runtime::Gauge attempts_running_;
  runtime::RisingCounter reports_sent_;
  runtime::Gauge spool_reports_;
  runtime::Gauge oldest_report_;
  runtime::Gauge spool_bytes_;
  runtime::RisingCounter stale_orders_;
  runtime::RisingCounter leases_expired_;
  runtime::RisingCounter folders_cleared_;
  runtime::BusMetrics bus_;
  MonoTime show_due_;
};

}  // namespace windlass::worker
