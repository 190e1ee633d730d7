#include "query/filter_schema.h"

namespace windlass::query {

namespace {

constexpr ValueType kText = ValueType::text;
constexpr ValueType kTime = ValueType::time;
constexpr ValueType kInteger = ValueType::integer;
constexpr ValueType kBoolean = ValueType::boolean;
constexpr Operators kAll = kComparisons;
constexpr Operators kSame = kEqual | kNotEqual;

constexpr FilterProperty kPools[] = {
    {"id", Property::id, kText, kPrefix | kAll},
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
    {"allocationState", Property::allocation_state, kText, kEqual},
    {"allocationStateTransitionTime", Property::allocation_state_transition_time, kTime, kAll},
    {"creationTime", Property::creation_time, kTime, kAll},
    {"lastModified", Property::last_modified, kTime, kAll},
    {"enableAutoScale", Property::enable_auto_scale, kBoolean, kSame},
    {"enableInterNodeCommunication", Property::enable_inter_node_communication, kBoolean, kSame},
    {"vmSize", Property::vm_size, kText, kSame},
};

constexpr FilterProperty kJobs[] = {
    {"id", Property::id, kText, kPrefix | kAll},
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
    {"creationTime", Property::creation_time, kTime, kAll},
    {"lastModified", Property::last_modified, kTime, kAll},
    {"executionInfo/startTime", Property::start_time, kTime, kAll},
    {"executionInfo/endTime", Property::end_time, kTime, kAll},
    {"executionInfo/poolId", Property::pool_id, kText, kPrefix | kAll},
};

constexpr FilterProperty kJobSchedules[] = {
    {"id", Property::id, kText, kPrefix | kAll},
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
    {"creationTime", Property::creation_time, kTime, kAll},
    {"lastModified", Property::last_modified, kTime, kAll},
    {"executionInfo/endTime", Property::end_time, kTime, kAll},
    {"schedule/doNotRunUntil", Property::do_not_run_until, kTime, kAll},
    {"schedule/doNotRunAfter", Property::do_not_run_after, kTime, kAll},
};

constexpr FilterProperty kTasks[] = {
    {"id", Property::id, kText, kPrefix | kAll},
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
    {"creationTime", Property::creation_time, kTime, kAll},
    {"lastModified", Property::last_modified, kTime, kAll},
    {"lastModifiedTime", Property::last_modified, kTime, kAll},  // documented once
    {"executionInfo/startTime", Property::start_time, kTime, kAll},
    {"executionInfo/endTime", Property::end_time, kTime, kAll},
    {"executionInfo/exitCode", Property::exit_code, kInteger, kAll},
    {"executionInfo/result", Property::result, kText, kSame},
    // More than the API has: which tasks ran where.
    {"nodeInfo/nodeId", Property::node_id, kText, kPrefix | kAll},
    {"nodeInfo/poolId", Property::pool_id, kText, kPrefix | kAll},
};

constexpr FilterProperty kNodes[] = {
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
    {"lastBootTime", Property::last_boot_time, kTime, kAll},
    {"allocationTime", Property::allocation_time, kTime, kAll},
    {"startTaskInfo/state", Property::start_task_state, kText, kEqual},
    {"startTaskInfo/result", Property::result, kText, kEqual},
    {"startTaskInfo/exitCode", Property::exit_code, kInteger, kAll},
    {"startTaskInfo/startTime", Property::start_time, kTime, kAll},
    {"startTaskInfo/endTime", Property::end_time, kTime, kAll},
};

constexpr FilterProperty kJobNodes[] = {
    {"poolId", Property::pool_id, kText, kSame},
    {"nodeId", Property::node_id, kText, kSame},
    {"jobPreparationTaskExecutionInfo/state", Property::state, kText, kSame},
    {"jobPreparationTaskExecutionInfo/startTime", Property::start_time, kTime, kAll},
    {"jobPreparationTaskExecutionInfo/endTime", Property::end_time, kTime, kAll},
    {"jobPreparationTaskExecutionInfo/exitCode", Property::exit_code, kInteger, kAll},
    {"jobPreparationTaskExecutionInfo/result", Property::result, kText, kSame},
    {"jobReleaseTaskExecutionInfo/state", Property::release_state, kText, kSame},
    {"jobReleaseTaskExecutionInfo/startTime", Property::release_start_time, kTime, kAll},
    {"jobReleaseTaskExecutionInfo/endTime", Property::release_end_time, kTime, kAll},
    {"jobReleaseTaskExecutionInfo/exitCode", Property::release_exit_code, kInteger, kAll},
    {"jobReleaseTaskExecutionInfo/result", Property::release_result, kText, kSame},
};

constexpr FilterProperty kFiles[] = {{"name", Property::name, kText, kPrefix}};

constexpr FilterProperty kImages[] = {
    {"osType", Property::os_type, kText, kSame},
    {"verificationType", Property::verification_type, kText, kSame},
    {"nodeAgentSKUId", Property::node_agent_sku_id, kText, kSame},
};

constexpr FilterProperty kNodeCounts[] = {{"poolId", Property::pool_id, kText, kEqual}};

constexpr FilterProperty kUsageMetrics[] = {
    {"poolId", Property::pool_id, kText, kPrefix | kEqual | kOrdered}};

constexpr FilterProperty kCertificates[] = {
    {"state", Property::state, kText, kSame},
    {"stateTransitionTime", Property::state_transition_time, kTime, kAll},
};

constexpr FilterSchema kPoolSchema{"pools", kPools};
constexpr FilterSchema kJobSchema{"jobs", kJobs};
constexpr FilterSchema kScheduleJobSchema{"jobs of a schedule", std::span(kJobs).subspan(1)};
constexpr FilterSchema kJobScheduleSchema{"job schedules", kJobSchedules};
constexpr FilterSchema kTaskSchema{"tasks", kTasks};
constexpr FilterSchema kNodeSchema{"nodes", kNodes};
constexpr FilterSchema kJobNodeSchema{"preparation and release tasks", kJobNodes};
constexpr FilterSchema kFileSchema{"files", kFiles};
constexpr FilterSchema kImageSchema{"supported images", kImages};
constexpr FilterSchema kNodeCountsSchema{"node counts", kNodeCounts};
constexpr FilterSchema kUsageMetricsSchema{"pool usage metrics", kUsageMetrics};
constexpr FilterSchema kCertificateSchema{"certificates", kCertificates};
constexpr FilterSchema kNoSchema{"this list", {}};

}  // namespace

const FilterSchema& pool_filter_schema() {
  return kPoolSchema;
}
const FilterSchema& job_filter_schema() {
  return kJobSchema;
}
const FilterSchema& schedule_job_filter_schema() {
  return kScheduleJobSchema;
}
const FilterSchema& job_schedule_filter_schema() {
  return kJobScheduleSchema;
}
const FilterSchema& task_filter_schema() {
  return kTaskSchema;
}
const FilterSchema& job_node_filter_schema() {
  return kJobNodeSchema;
}
const FilterSchema& node_filter_schema() {
  return kNodeSchema;
}
const FilterSchema& file_filter_schema() {
  return kFileSchema;
}
const FilterSchema& image_filter_schema() {
  return kImageSchema;
}
const FilterSchema& node_counts_filter_schema() {
  return kNodeCountsSchema;
}
const FilterSchema& usage_metrics_filter_schema() {
  return kUsageMetricsSchema;
}
const FilterSchema& certificate_filter_schema() {
  return kCertificateSchema;
}
const FilterSchema& no_filter_schema() {
  return kNoSchema;
}

}  // namespace windlass::query
