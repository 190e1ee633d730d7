#include "api/write_job.h"

#include "api/write_common.h"
#include "model/words.h"

namespace windlass::api {

namespace {

void write_state_counts(JsonWriter& json, const StateCounts& counts) {
  json.member("active", counts.active);
  json.member("running", counts.running);
  json.member("completed", counts.completed());
  json.member("succeeded", counts.succeeded);
  json.member("failed", counts.failed);
}

}  // namespace

void write_job(std::string& out, const JobRecord& job, ShardId shard, const Viewer& viewer,
               const Select& select) {
  const JobSpec& spec = job.spec;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", spec.id);
  member("displayName", spec.display_name);
  member("usesTaskDependencies", spec.uses_task_dependencies);
  if (select.wants("url")) json.member("url", job_url(viewer.base_url, spec.id));
  if (select.wants("eTag")) json.member("eTag", etag_text(shard, job.version.event));
  member("lastModified", job.version.last_modified);
  member("creationTime", job.creation_time);
  member("state", word(job.state));
  member("stateTransitionTime", job.state_time);
  if (job.previous_state) member("previousState", word(*job.previous_state));
  member("previousStateTransitionTime", job.previous_state_time);
  member("priority", spec.priority);
  member("allowTaskPreemption", false);
  member("maxParallelTasks", spec.parallel_tasks_max);
  if (select.wants("constraints")) {
    json.name("constraints");
    json.begin_object();
    json.member("maxWallClockTime", spec.constraints.max_wall_clock_time);
    json.member("maxTaskRetryCount", spec.constraints.task_retries_max);
    json.end_object();
  }
  write_name_values(json, "commonEnvironmentSettings", spec.common_environment_settings, select);
  if (select.wants("poolInfo")) {
    json.name("poolInfo");
    json.begin_object();
    json.member("poolId", spec.pool_id);
    json.end_object();
  }
  member("onAllTasksComplete", word(spec.on_all_tasks_complete));
  member("onTaskFailure", word(spec.on_task_failure));
  write_name_values(json, "metadata", spec.metadata, select);
  if (select.wants("executionInfo")) {
    json.name("executionInfo");
    json.begin_object();
    json.member("startTime", job.creation_time);
    write_present(json, "endTime", job.end_time);
    write_present(json, "poolId", spec.pool_id);
    write_present(json, "terminateReason", job.terminate_reason);
    json.end_object();
  }
  write_kept(json, spec.kept_json, select);
  json.end_object();
}

void write_task_counts(std::string& out, const TaskCounts& counts, const Viewer& viewer) {
  JsonWriter json(out);
  json.begin_object();
  if (viewer.version.task_counts_are_flat()) {
    write_state_counts(json, counts.tasks);
  } else {
    json.name("taskCounts");
    json.begin_object();
    write_state_counts(json, counts.tasks);
    json.end_object();
    json.name("taskSlotCounts");
    json.begin_object();
    write_state_counts(json, counts.slots);
    json.end_object();
  }
  json.end_object();
}

}  // namespace windlass::api
