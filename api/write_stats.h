// Statistics as REST JSON: what $expand=stats adds, and the lifetime statistics of an account. They
// are exact at the moment of the answer, which is their lastUpdateTime.
#pragma once

#include "api/json_writer.h"
#include "api/viewer.h"
#include "model/job.h"
#include "model/pool.h"
#include "model/task.h"

#include <string>
#include <string_view>

namespace windlass::api {

// `url` is that of the entity. A job's own statistics leave out the wait time, as the API says.
void write_job_stats(JsonWriter& json, std::string_view url, const JobRecord& job, WallTime now);
void write_task_stats(JsonWriter& json, std::string_view url, const TaskRecord& task, WallTime now);
void write_pool_stats(JsonWriter& json, std::string_view url, const PoolView& pool, WallTime now);

void write_lifetime_job_stats(std::string& out, const Viewer& viewer, const LifetimeUsage& usage);
void write_lifetime_pool_stats(std::string& out, const Viewer& viewer, const LifetimeUsage& usage);

}  // namespace windlass::api
