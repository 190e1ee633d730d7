// The environment of start tasks and tasks. The user's settings come in the given order, later ones
// winning; AZ_BATCH_* of the system win over all (names and values:
// https://learn.microsoft.com/azure/batch/batch-compute-node-environment-variables).
#pragma once

#include "model/worker_message.h"

#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

struct NodeEnvironment {
  std::string account;
  std::string account_url;
  std::string pool_id;
  std::string node_id;
  bool dedicated = true;
  std::string root_folder;  // absolute
  std::uint64_t reserved_disk_bytes = 0;
};

struct TaskEnvironment {
  std::string job_id;
  std::string task_id;
  std::string folder;  // relative to the node's root
  std::uint32_t attempt = 0;
  std::string preparation_id;  // of its job, if it may use what that made; else empty
  std::optional<InstancePlace> instance;
  std::string authentication_token;  // empty: it has none
};

// Of a multi-instance task: on each of its nodes the same, seen from the node's root.
std::string shared_folder_of(const std::string& task_folder);

std::vector<EnvironmentSetting> start_task_environment(
    const NodeEnvironment& node, const std::vector<EnvironmentSetting>& settings);

std::vector<EnvironmentSetting> task_environment(
    const NodeEnvironment& node, const TaskEnvironment& task,
    const std::vector<EnvironmentSetting>& job_settings,
    const std::vector<EnvironmentSetting>& task_settings);

}  // namespace windlass::worker
