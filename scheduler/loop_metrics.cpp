#include "scheduler/loop_metrics.h"

namespace windlass::scheduler {

namespace {

constexpr const char* kNodeStateNames[kNodeStatesTotal] = {
    "creating", "starting",  "waitingforstarttask", "starttaskfailed", "idle",    "running",
    "offline",  "rebooting", "reimaging",           "leavingpool",     "unknown", "unusable",
    "preempted"};

double seconds(Duration time) {
  return static_cast<double>(time.count()) / 1e7;
}

}  // namespace

LoopMetrics::LoopMetrics(runtime::Metrics& metrics)
    : metrics_(metrics),
      commit_seconds_(metrics.histogram(runtime::metric::scheduler_commit_seconds)),
      batch_inputs_(metrics.histogram(runtime::metric::scheduler_batch_inputs)),
      free_bytes_(metrics.gauge(runtime::metric::scheduler_free_bytes)),
      refused_low_space_(metrics.counter(runtime::metric::scheduler_refused_low_space)) {}

LoopMetrics::OfShard& LoopMetrics::of(ShardId shard) {
  const auto found = shards_.find(shard);
  if (found != shards_.end()) return found->second;
  const std::string label = std::to_string(shard);
  OfShard made;
  made.commits = metrics_.counter(runtime::metric::scheduler_commits, {label});
  made.assignments = metrics_.counter(runtime::metric::scheduler_assignments, {label});
  made.succeeded = metrics_.counter(runtime::metric::scheduler_completions, {label, "success"});
  made.failed = metrics_.counter(runtime::metric::scheduler_completions, {label, "failure"});
  made.lost = metrics_.counter(runtime::metric::scheduler_completions, {label, "lost"});
  made.tasks[TaskState::active] =
      metrics_.gauge(runtime::metric::scheduler_tasks, {label, "active"});
  made.tasks[TaskState::running] =
      metrics_.gauge(runtime::metric::scheduler_tasks, {label, "running"});
  made.tasks[TaskState::completed] =
      metrics_.gauge(runtime::metric::scheduler_tasks, {label, "completed"});
  for (const char* state : kNodeStateNames) {
    made.nodes.push_back(metrics_.gauge(runtime::metric::scheduler_nodes, {label, state}));
  }
  return shards_.emplace(shard, std::move(made)).first->second;
}

void LoopMetrics::count(ShardId shard, const BatchTally& tally) {
  if (tally.inputs != 0) batch_inputs_.observe(static_cast<double>(tally.inputs));
  if (tally.refused_low_space != 0) {
    refused_low_space_.add(static_cast<double>(tally.refused_low_space));
  }
  if (!tally.committed) return;
  OfShard& of_shard = of(shard);
  commit_seconds_.observe(seconds(tally.commit_time));
  of_shard.commits.add();
  if (tally.assignments != 0) of_shard.assignments.add(static_cast<double>(tally.assignments));
  if (tally.succeeded != 0) of_shard.succeeded.add(static_cast<double>(tally.succeeded));
  if (tally.failed != 0) of_shard.failed.add(static_cast<double>(tally.failed));
  if (tally.lost != 0) of_shard.lost.add(static_cast<double>(tally.lost));
}

void LoopMetrics::show(const std::vector<std::unique_ptr<OwnedShard>>& shards) {
  for (const auto& shard : shards) {
    OfShard& of_shard = of(shard->id());
    StateCounts tasks;
    for (const auto& [seq, job] : shard->core().state().jobs) {
      const StateCounts& counts = job.record.counts.tasks;
      tasks.active += counts.active;
      tasks.running += counts.running;
      tasks.succeeded += counts.succeeded;
      tasks.failed += counts.failed;
    }
    of_shard.tasks.at(TaskState::active).set(static_cast<double>(tasks.active));
    of_shard.tasks.at(TaskState::running).set(static_cast<double>(tasks.running));
    of_shard.tasks.at(TaskState::completed).set(static_cast<double>(tasks.completed()));
    std::vector<double> nodes(kNodeStatesTotal, 0);
    for (const auto& [seq, node] : shard->core().state().nodes) {
      nodes[static_cast<std::size_t>(node.record.state)] += 1;
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) of_shard.nodes[i].set(nodes[i]);
    free_bytes_.set(static_cast<double>(shard->space().free_bytes));
  }
}

}  // namespace windlass::scheduler
