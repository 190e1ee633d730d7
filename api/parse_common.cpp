#include "api/parse_common.h"

namespace windlass::api {

namespace {

constexpr std::size_t kDisplayNameBytesMax = 1024;

bool is_octal_mode(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  std::uint32_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return false;
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return mode <= 07777;
}

bool is_http_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.size() > scheme.size() && same_word(url.substr(0, scheme.size()), scheme)) return true;
  }
  return false;
}

void read_resource_file(const Value& value, ResourceFile& file) {
  static constexpr UnbuiltMember kUnbuilt[] = {{"autoStorageContainerName", Allowed::nothing},
                                               {"identityReference", Allowed::nothing}};
  bool has_path = false;
  bool has_prefix = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "httpUrl") {
      read_http_url(member, file.http_url);
    } else if (name == "storageContainerUrl") {
      read_http_url(member, file.storage_container_url);
    } else if (name == "blobPrefix") {
      has_prefix = member.read(file.blob_prefix);
    } else if (name == "filePath") {
      has_path = member.read(file.file_path);
      if (has_path && !stays_below(file.file_path)) {
        member.refuse("The path leaves the working directory of the task.");
      }
    } else if (name == "fileMode") {
      if (member.read(file.file_mode) && !is_octal_mode(file.file_mode)) {
        member.refuse("The value must be an octal file mode such as 0770.");
      }
    } else {
      return judge_unbuilt(kUnbuilt, name, member);
    }
    return true;
  });
  if (!value.given()) return;
  const bool from_url = !file.http_url.empty();
  if (from_url == !file.storage_container_url.empty()) {
    value.refuse(
        "Exactly one of httpUrl, storageContainerUrl and autoStorageContainerName must be given.");
  }
  if (from_url) value.require(has_path && !file.file_path.empty(), "filePath");
  if (from_url && has_prefix) {
    value.refuse("blobPrefix is valid with the content of a container only.");
  }
}

}  // namespace

void read_id(const Value& value, std::string& out) {
  if (value.read(out) && !valid_user_id(out)) {
    value.refuse("An id has 1 to 64 characters: letters, digits, '-' and '_'.");
  }
}

void read_display_name(const Value& value, std::optional<std::string>& out) {
  if (value.read(out) && out->size() > kDisplayNameBytesMax) {
    value.refuse("A display name has at most 1024 characters.");
  }
}

void read_metadata(const Value& value, std::vector<MetadataItem>& out) {
  out.clear();
  value.each_item([&](const Value& item) {
    MetadataItem metadata;
    bool has_name = false;
    bool has_value = false;
    item.each_member([&](std::string_view name, const Value& member) {
      if (name == "name") {
        has_name = member.read(metadata.name);
        if (has_name && metadata.name.empty()) {
          member.refuse(ErrorCode::empty_metadata_key, "The name must not be empty.");
        }
      } else if (name == "value") {
        has_value = member.read(metadata.value);
      } else {
        return false;
      }
      return true;
    });
    item.require(has_name, "name");
    item.require(has_value, "value");
    out.push_back(std::move(metadata));
  });
}

void read_environment(const Value& value, std::vector<EnvironmentSetting>& out) {
  out.clear();
  value.each_item([&](const Value& item) {
    EnvironmentSetting setting;
    bool has_name = false;
    item.each_member([&](std::string_view name, const Value& member) {
      if (name == "name") {
        has_name = member.read(setting.name);
        if (has_name && (setting.name.empty() || setting.name.find('=') != std::string::npos)) {
          member.refuse("A variable's name is not empty and holds no '='.");
        }
      } else if (name == "value") {
        member.read(setting.value);
      } else {
        return false;
      }
      return true;
    });
    item.require(has_name, "name");
    out.push_back(std::move(setting));
  });
}

void read_resource_files(const Value& value, std::vector<ResourceFile>& out) {
  out.clear();
  value.each_item([&](const Value& item) { read_resource_file(item, out.emplace_back()); });
}

void read_user_identity(const Value& value, std::optional<UserIdentity>& out) {
  UserIdentity identity;
  bool has_name = false;
  bool has_auto_user = false;
  const bool read = value.each_member([&](std::string_view name, const Value& member) {
    if (name == "username") {
      has_name = member.given();
    } else if (name == "autoUser") {
      has_auto_user = member.each_member([&](std::string_view part, const Value& word) {
        if (part == "scope") {
          word.read_word(identity.scope);
        } else if (part == "elevationLevel") {
          word.read_word(identity.elevation);
          if (identity.elevation == ElevationLevel::admin) word.refuse_not_built();
        } else {
          return false;
        }
        return true;
      });
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  if (has_name && has_auto_user) {
    value.refuse("username and autoUser cannot be given together.");
  } else if (has_name) {
    value.problem().set(not_implemented(value.place() + ".username"));
  }
  out = std::move(identity);
}

void read_retry_count(const Value& value, std::int32_t& out) {
  if (value.read(out) && out < -1) {
    value.refuse(ErrorCode::invalid_constraint_value,
                 "The value must be -1 (without limit), 0 or more.");
  }
}

void read_wall_clock_limit(const Value& value, Duration& out) {
  if (value.read(out) && out <= Duration::zero()) {
    value.refuse(ErrorCode::invalid_constraint_value, "The value must be longer than nothing.");
  }
}

void read_start_task(const Value& value, std::optional<StartTask>& out) {
  static constexpr UnbuiltMember kUnbuilt[] = {{"containerSettings", Allowed::nothing}};
  StartTask task;
  bool has_command = false;
  const bool read = value.each_member([&](std::string_view name, const Value& member) {
    if (name == "commandLine") {
      has_command = member.read(task.command_line);
    } else if (name == "resourceFiles") {
      read_resource_files(member, task.resource_files);
    } else if (name == "environmentSettings") {
      read_environment(member, task.environment_settings);
    } else if (name == "userIdentity") {
      read_user_identity(member, task.user_identity);
    } else if (name == "maxTaskRetryCount") {
      read_retry_count(member, task.retries_max);
    } else if (name == "waitForSuccess") {
      member.read(task.wait_for_success);
    } else {
      return judge_unbuilt(kUnbuilt, name, member);
    }
    return true;
  });
  value.require(!read || (has_command && !task.command_line.empty()), "commandLine");
  if (read) out = std::move(task);
}

bool read_http_url(const Value& value, std::string& out) {
  if (!value.read(out)) return false;
  if (is_http_url(out)) return true;
  value.refuse("The value must be an http or https URL.");
  return false;
}

void read_communication_mode(const Value& value, std::string& out) {
  std::string text;
  if (!value.read(text)) return;
  for (const std::string_view mode : {"default", "classic", "simplified"}) {
    if (!same_word(text, mode)) continue;
    out = mode;
    return;
  }
  value.refuse("The value must be default, classic or simplified.");
}

bool stays_below(std::string_view path) {
  const auto is_slash = [](char c) { return c == '/' || c == '\\'; };
  if (!path.empty() && is_slash(path.front())) return false;
  if (path.size() >= 2 && path[1] == ':') return false;  // a drive letter
  int depth = 0;
  while (!path.empty()) {
    std::size_t length = 0;
    while (length < path.size() && !is_slash(path[length])) ++length;
    const std::string_view part = path.substr(0, length);
    if (part == "..") {
      if (--depth < 0) return false;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
    path.remove_prefix(length < path.size() ? length + 1 : length);
  }
  return true;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace windlass::api
