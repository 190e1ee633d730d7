#include "api/write_stats.h"

#include <algorithm>

namespace windlass::api {

namespace {

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0);
}

void write_range(JsonWriter& json, WallTime since, WallTime now) {
  json.member("startTime", since);
  json.member("lastUpdateTime", now);
}

void write_resources(JsonWriter& json, const ResourceUsage& usage, Duration wall_clock_time) {
  json.member("userCPUTime", usage.user_cpu_time);
  json.member("kernelCPUTime", usage.kernel_cpu_time);
  json.member("wallClockTime", wall_clock_time);
  json.member("readIOps", static_cast<std::int64_t>(usage.read_operations));
  json.member("writeIOps", static_cast<std::int64_t>(usage.write_operations));
  json.member("readIOGiB", gibibytes(usage.read_bytes));
  json.member("writeIOGiB", gibibytes(usage.write_bytes));
}

void write_work(JsonWriter& json, std::string_view url, WallTime since, const WorkUsage& work,
                Duration wait_time, WallTime now) {
  json.begin_object();
  json.member("url", url);
  write_range(json, since, now);
  write_resources(json, work.resources, work.wall_clock_time);
  json.member("numSucceededTasks", static_cast<std::int64_t>(work.tasks_succeeded));
  json.member("numFailedTasks", static_cast<std::int64_t>(work.tasks_failed));
  json.member("numTaskRetries", static_cast<std::int64_t>(work.task_retries));
  json.member("waitTime", wait_time);
  json.end_object();
}

void write_node_usage(JsonWriter& json, std::string_view url, WallTime since, const NodeTime& time,
                      WallTime now) {
  json.begin_object();
  json.member("url", url);
  write_range(json, since, now);
  json.name("usageStats");
  json.begin_object();
  write_range(json, since, now);
  // Nodes share the cores of their hosts: each counts as one.
  json.member("dedicatedCoreTime", std::max(time.until(now), Duration{}));
  json.end_object();
  json.end_object();
}

// Up to now, also of a run that goes on.
Duration wall_clock_time(const TaskRecord& task, WallTime now) {
  const Duration earlier = task.usage.earlier_wall_clock_time;
  if (!task.start_time) return earlier;
  const WallTime end = task.end_time.value_or(now);
  return end > *task.start_time ? earlier + (end - *task.start_time) : earlier;
}

}  // namespace

void write_job_stats(JsonWriter& json, std::string_view url, const JobRecord& job, WallTime now) {
  write_work(json, url, job.creation_time, job.usage, Duration{}, now);
}

void write_task_stats(JsonWriter& json, std::string_view url, const TaskRecord& task,
                      WallTime now) {
  json.begin_object();
  json.member("url", url);
  write_range(json, task.creation_time, now);
  write_resources(json, task.usage.resources, wall_clock_time(task, now));
  const WallTime waited_until = task.start_time.value_or(now);
  json.member("waitTime", std::max(waited_until - task.creation_time, Duration{}));
  json.end_object();
}

void write_pool_stats(JsonWriter& json, std::string_view url, const PoolView& pool, WallTime now) {
  write_node_usage(json, url, pool.record.creation_time, pool.node_time, now);
}

void write_lifetime_job_stats(std::string& out, const Viewer& viewer, const LifetimeUsage& usage) {
  JsonWriter json(out);
  write_work(json, viewer.base_url + "/lifetimejobstats", usage.since.value_or(viewer.now),
             usage.work, usage.work.wait_time, viewer.now);
}

void write_lifetime_pool_stats(std::string& out, const Viewer& viewer, const LifetimeUsage& usage) {
  JsonWriter json(out);
  write_node_usage(json, viewer.base_url + "/lifetimepoolstats", usage.since.value_or(viewer.now),
                   usage.node_time, viewer.now);
}

}  // namespace windlass::api
