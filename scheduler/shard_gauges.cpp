#include "scheduler/shard_gauges.h"

#include "scheduler/core/gangs.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace windlass::scheduler {

namespace {

namespace metric = runtime::metric;

// Rows read in one walk to learn since when foremost tasks wait; the rest are read by later walks.
constexpr std::size_t kRowsReadMax = 200;

constexpr std::string_view kWaitReasonNames[kWaitReasonsTotal] = {
    "slots", "nodes", "wide", "no_pool", "job", "job_limit", "dependencies", "attempt"};
constexpr std::string_view kTaskStateNames[] = {"active", "running", "completed"};
constexpr std::string_view kJobStateNames[] = {"active",      "disabling", "disabled", "enabling",
                                               "terminating", "completed", "deleting"};
constexpr std::string_view kPoolStateNames[] = {"steady", "resizing", "stopping", "deleting"};
constexpr std::string_view kNodeStateNames[kNodeStatesTotal] = {
    "creating", "starting", "waitingforstarttask", "starttaskfailed", "idle",
    "running",  "offline",  "rebooting",           "reimaging",       "leavingpool",
    "unknown",  "unusable", "preempted",           "deallocating",    "deallocated"};

template <std::size_t Total>
std::array<runtime::Gauge, Total> gauges_of(runtime::Metrics& metrics,
                                            const runtime::MetricInfo& info,
                                            const std::string& shard,
                                            const std::string_view (&names)[Total]) {
  std::array<runtime::Gauge, Total> gauges;
  for (std::size_t i = 0; i < Total; ++i) gauges[i] = metrics.gauge(info, {shard, names[i]});
  return gauges;
}

template <class Number, std::size_t Total>
void set_all(std::array<runtime::Gauge, Total>& gauges, const std::array<Number, Total>& values) {
  for (std::size_t i = 0; i < Total; ++i) gauges[i].set(static_cast<double>(values[i]));
}

// Nodes of each pool that take tasks.
std::map<PoolSeq, std::size_t> takers_by_pool(const State& state) {
  std::map<PoolSeq, std::size_t> takers;
  for (const auto& [seq, node] : state.nodes) {
    if (takes_tasks(state, node)) ++takers[node.record.pool];
  }
  return takers;
}

// Why the ready tasks of a job do not run. `pool` is null when there is none.
WaitReason reason_of_ready(const State& state, const Job& job, const Pool* pool,
                           std::size_t takers) {
  if (job.record.state != JobState::active) return WaitReason::job;
  if (!state.job_takes_turns(job)) return WaitReason::job_limit;
  if (pool == nullptr || pool->record.state != PoolState::active) return WaitReason::no_pool;
  if (takers == 0) return WaitReason::nodes;
  if (job.ready.narrowest() > pool->record.spec.task_slots_per_node) return WaitReason::wide;
  return WaitReason::slots;
}

// The same of those that want several nodes at once.
WaitReason reason_of_gangs(const State& state, const Job& job, const Pool* pool,
                           std::size_t takers) {
  const WaitReason reason = reason_of_ready(state, job, pool, takers);
  if (reason != WaitReason::slots && reason != WaitReason::wide) return reason;
  const bool fits = scheduler::suits_gangs(pool->record.spec) &&
                    static_cast<std::size_t>(*job.ready_gangs.narrowest()) <= takers;
  return fits ? WaitReason::slots : WaitReason::wide;
}

}  // namespace

Waiting waiting_by_reason(const State& state) {
  Waiting waiting{};
  const auto add = [&](WaitReason reason, std::size_t tasks) {
    waiting[static_cast<std::size_t>(reason)] += static_cast<std::int64_t>(tasks);
  };
  const std::map<PoolSeq, std::size_t> takers = takers_by_pool(state);
  for (const auto& [key, queue] : state.pool_queues) {
    const auto known = state.pools_by_id.find(key);
    const Pool* pool = known == state.pools_by_id.end() ? nullptr : state.find_pool(known->second);
    const auto found = pool == nullptr ? takers.end() : takers.find(pool->record.seq);
    const std::size_t pool_takers = found == takers.end() ? 0 : found->second;
    for (const JobSeq seq : queue.jobs) {
      const Job* job = state.find_job(seq);
      if (job == nullptr || job->record.counts.tasks.active == 0) continue;
      const std::size_t ready = job->ready.size();
      const std::size_t gangs = job->ready_gangs.size();
      const std::size_t dependent = job->dependencies.size();
      const std::size_t held_back = job->held_back.size();
      if (ready != 0) add(reason_of_ready(state, *job, pool, pool_takers), ready);
      if (gangs != 0) add(reason_of_gangs(state, *job, pool, pool_takers), gangs);
      add(WaitReason::dependencies, dependent);
      add(WaitReason::attempt, held_back);
      const auto active = static_cast<std::size_t>(job->record.counts.tasks.active);
      const std::size_t placed = ready + gangs + dependent + held_back;
      if (active > placed) add(WaitReason::job, active - placed);
    }
  }
  return waiting;
}

ShardGauges::ShardGauges(runtime::Metrics& metrics, const std::string& shard)
    : tasks_(gauges_of(metrics, metric::scheduler_tasks, shard, kTaskStateNames)),
      waiting_(gauges_of(metrics, metric::scheduler_tasks_waiting, shard, kWaitReasonNames)),
      oldest_waiting_(metrics.gauge(metric::scheduler_oldest_waiting_seconds, {shard})),
      jobs_(gauges_of(metrics, metric::scheduler_jobs, shard, kJobStateNames)),
      pools_(gauges_of(metrics, metric::scheduler_pools, shard, kPoolStateNames)),
      nodes_(gauges_of(metrics, metric::scheduler_nodes, shard, kNodeStateNames)),
      nodes_target_(metrics.gauge(metric::scheduler_nodes_target, {shard})),
      slots_used_(metrics.gauge(metric::scheduler_slots, {shard, "used"})),
      slots_free_(metrics.gauge(metric::scheduler_slots, {shard, "free"})),
      slots_closed_(metrics.gauge(metric::scheduler_slots, {shard, "closed"})),
      workers_connected_(metrics.gauge(metric::scheduler_workers, {shard, "connected"})),
      workers_away_(metrics.gauge(metric::scheduler_workers, {shard, "away"})),
      lingering_(metrics.gauge(metric::scheduler_lingering_attempts, {shard})),
      outbox_(metrics.gauge(metric::scheduler_outbox_messages, {shard})),
      free_bytes_(metrics.gauge(metric::scheduler_free_bytes, {shard})),
      needed_bytes_(metrics.gauge(metric::scheduler_needed_bytes, {shard})),
      accepts_work_(metrics.gauge(metric::scheduler_accepts_work, {shard})),
      store_used_(metrics.gauge(metric::scheduler_store_bytes, {shard, "used"})),
      store_free_(metrics.gauge(metric::scheduler_store_bytes, {shard, "free"})),
      store_limit_(metrics.gauge(metric::scheduler_store_limit_bytes, {shard})),
      journal_bytes_(metrics.gauge(metric::scheduler_journal_bytes, {shard})) {}

void ShardGauges::show_store(const OwnedShard& shard) {
  const Space& space = shard.space();
  free_bytes_.set(static_cast<double>(space.free_bytes));
  needed_bytes_.set(static_cast<double>(space.needed_bytes));
  accepts_work_.set(space.accepts_new_work() ? 1 : 0);
  store_used_.set(static_cast<double>(space.map_used_bytes));
  store_free_.set(static_cast<double>(space.file_free_bytes));
  store_limit_.set(static_cast<double>(space.map_bytes / 100 * space.map_use_percent_max));
  journal_bytes_.set(static_cast<double>(shard.journal_bytes()));
  const State& state = shard.core().state();
  lingering_.set(static_cast<double>(state.lingering.size()));
  outbox_.set(static_cast<double>(state.outbox.size()));
}

void ShardGauges::walk(OwnedShard& shard, WallTime now) {
  const State& state = shard.core().state();
  walk_jobs(state);
  walk_pools(state);
  walk_nodes(state);
  walk_workers(state);
  set_all(waiting_, waiting_by_reason(state));
  oldest_waiting_.set(std::chrono::duration<double>(oldest_waiting(shard, now)).count());
}

void ShardGauges::walk_jobs(const State& state) {
  std::array<std::int64_t, kJobStatesTotal> jobs{};
  std::array<std::int64_t, 3> tasks{};
  for (const auto& [seq, job] : state.jobs) {
    ++jobs[static_cast<std::size_t>(job.record.state)];
    const StateCounts& counts = job.record.counts.tasks;
    tasks[0] += counts.active;
    tasks[1] += counts.running;
    tasks[2] += counts.completed();
  }
  set_all(jobs_, jobs);
  set_all(tasks_, tasks);
}

void ShardGauges::walk_pools(const State& state) {
  std::array<std::int64_t, 4> pools{};
  std::int64_t target = 0;
  for (const auto& [seq, pool] : state.pools) {
    const bool deleting = pool.record.state == PoolState::deleting;
    ++pools[deleting ? 3 : static_cast<std::size_t>(pool.record.allocation_state)];
    if (deleting) continue;
    target += pool.record.spec.target_dedicated_nodes + pool.record.spec.target_spot_nodes;
  }
  set_all(pools_, pools);
  nodes_target_.set(static_cast<double>(target));
}

void ShardGauges::walk_nodes(const State& state) {
  std::array<std::int64_t, kNodeStatesTotal> nodes{};
  std::int64_t used = 0;
  std::int64_t free = 0;
  std::int64_t closed = 0;
  for (const auto& [seq, node] : state.nodes) {
    ++nodes[static_cast<std::size_t>(node.record.state)];
    used += node.slots.used();
    (takes_tasks(state, node) ? free : closed) += node.slots.free();
  }
  set_all(nodes_, nodes);
  slots_used_.set(static_cast<double>(used));
  slots_free_.set(static_cast<double>(free));
  slots_closed_.set(static_cast<double>(closed));
}

void ShardGauges::walk_workers(const State& state) {
  std::int64_t connected = 0;
  std::int64_t away = 0;
  for (const auto& [id, worker] : state.workers) {
    if (worker.instance != 0)
      ++connected;
    else if (worker.lease_until != kNoLease || !worker.nodes.empty())
      ++away;
  }
  workers_connected_.set(static_cast<double>(connected));
  workers_away_.set(static_cast<double>(away));
}

// The oldest task that nothing but room keeps from running. A job's foremost task stays the same
// for long while it waits, so that hardly any row is read.
Duration ShardGauges::oldest_waiting(OwnedShard& shard, WallTime now) {
  Duration oldest{};
  std::map<JobSeq, Foremost> foremost;
  std::size_t rows_read = 0;
  const State& state = shard.core().state();
  for (const auto& [key, queue] : state.pool_queues) {
    for (const JobOrder& order : queue.runnable) {
      constexpr SlotCount kAny = std::numeric_limits<SlotCount>::max();
      const Job& job = *state.find_job(order.job);
      auto front = job.ready.first_fitting(kAny);
      const auto gang = job.ready_gangs.first_fitting(kAny);
      if (gang && (!front || gang->task < front->task)) front = gang;
      if (!front) continue;
      const auto known = foremost_.find(order.job);
      if (known != foremost_.end() && known->second.task == front->task) {
        foremost.insert(*known);
      } else if (rows_read < kRowsReadMax) {
        ++rows_read;
        const auto since = shard.active_since({order.job, front->task});
        if (since) foremost[order.job] = {front->task, *since};
      }
    }
  }
  for (const auto& [job, task] : foremost) oldest = std::max(oldest, now - task.since);
  foremost_ = std::move(foremost);
  return oldest;
}

}  // namespace windlass::scheduler
