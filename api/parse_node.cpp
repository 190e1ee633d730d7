#include "api/parse_node.h"

#include "api/json_in.h"
#include "api/parse_common.h"
#include "model/time_text.h"

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

Result<std::string> parse_node_user(std::string_view text) {
  ParsedBody body(text);
  std::string user;
  body.value().each_member([&](std::string_view name, const Value& value) {
    std::string ignored;
    if (name == "name") {
      value.read(user);
    } else if (name == "isAdmin") {
      bool is_admin = false;
      value.read(is_admin);
    } else if (name == "expiryTime") {
      if (value.read(ignored) && !parse_timestamp(ignored)) value.refuse_type("a date and time");
    } else if (name == "password" || name == "sshPublicKey") {
      value.read(ignored);
    } else {
      return name == "odata.metadata";
    }
    return true;
  });
  if (!body.failed()) body.value().require(!user.empty(), "name");
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
