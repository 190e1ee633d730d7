#include "api/write_common.h"

#include "model/kept_members.h"
#include "model/words.h"

namespace windlass::api {

void write_name_values(JsonWriter& json, const std::vector<NameValue>& items) {
  json.begin_array();
  for (const NameValue& item : items) {
    json.begin_object();
    json.member("name", item.name);
    json.member("value", item.value);
    json.end_object();
  }
  json.end_array();
}

void write_name_values(JsonWriter& json, std::string_view name, const std::vector<NameValue>& items,
                       const Select& select) {
  if (items.empty() || !select.wants(name)) return;
  json.name(name);
  write_name_values(json, items);
}

void write_user_identity(JsonWriter& json, const UserIdentity& identity) {
  json.begin_object();
  if (!identity.username.empty()) {
    json.member("username", identity.username);
  } else {
    json.name("autoUser");
    json.begin_object();
    json.member("scope", word(identity.scope));
    json.member("elevationLevel", word(identity.elevation));
    json.end_object();
  }
  json.end_object();
}

void write_resource_files(JsonWriter& json, const std::vector<ResourceFile>& files) {
  json.begin_array();
  for (const ResourceFile& file : files) {
    json.begin_object();
    write_present(json, "autoStorageContainerName", file.auto_storage_container_name);
    write_present(json, "storageContainerUrl", file.storage_container_url);
    write_present(json, "httpUrl", file.http_url);
    write_present(json, "blobPrefix", file.blob_prefix);
    write_present(json, "filePath", file.file_path);
    write_present(json, "fileMode", file.file_mode);
    json.end_object();
  }
  json.end_array();
}

void write_failure(JsonWriter& json, const FailureInfo& failure) {
  json.begin_object();
  json.member("category", word(failure.category));
  write_present(json, "code", failure.code);
  write_present(json, "message", failure.message);
  json.name("details");  // always a list: clients walk over it without asking
  write_name_values(json, failure.details);
  json.end_object();
}

void write_start_task(JsonWriter& json, const StartTask& start_task) {
  json.begin_object();
  json.member("commandLine", start_task.command_line);
  if (!start_task.resource_files.empty()) {
    json.name("resourceFiles");
    write_resource_files(json, start_task.resource_files);
  }
  write_name_values(json, "environmentSettings", start_task.environment_settings, {});
  json.name("userIdentity");
  write_user_identity(json, start_task.user_identity.value_or(UserIdentity{}));
  json.member("maxTaskRetryCount", start_task.retries_max);
  json.member("waitForSuccess", start_task.wait_for_success);
  json.end_object();
}

void write_kept(JsonWriter& json, std::string_view kept_json, const Select& select) {
  KeptMembers members(kept_json);
  while (const auto member = members.next()) {
    if (select.wants(member->first)) json.raw_member(member->first, member->second);
  }
}

}  // namespace windlass::api
