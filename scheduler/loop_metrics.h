// What the scheduler's loop counts, from what passes by: the cores stay silent.
#pragma once

#include "runtime/metrics.h"
#include "scheduler/owned_shard.h"

#include <map>
#include <memory>
#include <vector>

namespace windlass::scheduler {

class LoopMetrics {
 public:
  explicit LoopMetrics(runtime::Metrics& metrics);

  void count(ShardId shard, const BatchTally& tally);
  // Sets the gauges; called about once a second.
  void show(const std::vector<std::unique_ptr<OwnedShard>>& shards);

 private:
  struct OfShard {
    runtime::Counter commits;
    runtime::Counter assignments;
    runtime::Counter succeeded;
    runtime::Counter failed;
    runtime::Counter lost;
    std::map<TaskState, runtime::Gauge> tasks;
    std::vector<runtime::Gauge> nodes;
  };
  OfShard& of(ShardId shard);

  runtime::Metrics& metrics_;
  runtime::Histogram commit_seconds_;
  runtime::Histogram batch_inputs_;
  runtime::Gauge free_bytes_;
  runtime::Counter refused_low_space_;
  std::map<ShardId, OfShard> shards_;
};

}  // namespace windlass::scheduler
