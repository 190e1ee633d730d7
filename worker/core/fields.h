// The members of the model's values in the order in which this worker archives them (archive.h).
// Changing an order or a type changes the format: raise the version in the file that holds it.
#pragma once

#include "model/worker_message.h"

namespace windlass {

template <class Archive>
void fields(Archive& archive, NameValue& v) {
  archive(v.name, v.value);
}
template <class Archive>
void fields(Archive& archive, TaskKey& v) {
  archive(v.job, v.task);
}
template <class Archive>
void fields(Archive& archive, AttemptId& v) {
  archive(v.shard, v.task, v.attempt);
}
template <class Archive>
void fields(Archive& archive, UserIdentity& v) {
  archive(v.username, v.scope, v.elevation);
}
template <class Archive>
void fields(Archive& archive, ResourceFile& v) {
  archive(v.http_url, v.storage_container_url, v.auto_storage_container_name, v.blob_prefix,
          v.file_path, v.file_mode);
}
template <class Archive>
void fields(Archive& archive, FailureInfo& v) {
  archive(v.category, v.code, v.message, v.details);
}
template <class Archive>
void fields(Archive& archive, StartTask& v) {
  archive(v.command_line, v.resource_files, v.environment_settings, v.user_identity, v.retries_max,
          v.wait_for_success);
}
template <class Archive>
void fields(Archive& archive, StartTaskInfo& v) {
  archive(v.state, v.start_time, v.end_time, v.exit_code, v.failure, v.retry_count,
          v.last_retry_time, v.result);
}
template <class Archive>
void fields(Archive& archive, NodeError& v) {
  archive(v.code, v.message, v.details);
}
template <class Archive>
void fields(Archive& archive, NodePlan& v) {
  archive(v.account, v.pool_id, v.task_slots_per_node, v.dedicated, v.start_task);
}
template <class Archive>
void fields(Archive& archive, GrantedNode& v) {
  archive(v.node_id, v.boot, v.ip_address);
}
template <class Archive>
void fields(Archive& archive, AttemptEnded& v) {
  archive(v.id, v.end, v.start_time, v.end_time, v.exit_code, v.failure, v.usage.user_cpu_time,
          v.usage.kernel_cpu_time);
}
template <class Archive>
void fields(Archive& archive, InstancePlace& v) {
  archive(v.number, v.addresses);
}
template <class Archive>
void fields(Archive& archive, Assignment& v) {
  archive(v.id, v.account, v.job_id, v.task_id, v.node_id, v.node_boot, v.required_slots,
          v.max_wall_clock_time, v.retention_time, v.common_environment_settings, v.document);
}

}  // namespace windlass
