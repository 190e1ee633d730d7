// What the scheduler's loop counts, from what passes by: the cores stay silent.
#pragma once

#include "runtime/bus_metrics.h"
#include "runtime/metrics.h"
#include "scheduler/owned_shard.h"
#include "scheduler/shard_gauges.h"

#include <map>
#include <memory>
#include <vector>

namespace windlass::scheduler {

class LoopMetrics {
 public:
  explicit LoopMetrics(runtime::Metrics& metrics);

  void count(ShardId shard, const BatchTally& tally);
  // Sets the gauges. Call it about once a second, between batches.
  void show(const std::vector<std::unique_ptr<OwnedShard>>& shards,
            const bus::ShardEndpoint& endpoint, Now now);
  // The shard is another process's: its gauges must not go on saying what was.
  void forget(ShardId shard);

 private:
  struct OfShard {
    OfShard(runtime::Metrics& metrics, const std::string& label);

    runtime::Counter commits;
    runtime::Counter tasks_added;
    runtime::Counter assignments;
    runtime::Counter succeeded;
    runtime::Counter failed;
    runtime::Counter retried;
    runtime::Counter requeued;
    runtime::Counter lost;
    runtime::Counter leases_expired;
    runtime::RisingCounter stale_reports;
    ShardGauges gauges;
  };
  // The largest of the last minutes: what is seen once must last until somebody looks.
  class Recent {
   public:
    void see(Duration value) { now_ = std::max(now_, value); }
    Duration largest() const { return std::max(now_, before_); }
    void turn_over() { before_ = std::exchange(now_, Duration::zero()); }

   private:
    Duration now_{};
    Duration before_{};
  };

  OfShard& of(ShardId shard);
  void count_commands(const BatchTally& tally);
  void count_tasks(OfShard& of_shard, const BatchTally& tally);
  void show_clocks(MonoTime now);

  runtime::Metrics& metrics_;
  runtime::Histogram commit_seconds_;
  runtime::Histogram batch_inputs_;
  runtime::Counter refused_low_space_;
  runtime::Histogram task_wait_;
  runtime::Histogram task_start_;
  runtime::Histogram task_run_;
  runtime::Histogram task_total_;
  std::array<runtime::Counter, kRequestKindsTotal> commands_;
  std::array<runtime::Counter, kFailureReasonsTotal> failures_;
  std::map<ErrorCode, runtime::Counter> refusals_;
  runtime::Gauge clock_ahead_;
  runtime::Gauge clock_behind_;
  Recent ahead_;
  Recent behind_;
  MonoTime clocks_due_;
  runtime::BusMetrics bus_;
  std::map<ShardId, OfShard> shards_;
  MonoTime walk_due_;
};

}  // namespace windlass::scheduler
