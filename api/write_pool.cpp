#include "api/write_pool.h"

#include "api/write_common.h"
#include "api/write_stats.h"
#include "api/write_task.h"
#include "model/words.h"

namespace windlass::api {

namespace {

void write_resize_errors(JsonWriter& json, const std::vector<ResizeError>& errors) {
  json.begin_array();
  for (const ResizeError& error : errors) {
    json.begin_object();
    json.member("code", error.code);
    json.member("message", error.message);
    if (!error.values.empty()) {
      json.name("values");
      write_name_values(json, error.values);
    }
    json.end_object();
  }
  json.end_array();
}

void write_start_task_info(JsonWriter& json, const StartTaskInfo& info) {
  json.begin_object();
  json.member("state", word(info.state));
  json.member("startTime", info.start_time);
  write_present(json, "endTime", info.end_time);
  write_present(json, "exitCode", info.exit_code);
  if (info.failure) {
    json.name("failureInfo");
    write_failure(json, *info.failure);
  }
  json.member("retryCount", info.retry_count);
  write_present(json, "lastRetryTime", info.last_retry_time);
  if (info.result) json.member("result", word(*info.result));
  json.end_object();
}

// The host's own door: there is no address translation in front of it.
constexpr std::int32_t kSshPort = 22;

void write_endpoints(JsonWriter& json, const NodeRecord& node) {
  json.begin_object();
  json.name("inboundEndpoints");
  json.begin_array();
  json.begin_object();
  json.member("name", "SSHRule.0");
  json.member("protocol", "tcp");
  json.member("publicIPAddress", node.ip_address);
  json.member("publicFQDN", node.ip_address);
  json.member("frontendPort", kSshPort);
  json.member("backendPort", kSshPort);
  json.end_object();
  json.end_array();
  json.end_object();
}

void write_node_errors(JsonWriter& json, const std::vector<NodeError>& errors) {
  json.begin_array();
  for (const NodeError& error : errors) {
    json.begin_object();
    json.member("code", error.code);
    json.member("message", error.message);
    json.name("errorDetails");
    write_name_values(json, error.details);
    json.end_object();
  }
  json.end_array();
}

// Node states are lower-case words, but their counters are camelCase members.
constexpr std::string_view kCounterNames[kNodeStatesTotal] = {
    "creating", "starting", "waitingForStartTask", "startTaskFailed", "idle",
    "running",  "offline",  "rebooting",           "reimaging",       "leavingPool",
    "unknown",  "unusable", "preempted",           "deallocating",    "deallocated"};

void write_counts(JsonWriter& json, const NodeCounts& counts) {
  json.begin_object();
  for (int i = 0; i < kNodeStatesTotal; ++i) json.member(kCounterNames[i], counts.by_state[i]);
  json.member("total", counts.total);
  json.end_object();
}

// What the client has said of the pool, and its defaults.
void write_specification(JsonWriter& json, const PoolSpec& spec, const Viewer& viewer,
                         const Select& select) {
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  member("displayName", spec.display_name);
  member("vmSize", spec.vm_size);
  member("resizeTimeout", spec.resize_timeout);
  member("targetDedicatedNodes", spec.target_dedicated_nodes);
  member("targetLowPriorityNodes", spec.target_spot_nodes);
  member("enableAutoScale", false);
  member("enableInterNodeCommunication", spec.enable_inter_node_communication);
  if (spec.start_task && select.wants("startTask")) {
    json.name("startTask");
    write_start_task(json, *spec.start_task);
  }
  const bool old_name = viewer.version.slots_are_called_tasks();
  if (select.wants("taskSlotsPerNode") || select.wants("maxTasksPerNode")) {
    json.member(old_name ? "maxTasksPerNode" : "taskSlotsPerNode", spec.task_slots_per_node);
  }
  if (select.wants("taskSchedulingPolicy")) {
    json.name("taskSchedulingPolicy");
    json.begin_object();
    json.member("nodeFillType", word(spec.fill_type));
    if (spec.job_default_order != JobDefaultOrder::none)  // unknown to versions before it
      json.member("jobDefaultOrder", word(spec.job_default_order));
    json.end_object();
  }
  write_name_values(json, "metadata", spec.metadata, select);
  const std::string& mode = spec.target_node_communication_mode;
  if (!mode.empty()) member("targetNodeCommunicationMode", mode);
  write_kept(json, spec.kept_json, select);
}

}  // namespace

void write_pool_specification(JsonWriter& json, const PoolSpec& spec, const Viewer& viewer) {
  json.begin_object();
  write_specification(json, spec, viewer, {});
  json.end_object();
}

void write_pool(std::string& out, const PoolView& pool, ShardId shard, const Viewer& viewer,
                const Select& select) {
  const PoolRecord& record = pool.record;
  const PoolSpec& spec = record.spec;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", spec.id);
  if (select.wants("url")) json.member("url", pool_url(viewer.base_url, spec.id));
  if (select.wants("eTag")) json.member("eTag", etag_text(shard, record.version.event));
  member("lastModified", record.version.last_modified);
  member("creationTime", record.creation_time);
  member("state", word(record.state));
  member("stateTransitionTime", record.state_time);
  member("allocationState", word(record.allocation_state));
  member("allocationStateTransitionTime", record.allocation_state_time);
  if (!record.resize_errors.empty() && select.wants("resizeErrors")) {
    json.name("resizeErrors");
    write_resize_errors(json, record.resize_errors);
  }
  member("currentDedicatedNodes", pool.current_dedicated_nodes);
  member("currentLowPriorityNodes", pool.current_spot_nodes);
  write_specification(json, spec, viewer, select);
  // Workers always open the connection themselves, which is what the API calls simplified.
  member("currentNodeCommunicationMode", "simplified");
  if (select.wants_stats()) {
    json.name("stats");
    write_pool_stats(json, pool_url(viewer.base_url, spec.id), pool, viewer.now);
  }
  json.end_object();
}

void write_node(std::string& out, const NodeView& node, const Viewer& viewer,
                const Select& select) {
  const NodeRecord& record = node.record;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", record.id);
  if (select.wants("url")) json.member("url", node_url(viewer.base_url, node.pool_id, record.id));
  member("state", word(record.state));
  member("schedulingState", word(record.scheduling_state));
  member("stateTransitionTime", record.state_time);
  member("lastBootTime", record.last_boot_time);
  member("allocationTime", record.allocation_time);
  if (!record.ip_address.empty()) member("ipAddress", record.ip_address);
  if (select.wants("affinityId")) json.member("affinityId", "TVM:" + record.id);
  member("vmSize", node.vm_size);
  member("totalTasksRun", record.total_tasks_run);
  member("runningTasksCount", node.running_tasks);
  member("runningTaskSlotsCount", node.running_task_slots);
  member("totalTasksSucceeded", record.total_tasks_succeeded);
  if (node.start_task && select.wants("startTask")) {
    json.name("startTask");
    write_start_task(json, *node.start_task);
  }
  if (record.start_task_info && select.wants("startTaskInfo")) {
    json.name("startTaskInfo");
    write_start_task_info(json, *record.start_task_info);
  }
  if (!record.errors.empty() && select.wants("errors")) {
    json.name("errors");
    write_node_errors(json, record.errors);
  }
  member("isDedicated", record.dedicated);
  if (!node.recent_tasks.empty() && select.wants("recentTasks")) {
    json.name("recentTasks");
    json.begin_array();
    for (const RecentTask& recent : node.recent_tasks) write_recent_task(json, recent, viewer);
    json.end_array();
  }
  if (!record.ip_address.empty() && select.wants("endpointConfiguration")) {
    json.name("endpointConfiguration");
    write_endpoints(json, record);
  }
  if (!record.agent_version.empty() && select.wants("nodeAgentInfo")) {
    json.name("nodeAgentInfo");
    json.begin_object();
    json.member("version", record.agent_version);
    json.member("lastUpdateTime", record.agent_time);
    json.end_object();
  }
  json.end_object();
}

void write_remote_login(std::string& out, const NodeView& node) {
  JsonWriter json(out);
  json.begin_object();
  json.member("remoteLoginIPAddress", node.record.ip_address);
  json.member("remoteLoginPort", kSshPort);
  json.end_object();
}

void write_node_counts(std::string& out, const PoolNodeCounts& counts) {
  JsonWriter json(out);
  json.begin_object();
  json.member("poolId", counts.pool_id);
  json.name("dedicated");
  write_counts(json, counts.dedicated);
  json.name("lowPriority");
  write_counts(json, counts.spot);
  json.end_object();
}

}  // namespace windlass::api
