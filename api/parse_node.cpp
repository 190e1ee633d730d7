#include "api/parse_node.h"

#include "api/json_in.h"
#include "api/parse_common.h"
#include "model/time_text.h"

#include <algorithm>
#include <chrono>

namespace windlass::api {

Result<RestartNode> parse_restart_node(std::string_view text, NodeRestart restart) {
  static constexpr std::string_view kOptions[] = {"nodeRebootOption", "nodeReimageOption",
                                                  "nodeDeallocateOption", ""};
  RestartNode command;
  command.restart = restart;
  if (is_blank(text)) return command;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != kOptions[static_cast<std::size_t>(restart)]) return name == "odata.metadata";
    if (value.given()) value.read_word(command.option);
    return true;
  });
  if (body.failed()) return body.error();
  return command;
}

namespace {

constexpr std::size_t kUserTextBytesMax = 16 * 1024;

// One line: both are written to files of lines.
void read_line(const Value& value, std::string& out) {
  std::string text;
  if (!value.given() || !value.read(text)) return;
  const bool controls =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (controls) return value.refuse("It must be one line, without control characters.");
  if (text.size() > kUserTextBytesMax)
    return value.refuse("It must have " + std::to_string(kUserTextBytesMax) + " bytes at most.");
  out = std::move(text);
}

// What adding and changing a user have in common; false: not a member of these.
bool read_user_member(NodeUser& user, std::string_view name, const Value& value) {
  if (name == "expiryTime") {
    if (value.given()) value.read(user.expires);
  } else if (name == "password") {
    read_line(value, user.password);
  } else if (name == "sshPublicKey") {
    read_line(value, user.ssh_public_key);
  } else {
    return name == "odata.metadata";
  }
  return true;
}

NodeUser new_user(WallTime now) {
  NodeUser user;
  user.expires = now + std::chrono::hours(24);
  return user;
}

}  // namespace

Result<NodeUser> parse_add_node_user(std::string_view text, WallTime now) {
  ParsedBody body(text);
  NodeUser user = new_user(now);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "name") {
      if (value.read(user.name) && !is_user_name(user.name))
        value.refuse("A host's user has 1 to 32 lower-case letters, digits, '-' and '_'.");
    } else if (name == "isAdmin") {
      if (value.given()) value.read(user.is_admin);
    } else {
      return read_user_member(user, name, value);
    }
    return true;
  });
  if (!body.failed()) body.value().require(!user.name.empty(), "name");
  if (body.failed()) return body.error();
  return user;
}

Result<NodeUser> parse_update_node_user(std::string_view text, WallTime now) {
  ParsedBody body(text);
  NodeUser user = new_user(now);
  body.value().each_member([&](std::string_view name, const Value& value) {
    return read_user_member(user, name, value);
  });
  if (body.failed()) return body.error();
  return user;
}

Result<UploadLogs> parse_upload_logs(std::string_view text) {
  UploadLogs wanted;
  std::optional<WallTime> from;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "containerUrl") {
      read_http_url(value, wanted.container_url);
    } else if (name == "startTime") {
      value.read(from);
    } else if (name == "endTime") {
      if (value.given()) value.read(wanted.until);
    } else if (name == "identityReference") {
      if (value.given()) value.refuse_not_built();
    } else {
      return name == "odata.metadata";
    }
    return true;
  });
  if (!body.failed()) {
    body.value().require(!wanted.container_url.empty(), "containerUrl");
    body.value().require(from.has_value(), "startTime");
  }
  if (body.failed()) return body.error();
  if (wanted.until && *wanted.until < *from)
    return property_error(ErrorCode::invalid_property_value, "endTime",
                          timestamp_text(*wanted.until), "It must not be before startTime.");
  wanted.from = *from;
  return wanted;
}

Result<DisableNodeScheduling> parse_disable_node_scheduling(std::string_view text) {
  DisableNodeScheduling command;
  if (is_blank(text)) return command;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != "nodeDisableSchedulingOption") return name == "odata.metadata";
    value.read_word(command.option);
    return true;
  });
  if (body.failed()) return body.error();
  return command;
}

}  // namespace windlass::api
