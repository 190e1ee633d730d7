#include "worker/core/environment.h"

#include "model/assert.h"
#include "model/task_folder.h"

#include <map>

namespace windlass::worker {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Settings = std::map<std::string, std::string>;

void add(Settings& settings, const std::vector<EnvironmentSetting>& added) {
  for (const EnvironmentSetting& setting : added) {
    // What no process could be given: the system would cut it or refuse it.
    if (setting.name.empty() || setting.name.find('=') != std::string::npos) continue;
    if (setting.name.find('\0') != std::string::npos) continue;
    if (setting.value.find('\0') != std::string::npos) continue;
    settings[setting.name] = setting.value;
  }
}

void add_node(Settings& settings, const NodeEnvironment& node) {
  WINDLASS_ASSERT(!node.root_folder.empty());
  const std::string& root = node.root_folder;
  settings["AZ_BATCH_ACCOUNT_NAME"] = node.account;
  settings["AZ_BATCH_ACCOUNT_URL"] = node.account_url;
  settings["AZ_BATCH_POOL_ID"] = node.pool_id;
  settings["AZ_BATCH_NODE_ID"] = node.node_id;
  settings["AZ_BATCH_NODE_IS_DEDICATED"] = node.dedicated ? "true" : "false";
  settings["AZ_BATCH_NODE_ROOT_DIR"] = root;
  settings["AZ_BATCH_NODE_SHARED_DIR"] = root + "/shared";
  settings["AZ_BATCH_NODE_STARTUP_DIR"] = root + "/startup";
  settings["AZ_BATCH_NODE_MOUNTS_DIR"] = root + "/fsmounts";
  settings["AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES"] =
      std::to_string(node.reserved_disk_bytes);
}

void add_folder(Settings& settings, const NodeEnvironment& node, const std::string& folder) {
  const std::string path = node.root_folder + "/" + folder;
  settings["AZ_BATCH_TASK_DIR"] = path;
  settings["AZ_BATCH_TASK_WORKING_DIR"] = path + "/wd";
  settings["AZ_BATCH_CERTIFICATES_DIR"] = path + "/wd/certs";
  settings.emplace("HOME", path + "/wd");
  settings.emplace("PATH", kDefaultPath);
}

// Where the primary could listen: the value has a port by its format, as on Azure.
constexpr std::string_view kMasterPort = ":6000";

void add_instance(Settings& settings, const NodeEnvironment& node, const TaskEnvironment& task) {
  const InstancePlace& place = *task.instance;
  WINDLASS_ASSERT(!place.addresses.empty());
  std::string nodes;
  std::string hosts;
  std::string ccp = std::to_string(place.addresses.size());
  for (const std::string& address : place.addresses) {
    nodes += (nodes.empty() ? "" : ";") + address;
    hosts += (hosts.empty() ? "" : ",") + address;
    ccp += " " + address + " 1";  // the one slot that it has there
  }
  settings["AZ_BATCH_TASK_SHARED_DIR"] =
      node.root_folder + "/" + shared_folder_of(task_folder(task.job_id, task.task_id));
  settings["AZ_BATCH_IS_CURRENT_NODE_MASTER"] = place.number == 0 ? "true" : "false";
  settings["AZ_BATCH_MASTER_NODE"] = place.addresses.front() + std::string(kMasterPort);
  settings["AZ_BATCH_NODE_LIST"] = nodes;
  settings["AZ_BATCH_HOST_LIST"] = hosts;
  settings["CCP_NODES"] = ccp;
}

std::vector<EnvironmentSetting> as_list(const Settings& settings) {
  std::vector<EnvironmentSetting> out;
  out.reserve(settings.size());
  for (const auto& [name, value] : settings) out.push_back({name, value});
  return out;
}

}  // namespace

std::string shared_folder_of(const std::string& task_folder) {
  return task_folder + "/shared";
}

std::vector<EnvironmentSetting> start_task_environment(
    const NodeEnvironment& node, const std::vector<EnvironmentSetting>& user_settings) {
  Settings settings;
  add(settings, user_settings);
  add_node(settings, node);
  add_folder(settings, node, "startup");
  return as_list(settings);
}

std::vector<EnvironmentSetting> task_environment(
    const NodeEnvironment& node, const TaskEnvironment& task,
    const std::vector<EnvironmentSetting>& job_settings,
    const std::vector<EnvironmentSetting>& task_settings) {
  Settings settings;
  add(settings, job_settings);
  add(settings, task_settings);
  add_node(settings, node);
  add_folder(settings, node, task.folder);
  settings["AZ_BATCH_JOB_ID"] = task.job_id;
  settings["AZ_BATCH_TASK_ID"] = task.task_id;
  if (!task.preparation_id.empty()) {
    const std::string path = node.root_folder + "/" + task_folder(task.job_id, task.preparation_id);
    settings["AZ_BATCH_JOB_PREP_DIR"] = path;
    settings["AZ_BATCH_JOB_PREP_WORKING_DIR"] = path + "/wd";
  }
  if (!task.authentication_token.empty())
    settings["AZ_BATCH_AUTHENTICATION_TOKEN"] = task.authentication_token;
  if (task.instance) add_instance(settings, node, task);
  // Ours: a task can fence itself by it (docs/PROTOCOL.md).
  settings["WINDLASS_TASK_ATTEMPT"] = std::to_string(task.attempt);
  return as_list(settings);
}

}  // namespace windlass::worker
