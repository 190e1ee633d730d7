// Jobs and their task counts as REST JSON.
#pragma once

#include "api/select.h"
#include "api/viewer.h"
#include "model/job.h"

#include <string>

namespace windlass::api {

void write_job(std::string& out, const JobRecord& job, ShardId shard, const Viewer& viewer,
               const Select& select = {});
void write_task_counts(std::string& out, const TaskCounts& counts, const Viewer& viewer);

}  // namespace windlass::api
