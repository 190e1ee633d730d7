// Jobs and their task counts as REST JSON.
#pragma once

#include "api/job_documents.h"
#include "api/json_writer.h"
#include "api/select.h"
#include "api/viewer.h"
#include "model/job.h"

#include <string>
#include <string_view>

namespace windlass::api {

void write_job(std::string& out, const JobRecord& job, ShardId shard, const Viewer& viewer,
               const Select& select = {}, const JobDocuments& documents = {});
// An entry of the list of preparations and releases.
void write_job_node(std::string& out, const JobNodeView& view, std::string_view job_id,
                    const Viewer& viewer, const Select& select = {});
// The `jobSpecification` of a schedule.
void write_job_specification(JsonWriter& json, const JobSpec& spec, const JobDocuments& documents,
                             const Viewer& viewer);
void write_task_counts(std::string& out, const TaskCounts& counts, const Viewer& viewer);

}  // namespace windlass::api
