// How one shard stands: what waits and why, how full its nodes are, how much room its file has.
#pragma once

#include "runtime/metrics.h"
#include "scheduler/owned_shard.h"

#include <array>
#include <map>
#include <string>

namespace windlass::scheduler {

// Why active tasks of a job do not run; the names are the labels.
enum class WaitReason : std::uint8_t {
  slots,
  nodes,
  wide,
  no_pool,
  job,
  job_limit,
  dependencies,
  attempt
};
inline constexpr std::size_t kWaitReasonsTotal = 8;

// Active tasks by reason.
using Waiting = std::array<std::int64_t, kWaitReasonsTotal>;
// Looks at pools, nodes and jobs, and at the lengths of queues, but at no task.
Waiting waiting_by_reason(const State& state);

class ShardGauges {
 public:
  ShardGauges(runtime::Metrics& metrics, const std::string& shard);

  // What is known anyhow.
  void show_store(const OwnedShard& shard);
  // Looks at every job, pool, node and worker; at tasks only by their numbers. Between batches.
  void walk(OwnedShard& shard, WallTime now);

 private:
  static constexpr std::size_t kJobStatesTotal = 7;

  // Since when the foremost task of a job waits, as read from its row.
  struct Foremost {
    TaskSeq task = 0;
    WallTime since;
  };

  void walk_jobs(const State& state);
  void walk_pools(const State& state);
  void walk_nodes(const State& state);
  void walk_workers(const State& state);
  Duration oldest_waiting(OwnedShard& shard, WallTime now);

  std::array<runtime::Gauge, 3> tasks_;  // active, running, completed
  std::array<runtime::Gauge, kWaitReasonsTotal> waiting_;
  runtime::Gauge oldest_waiting_;
  std::array<runtime::Gauge, kJobStatesTotal> jobs_;
  std::array<runtime::Gauge, 4> pools_;  // steady, resizing, stopping, deleting
  std::array<runtime::Gauge, kNodeStatesTotal> nodes_;
  runtime::Gauge nodes_target_;
  runtime::Gauge slots_used_;
  runtime::Gauge slots_free_;
  runtime::Gauge slots_closed_;
  runtime::Gauge workers_connected_;
  runtime::Gauge workers_away_;
  runtime::Gauge lingering_;
  runtime::Gauge outbox_;
  runtime::Gauge free_bytes_;
  runtime::Gauge needed_bytes_;
  runtime::Gauge accepts_work_;
  runtime::Gauge store_used_;
  runtime::Gauge store_free_;
  runtime::Gauge store_limit_;
  runtime::Gauge journal_bytes_;
  std::map<JobSeq, Foremost> foremost_;
};

}  // namespace windlass::scheduler
