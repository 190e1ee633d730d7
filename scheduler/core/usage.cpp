#include "scheduler/core/usage.h"

#include <algorithm>

namespace windlass::scheduler {

namespace {

// Of all ended attempts that the record tells of.
Duration wall_clock_time(const TaskRecord& task) {
  const bool ran = task.start_time && task.end_time && *task.end_time > *task.start_time;
  return task.usage.earlier_wall_clock_time +
         (ran ? *task.end_time - *task.start_time : Duration{});
}

}  // namespace

WorkUsage used_between(const TaskRecord& before, const TaskRecord& after) {
  WorkUsage used;
  const auto rise = [](auto from, auto to) { return to > from ? to - from : decltype(to){}; };
  const ResourceUsage& old = before.usage.resources;
  const ResourceUsage& now = after.usage.resources;
  used.resources = {rise(old.user_cpu_time, now.user_cpu_time),
                    rise(old.kernel_cpu_time, now.kernel_cpu_time),
                    rise(old.read_operations, now.read_operations),
                    rise(old.write_operations, now.write_operations),
                    rise(old.read_bytes, now.read_bytes),
                    rise(old.write_bytes, now.write_bytes)};
  used.wall_clock_time = rise(wall_clock_time(before), wall_clock_time(after));
  used.task_retries =
      static_cast<std::uint64_t>(std::max(0, after.retry_count - before.retry_count));
  if (before.state == TaskState::completed || after.state != TaskState::completed) return used;
  (after.result == ExecutionResult::success ? used.tasks_succeeded : used.tasks_failed) = 1;
  if (after.start_time && *after.start_time > after.creation_time)
    used.wait_time = *after.start_time - after.creation_time;
  return used;
}

AccountUsage& book_of(State& state, const std::string& account, WallTime at) {
  auto& books = state.counters.accounts;
  const auto found = std::find_if(books.begin(), books.end(), [&](const AccountUsage& book) {
    return book.account == account;
  });
  if (found != books.end()) return *found;
  return books.emplace_back(AccountUsage{account, at, {}, {}});
}

bool counts_on(NodeState state) {
  return state != NodeState::leavingpool && state != NodeState::unknown &&
         state != NodeState::unusable && state != NodeState::preempted;
}

NodeTime node_time_of(const State& state, const Pool& pool) {
  NodeTime time;
  time.ended = pool.record.node_time_ended;
  for (const auto& [id, seq] : pool.nodes) {
    const NodeRecord& node = state.find_node(seq)->record;
    if (!node.dedicated) continue;
    if (counts_on(node.state))
      time.begin(node.allocation_time);
    else
      time.ended += node.state_time - node.allocation_time;
  }
  return time;
}

LifetimeUsage lifetime_of(const State& state, const std::string& account) {
  LifetimeUsage usage;
  for (const AccountUsage& book : state.counters.accounts) {
    if (book.account != account) continue;
    usage.since = book.since;
    usage.work = book.work;
    usage.node_time.ended = book.node_time_ended;
  }
  for (const auto& [seq, pool] : state.pools) {
    if (pool.record.account != account) continue;
    NodeTime time = node_time_of(state, pool);
    time.ended -= pool.record.node_time_ended;  // in the book already
    usage.node_time += time;
  }
  return usage;
}

}  // namespace windlass::scheduler
