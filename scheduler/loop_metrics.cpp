#include "scheduler/loop_metrics.h"

#include "runtime/clock.h"

namespace windlass::scheduler {

namespace {

namespace metric = runtime::metric;

constexpr Duration kClockWindow = std::chrono::minutes(2);
// A walk over jobs and nodes may take this share of the loop's time: with very many of them the
// gauges are older, and the loop as fast as ever.
constexpr int kWalkShare = 200;

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

void add(runtime::Counter& counter, std::size_t amount) {
  if (amount != 0) counter.add(static_cast<double>(amount));
}

std::string_view bus_kind_name(std::size_t kind) {
  return bus::to_string(static_cast<FrameKind>(kind));
}

}  // namespace

LoopMetrics::LoopMetrics(runtime::Metrics& metrics)
    : metrics_(metrics),
      commit_seconds_(metrics.histogram(metric::scheduler_commit_seconds)),
      batch_inputs_(metrics.histogram(metric::scheduler_batch_inputs)),
      refused_low_space_(metrics.counter(metric::scheduler_refused_low_space)),
      task_wait_(metrics.histogram(metric::scheduler_task_wait_seconds)),
      task_start_(metrics.histogram(metric::scheduler_task_start_seconds)),
      task_run_(metrics.histogram(metric::scheduler_task_run_seconds)),
      task_total_(metrics.histogram(metric::scheduler_task_total_seconds)),
      clock_ahead_(metrics.gauge(metric::scheduler_clock_skew_seconds, {"ahead"})),
      clock_behind_(metrics.gauge(metric::scheduler_clock_skew_seconds, {"behind"})),
      bus_(metrics, bus_kind_name) {
  for (std::size_t kind = 0; kind < kRequestKindsTotal; ++kind)
    commands_[kind] = metrics.counter(metric::scheduler_commands, {kRequestKindNames[kind]});
  for (std::size_t reason = 0; reason < kFailureReasonsTotal; ++reason)
    failures_[reason] =
        metrics.counter(metric::scheduler_task_failures, {kFailureReasonNames[reason]});
}

LoopMetrics::OfShard::OfShard(runtime::Metrics& metrics, const std::string& label)
    : commits(metrics.counter(metric::scheduler_commits, {label})),
      tasks_added(metrics.counter(metric::scheduler_tasks_added, {label})),
      assignments(metrics.counter(metric::scheduler_assignments, {label})),
      succeeded(metrics.counter(metric::scheduler_completions, {label, "success"})),
      failed(metrics.counter(metric::scheduler_completions, {label, "failure"})),
      retried(metrics.counter(metric::scheduler_completions, {label, "retried"})),
      requeued(metrics.counter(metric::scheduler_completions, {label, "requeued"})),
      lost(metrics.counter(metric::scheduler_completions, {label, "lost"})),
      leases_expired(metrics.counter(metric::scheduler_leases_expired, {label})),
      stale_reports(metrics.counter(metric::scheduler_stale_reports, {label})),
      gauges(metrics, label) {}

LoopMetrics::OfShard& LoopMetrics::of(ShardId shard) {
  const auto found = shards_.find(shard);
  if (found != shards_.end()) return found->second;
  return shards_.try_emplace(shard, metrics_, std::to_string(shard)).first->second;
}

void LoopMetrics::count(ShardId shard, const BatchTally& tally) {
  if (tally.inputs != 0) batch_inputs_.observe(static_cast<double>(tally.inputs));
  count_commands(tally);
  if (!tally.committed) return;
  OfShard& of_shard = of(shard);
  commit_seconds_.observe(seconds(tally.commit_time));
  of_shard.commits.add();
  count_tasks(of_shard, tally);
}

void LoopMetrics::count_commands(const BatchTally& tally) {
  for (std::size_t kind = 0; kind < kRequestKindsTotal; ++kind)
    add(commands_[kind], tally.commands[kind]);
  for (const ErrorCode code : tally.refusals) {
    auto found = refusals_.find(code);
    if (found == refusals_.end())
      found =
          refusals_.emplace(code, metrics_.counter(metric::scheduler_refusals, {to_string(code)}))
              .first;
    found->second.add();
    if (code == ErrorCode::server_busy) refused_low_space_.add();
  }
}

void LoopMetrics::count_tasks(OfShard& of_shard, const BatchTally& tally) {
  add(of_shard.tasks_added, tally.tasks_added);
  add(of_shard.assignments, tally.assignments);
  add(of_shard.succeeded, tally.succeeded);
  add(of_shard.failed, tally.failed);
  add(of_shard.retried, tally.retried);
  add(of_shard.requeued, tally.requeued);
  add(of_shard.lost, tally.lost);
  add(of_shard.leases_expired, tally.leases_expired);
  for (std::size_t reason = 0; reason < kFailureReasonsTotal; ++reason)
    add(failures_[reason], tally.failures[reason]);
  task_wait_.observe(tally.wait);
  task_start_.observe(tally.start);
  task_run_.observe(tally.run);
  task_total_.observe(tally.total);
  ahead_.see(tally.clock_ahead);
  behind_.see(tally.clock_behind);
}

void LoopMetrics::show_clocks(MonoTime now) {
  clock_ahead_.set(seconds(ahead_.largest()));
  clock_behind_.set(seconds(behind_.largest()));
  if (now < clocks_due_) return;
  clocks_due_ = now + kClockWindow;
  ahead_.turn_over();
  behind_.turn_over();
}

void LoopMetrics::show(const std::vector<std::unique_ptr<OwnedShard>>& shards,
                       const bus::ShardEndpoint& endpoint, Now now) {
  bus_.count(endpoint.counters());
  show_clocks(now.mono);
  for (const auto& shard : shards) {
    OfShard& of_shard = of(shard->id());
    of_shard.stale_reports.reach(shard->core().stale_reports());
    of_shard.gauges.show_store(*shard);
  }
  if (now.mono < walk_due_) return;
  bus_.show(endpoint.load());
  for (const auto& shard : shards) of(shard->id()).gauges.walk(*shard, now.wall);
  const MonoTime done = runtime::mono_now();
  walk_due_ = done + (done - now.mono) * kWalkShare;
}

void LoopMetrics::forget(ShardId shard) {
  shards_.erase(shard);
  metrics_.forget_gauges("shard", std::to_string(shard));
}

}  // namespace windlass::scheduler
