#include "api/parse_task_parts.h"

namespace windlass::api {

namespace {

void read_container(const Value& value, OutputFile& file) {
  static constexpr UnbuiltMember kUnbuiltHere[] = {{"identityReference", Allowed::nothing}};
  bool has_url = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "path") {
      member.read(file.path);
    } else if (name == "containerUrl") {
      has_url = read_http_url(member, file.container_url);
    } else if (name == "uploadHeaders") {
      read_environment(member, file.upload_headers);  // the same shape: name, and perhaps value
    } else {
      return judge_unbuilt(kUnbuiltHere, name, member);
    }
    return true;
  });
  value.require(!value.given() || has_url, "containerUrl");
}

void read_output_file(const Value& value, OutputFile& file) {
  bool has_pattern = false;
  bool has_destination = false;
  bool has_container = false;
  bool has_options = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "filePattern") {
      has_pattern = member.read(file.file_pattern) && !file.file_pattern.empty();
    } else if (name == "destination") {
      has_destination = member.given();
      member.each_member([&](std::string_view part, const Value& container) {
        if (part != "container") return false;
        has_container = container.given();
        read_container(container, file);
        return true;
      });
    } else if (name == "uploadOptions") {
      has_options = member.each_member([&](std::string_view part, const Value& condition) {
        if (part != "uploadCondition") return false;
        condition.read_word(file.condition);
        return true;
      });
    } else {
      return false;
    }
    return true;
  });
  value.require(has_pattern, "filePattern");
  value.require(has_destination, "destination");
  value.require(has_container, "destination.container");
  value.require(has_options, "uploadOptions");
}

}  // namespace

void read_constraints(const Value& value, ConstraintsGiven& out) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "maxTaskRetryCount") {
      if (member.given()) read_retry_count(member, out.retries_max.emplace());
    } else if (name == "maxWallClockTime") {
      if (member.given()) read_wall_clock_limit(member, out.max_wall_clock_time.emplace());
    } else if (name == "retentionTime") {
      if (member.read(out.retention_time) && *out.retention_time < Duration::zero()) {
        member.refuse(ErrorCode::invalid_constraint_value, "The value must not be negative.");
      }
    } else {
      return false;
    }
    return true;
  });
}

void read_required_slots(const Value& value, SlotCount& out) {
  if (value.read(out) && out < 1) value.refuse("A task requires 1 slot or more.");
}

void read_output_files(const Value& value, std::vector<OutputFile>& out) {
  out.clear();
  value.each_item([&](const Value& item) { read_output_file(item, out.emplace_back()); });
}

void read_token_settings(const Value& value, TaskDocument& document) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name != "access") return false;
    member.each_item([&](const Value& item) {
      std::string to;
      if (!item.read(to)) return;
      if (!same_word(to, "job")) return item.refuse("The only thing to have access to is 'job'.");
      document.job_access = true;
    });
    return true;
  });
}

}  // namespace windlass::api
