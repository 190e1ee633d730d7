#include "api/write_job.h"

#include "api/write_common.h"
#include "api/write_pool.h"
#include "api/write_stats.h"
#include "api/write_task.h"
#include "model/task_folder.h"
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

void write_constraints(JsonWriter& json, const TaskConstraints& constraints) {
  json.name("constraints");
  json.begin_object();
  json.member("maxWallClockTime", constraints.max_wall_clock_time);
  json.member("retentionTime", constraints.retention_time);
  json.member("maxTaskRetryCount", constraints.retries_max);
  json.end_object();
}

void write_manager(JsonWriter& json, const JobSpec& spec,
                   const std::optional<TaskDocument>& document) {
  const JobManagerTask& manager = *spec.manager_task;
  const NewTask& task = manager.task;
  json.name("jobManagerTask");
  json.begin_object();
  json.member("id", task.id);
  if (document) write_task_document(json, *document);
  TaskConstraints constraints;
  constraints.retries_max = task.retries_max.value_or(spec.constraints.task_retries_max);
  constraints.max_wall_clock_time =
      task.max_wall_clock_time.value_or(constraints.max_wall_clock_time);
  constraints.retention_time = task.retention_time.value_or(constraints.retention_time);
  write_constraints(json, constraints);
  json.member("requiredSlots", task.required_slots);
  json.member("killJobOnCompletion", manager.kill_job_on_completion);
  json.member("runExclusive", manager.run_exclusive);
  json.member("allowLowPriorityNode", manager.allow_spot_node);
  json.end_object();
}

void write_preparation(JsonWriter& json, const JobPreparationTask& task,
                       const std::optional<TaskDocument>& document) {
  json.name("jobPreparationTask");
  json.begin_object();
  json.member("id", task.id);
  if (document) write_task_document(json, *document);
  write_constraints(json, task.constraints);
  json.member("waitForSuccess", task.wait_for_success);
  json.member("rerunOnNodeRebootAfterSuccess", task.rerun_on_node_reboot_after_success);
  json.end_object();
}

void write_release(JsonWriter& json, const JobReleaseTask& task,
                   const std::optional<TaskDocument>& document) {
  json.name("jobReleaseTask");
  json.begin_object();
  json.member("id", task.id);
  if (document) write_task_document(json, *document);
  json.member("maxWallClockTime", task.max_wall_clock_time);
  json.member("retentionTime", task.retention_time);
  json.end_object();
}

void write_node_task(JsonWriter& json, const NodeTaskRun& run, const std::string& root,
                     std::string_view node_url, bool retried) {
  json.begin_object();
  json.member("state", word(run.state));
  json.member("startTime", run.start_time);
  write_present(json, "endTime", run.end_time);
  json.member("taskRootDirectory", root);
  json.member("taskRootDirectoryUrl", std::string(node_url) + "/files/" + root);
  write_present(json, "exitCode", run.exit_code);
  if (run.failure) {
    json.name("failureInfo");
    write_failure(json, *run.failure);
  }
  if (retried) {
    json.member("retryCount", run.retry_count);
    write_present(json, "lastRetryTime", run.last_retry_time);
  }
  if (run.result) json.member("result", word(*run.result));
  json.end_object();
}

void write_auto_pool(JsonWriter& json, const AutoPoolSpec& spec, const Viewer& viewer) {
  json.begin_object();
  write_present(json, "autoPoolIdPrefix", spec.id_prefix);
  json.member("poolLifetimeOption", word(spec.lifetime));
  json.member("keepAlive", spec.keep_alive);
  if (spec.pool) {
    json.name("pool");
    write_pool_specification(json, *spec.pool, viewer);
  }
  json.end_object();
}

// What the client has said of the job, and its defaults.
void write_specification(JsonWriter& json, const JobSpec& spec, const JobDocuments& documents,
                         const Viewer& viewer, const Select& select) {
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  member("displayName", spec.display_name);
  member("usesTaskDependencies", spec.uses_task_dependencies);
  member("priority", spec.priority);
  member("allowTaskPreemption", spec.allow_task_preemption);
  member("maxParallelTasks", spec.parallel_tasks_max);
  if (select.wants("constraints")) {
    json.name("constraints");
    json.begin_object();
    json.member("maxWallClockTime", spec.constraints.max_wall_clock_time);
    json.member("maxTaskRetryCount", spec.constraints.task_retries_max);
    json.end_object();
  }
  if (spec.manager_task && select.wants("jobManagerTask"))
    write_manager(json, spec, documents.manager);
  if (spec.preparation_task && select.wants("jobPreparationTask"))
    write_preparation(json, *spec.preparation_task, documents.preparation);
  if (spec.release_task && select.wants("jobReleaseTask"))
    write_release(json, *spec.release_task, documents.release);
  write_name_values(json, "commonEnvironmentSettings", spec.common_environment_settings, select);
  if (select.wants("poolInfo")) {
    json.name("poolInfo");
    json.begin_object();
    if (spec.auto_pool) {
      json.name("autoPoolSpecification");
      write_auto_pool(json, *spec.auto_pool, viewer);
    } else {
      json.member("poolId", spec.pool_id);
    }
    json.end_object();
  }
  member("onAllTasksComplete", word(spec.on_all_tasks_complete));
  member("onTaskFailure", word(spec.on_task_failure));
  write_name_values(json, "metadata", spec.metadata, select);
  write_kept(json, spec.kept_json, select);
}

}  // namespace

void write_job_node(std::string& out, const JobNodeView& view, std::string_view job_id,
                    const Viewer& viewer, const Select& select) {
  const JobNodeRecord& record = view.record;
  const std::string url = node_url(viewer.base_url, record.pool_id, record.node_id);
  JsonWriter json(out);
  json.begin_object();
  write_selected(json, select, "poolId", record.pool_id);
  write_selected(json, select, "nodeId", record.node_id);
  write_selected(json, select, "nodeUrl", url);
  if (select.wants("jobPreparationTaskExecutionInfo")) {
    json.name("jobPreparationTaskExecutionInfo");
    write_node_task(json, record.preparation, task_folder(job_id, view.preparation_id), url, true);
  }
  if (record.release && select.wants("jobReleaseTaskExecutionInfo")) {
    json.name("jobReleaseTaskExecutionInfo");
    write_node_task(json, *record.release, task_folder(job_id, view.release_id), url, false);
  }
  json.end_object();
}

void write_job_specification(JsonWriter& json, const JobSpec& spec, const JobDocuments& documents,
                             const Viewer& viewer) {
  json.begin_object();
  write_specification(json, spec, documents, viewer, {});
  json.end_object();
}

void write_job(std::string& out, const JobRecord& job, ShardId shard, const Viewer& viewer,
               const Select& select, const JobDocuments& documents) {
  const JobSpec& spec = job.spec;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", spec.id);
  if (select.wants("url")) json.member("url", job_url(viewer.base_url, spec.id));
  if (select.wants("eTag")) json.member("eTag", etag_text(shard, job.version.event));
  member("lastModified", job.version.last_modified);
  member("creationTime", job.creation_time);
  member("state", word(job.state));
  member("stateTransitionTime", job.state_time);
  if (job.previous_state) member("previousState", word(*job.previous_state));
  member("previousStateTransitionTime", job.previous_state_time);
  write_specification(json, spec, documents, viewer, select);
  if (select.wants("executionInfo")) {
    json.name("executionInfo");
    json.begin_object();
    json.member("startTime", job.creation_time);
    write_present(json, "endTime", job.end_time);
    write_present(json, "poolId", spec.pool_id);
    write_present(json, "terminateReason", job.terminate_reason);
    json.end_object();
  }
  if (select.wants_stats()) {
    json.name("stats");
    write_job_stats(json, job_url(viewer.base_url, spec.id), job, viewer.now);
  }
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
