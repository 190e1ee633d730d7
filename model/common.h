// Small shapes that pools, jobs and tasks share, named as in the REST API.
#pragma once

#include "model/ids.h"
#include "model/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass {

struct NameValue {
  std::string name;
  std::string value;
  bool operator==(const NameValue&) const = default;
};
using MetadataItem = NameValue;
using EnvironmentSetting = NameValue;

enum class AutoUserScope : std::uint8_t { task, pool };
enum class ElevationLevel : std::uint8_t { nonadmin, admin };

// Defaults as the reference rules: an automatic user of pool scope without rights.
struct UserIdentity {
  std::string username;  // empty: the automatic user below
  AutoUserScope scope = AutoUserScope::pool;
  ElevationLevel elevation = ElevationLevel::nonadmin;
  bool operator==(const UserIdentity&) const = default;
};

// Exactly one of the three sources is set (checked by api/).
struct ResourceFile {
  std::string http_url;
  std::string storage_container_url;
  std::string auto_storage_container_name;
  std::string blob_prefix;
  std::string file_path;  // file name for http_url, else a folder; relative to wd, never leaves it
  std::string file_mode;  // octal text, empty: 0770
  bool operator==(const ResourceFile&) const = default;
};

enum class UploadCondition : std::uint8_t { taskcompletion, tasksuccess, taskfailure };

struct OutputFile {
  std::string file_pattern;
  std::string path;
  std::string container_url;
  std::vector<NameValue> upload_headers;
  UploadCondition condition = UploadCondition::taskcompletion;
  bool operator==(const OutputFile&) const = default;
};

enum class ErrorCategory : std::uint8_t { usererror, servererror };

// Why a task (or start task) failed. `code` is the API's text, such as FailureExitCode; not an
// ErrorCode, because it is data inside an entity and never an answer to a request.
struct FailureInfo {
  ErrorCategory category = ErrorCategory::usererror;
  std::string code;
  std::string message;
  std::vector<NameValue> details;
  bool operator==(const FailureInfo&) const = default;
};

enum class ExecutionResult : std::uint8_t { success, failure };

// If-Match and its kin, parsed by the gateway, judged by the shard. ETags without quotes.
struct Conditions {
  std::vector<std::string> if_match;  // empty: not given; "*" matches any
  std::vector<std::string> if_none_match;
  std::optional<WallTime> if_modified_since;
  std::optional<WallTime> if_unmodified_since;
  bool empty() const {
    return if_match.empty() && if_none_match.empty() && !if_modified_since && !if_unmodified_since;
  }
  bool operator==(const Conditions&) const = default;
};

// What every entity keeps of its last change. `event` makes the ETag (etag_text).
struct Version {
  EventNumber event = 0;
  WallTime last_modified;
  bool operator==(const Version&) const = default;
};

}  // namespace windlass
