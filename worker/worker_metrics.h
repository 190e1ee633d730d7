// Turns what agent, spool and bus have counted into metrics. Called once a turn of the loop.
#pragma once

#include "bus/options.h"
#include "runtime/metrics.h"
#include "worker/core/node_agent.h"

#include <array>

namespace windlass::worker {

class WorkerMetrics {
 public:
  WorkerMetrics(runtime::Metrics& metrics, std::string_view executor);

  void count(const NodeAgent& agent, const bus::BusCounters& bus);

 private:
  runtime::Gauge offers_free_;
  runtime::Gauge offers_granted_;
  runtime::Gauge offers_wiping_;
  runtime::Counter attempts_started_;
  runtime::Gauge attempts_running_;
  runtime::Counter reports_sent_;
  runtime::Gauge spool_reports_;
  runtime::Counter leases_expired_;
  std::array<runtime::Counter, kFrameKindsTotal> frames_sent_;
  std::array<runtime::Counter, kFrameKindsTotal> frames_received_;
  runtime::Counter retransmissions_;
  runtime::Counter duplicates_;
  AgentCounts last_;
  bus::BusCounters last_bus_;
};

}  // namespace windlass::worker
