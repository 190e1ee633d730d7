#include "api/write_task.h"

#include "api/errors.h"
#include "api/write_common.h"
#include "api/write_stats.h"
#include "model/task_folder.h"
#include "model/words.h"

namespace windlass::api {

namespace {

void write_output_files(JsonWriter& json, const std::vector<OutputFile>& files) {
  json.begin_array();
  for (const OutputFile& file : files) {
    json.begin_object();
    json.member("filePattern", file.file_pattern);
    json.name("destination");
    json.begin_object();
    json.name("container");
    json.begin_object();
    write_present(json, "path", file.path);
    json.member("containerUrl", file.container_url);
    write_name_values(json, "uploadHeaders", file.upload_headers, {});
    json.end_object();
    json.end_object();
    json.name("uploadOptions");
    json.begin_object();
    json.member("uploadCondition", word(file.condition));
    json.end_object();
    json.end_object();
  }
  json.end_array();
}

void write_dependencies(JsonWriter& json, const TaskDocument& document) {
  json.begin_object();
  if (!document.depends_on_ids.empty()) {
    json.name("taskIds");
    json.begin_array();
    for (const std::string& id : document.depends_on_ids) json.value(id);
    json.end_array();
  }
  if (!document.depends_on_ranges.empty()) {
    json.name("taskIdRanges");
    json.begin_array();
    for (const TaskIdRange& range : document.depends_on_ranges) {
      json.begin_object();
      json.member("start", range.start);
      json.member("end", range.end);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

void write_multi_instance(JsonWriter& json, const MultiInstanceSettings& settings) {
  json.begin_object();
  json.member("numberOfInstances", settings.instances);
  json.member("coordinationCommandLine", settings.coordination_command_line);
  if (!settings.common_resource_files.empty()) {
    json.name("commonResourceFiles");
    write_resource_files(json, settings.common_resource_files);
  }
  json.end_object();
}

void write_execution_info(JsonWriter& json, const TaskRecord& task) {
  json.begin_object();
  write_present(json, "startTime", task.start_time);
  write_present(json, "endTime", task.end_time);
  write_present(json, "exitCode", task.exit_code);
  if (task.failure) {
    json.name("failureInfo");
    write_failure(json, *task.failure);
  }
  json.member("retryCount", task.retry_count);
  write_present(json, "lastRetryTime", task.last_retry_time);
  json.member("requeueCount", task.requeue_count);
  write_present(json, "lastRequeueTime", task.last_requeue_time);
  if (task.result) json.member("result", word(*task.result));
  json.end_object();
}

void write_node_info(JsonWriter& json, const TaskNode& node, const std::string& root,
                     const Viewer& viewer) {
  const std::string url = node_url(viewer.base_url, node.pool_id, node.node_id);
  json.begin_object();
  json.member("affinityId", "TVM:" + node.node_id);
  json.member("nodeUrl", url);
  json.member("poolId", node.pool_id);
  json.member("nodeId", node.node_id);
  json.member("taskRootDirectory", root);
  json.member("taskRootDirectoryUrl", url + "/files/" + root);
  json.end_object();
}

}  // namespace

void write_task_document(JsonWriter& json, const TaskDocument& document, const Select& select) {
  write_selected(json, select, "displayName", document.display_name);
  write_selected(json, select, "commandLine", document.command_line);
  if (!document.resource_files.empty() && select.wants("resourceFiles")) {
    json.name("resourceFiles");
    write_resource_files(json, document.resource_files);
  }
  if (!document.output_files.empty() && select.wants("outputFiles")) {
    json.name("outputFiles");
    write_output_files(json, document.output_files);
  }
  write_name_values(json, "environmentSettings", document.environment_settings, select);
  if (!document.affinity_id.empty() && select.wants("affinityInfo")) {
    json.name("affinityInfo");
    json.begin_object();
    json.member("affinityId", document.affinity_id);
    json.end_object();
  }
  if (select.wants("userIdentity")) {
    json.name("userIdentity");
    write_user_identity(json, document.user_identity.value_or(UserIdentity{}));
  }
  if (document.multi_instance && select.wants("multiInstanceSettings")) {
    json.name("multiInstanceSettings");
    write_multi_instance(json, *document.multi_instance);
  }
  if (document.job_access && select.wants("authenticationTokenSettings")) {
    json.name("authenticationTokenSettings");
    json.raw(R"({"access":["job"]})");
  }
  const bool depends = !document.depends_on_ids.empty() || !document.depends_on_ranges.empty();
  if (depends && select.wants("dependsOn")) {
    json.name("dependsOn");
    write_dependencies(json, document);
  }
  write_kept(json, document.kept_json, select);
}

void write_task(std::string& out, const TaskRecord& task, const TaskDocument* document,
                std::string_view job_id, ShardId shard, const Viewer& viewer,
                const Select& select) {
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", task.id);
  if (select.wants("url")) json.member("url", task_url(viewer.base_url, job_id, task.id));
  if (select.wants("eTag")) json.member("eTag", etag_text(shard, task.version.event));
  member("lastModified", task.version.last_modified);
  member("creationTime", task.creation_time);
  member("state", word(task.state));
  member("stateTransitionTime", task.state_time);
  if (task.previous_state) member("previousState", word(*task.previous_state));
  member("previousStateTransitionTime", task.previous_state_time);
  if (document != nullptr) write_task_document(json, *document, select);
  if (select.wants("constraints")) {
    json.name("constraints");
    json.begin_object();
    json.member("maxWallClockTime", task.constraints.max_wall_clock_time);
    json.member("retentionTime", task.constraints.retention_time);
    json.member("maxTaskRetryCount", task.constraints.retries_max);
    json.end_object();
  }
  member("requiredSlots", task.required_slots);
  if (select.wants("executionInfo")) {
    json.name("executionInfo");
    write_execution_info(json, task);
  }
  if (task.node && select.wants("nodeInfo")) {
    json.name("nodeInfo");
    write_node_info(json, *task.node, task_folder(job_id, task.id), viewer);
  }
  if (select.wants_stats()) {
    json.name("stats");
    write_task_stats(json, task_url(viewer.base_url, job_id, task.id), task, viewer.now);
  }
  json.end_object();
}

void write_subtask(std::string& out, const TaskRecord& task, std::size_t index,
                   std::string_view job_id, const Viewer& viewer, const Select& select) {
  const Subtask& subtask = task.subtasks[index];
  const auto id = static_cast<std::int32_t>(index) + 1;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", id);
  if (select.wants("nodeInfo")) {
    json.name("nodeInfo");
    write_node_info(json, subtask.node, task_folder(job_id, task.id) + "/" + std::to_string(id),
                    viewer);
  }
  member("startTime", subtask.start_time);
  member("endTime", subtask.end_time);
  member("exitCode", subtask.exit_code);
  if (subtask.failure && select.wants("failureInfo")) {
    json.name("failureInfo");
    write_failure(json, *subtask.failure);
  }
  member("state", word(subtask.state));
  member("stateTransitionTime", subtask.state_time);
  if (subtask.previous_state) member("previousState", word(*subtask.previous_state));
  member("previousStateTransitionTime", subtask.previous_state_time);
  if (subtask.result) member("result", word(*subtask.result));
  json.end_object();
}

void write_recent_task(JsonWriter& json, const RecentTask& recent, const Viewer& viewer) {
  json.begin_object();
  json.member("taskUrl", task_url(viewer.base_url, recent.job_id, recent.task.id));
  json.member("jobId", recent.job_id);
  json.member("taskId", recent.task.id);
  if (recent.subtask != 0) json.member("subtaskId", recent.subtask);
  json.member("taskState", word(recent.task.state));
  json.name("executionInfo");
  write_execution_info(json, recent.task);
  json.end_object();
}

void write_task_outcome(std::string& out, std::string_view job_id, std::string_view task_id,
                        const TaskOutcome& outcome, ShardId shard, const Viewer& viewer,
                        std::string_view request_id, WallTime now) {
  JsonWriter json(out);
  json.begin_object();
  if (!outcome.error) {
    json.member("status", "success");
    json.member("taskId", task_id);
    json.member("eTag", etag_text(shard, outcome.version.event));
    json.member("lastModified", outcome.version.last_modified);
    json.member("location", task_url(viewer.base_url, job_id, task_id));
  } else {
    const int status = face_of(outcome.error->code).status;
    const bool ours = status >= 500 && outcome.error->code != ErrorCode::not_implemented;
    json.member("status", ours ? "servererror" : "clienterror");
    json.member("taskId", task_id);
    json.name("error");
    json.begin_object();
    append_error_members(out, *outcome.error, request_id, now);
    json.end_object();
  }
  json.end_object();
}

}  // namespace windlass::api
