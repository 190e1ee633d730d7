#include "api/parse_job_schedule.h"

#include "api/json_in.h"
#include "api/parse_common.h"

namespace windlass::api {

namespace {

constexpr Duration kIntervalMin = std::chrono::minutes(1);

constexpr UnbuiltMember kReadOnly[] = {{"odata.metadata", Allowed::anything},
                                       {"url", Allowed::anything},
                                       {"eTag", Allowed::anything},
                                       {"lastModified", Allowed::anything},
                                       {"creationTime", Allowed::anything},
                                       {"state", Allowed::anything},
                                       {"stateTransitionTime", Allowed::anything},
                                       {"previousState", Allowed::anything},
                                       {"previousStateTransitionTime", Allowed::anything},
                                       {"executionInfo", Allowed::anything},
                                       {"stats", Allowed::anything}};
// Fixed when the schedule is added: newer SDKs send it back with PUT.
constexpr UnbuiltMember kFixed[] = {{"displayName", Allowed::anything}};

void read_interval(const Value& value, std::optional<Duration>& out) {
  if (value.read(out) && *out < kIntervalMin) {
    value.refuse("The value must be one minute or longer.");
  }
}

void read_schedule(const Value& value, Schedule& out) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "doNotRunUntil") {
      member.read(out.do_not_run_until);
    } else if (name == "doNotRunAfter") {
      member.read(out.do_not_run_after);
    } else if (name == "startWindow") {
      read_interval(member, out.start_window);
    } else if (name == "recurrenceInterval") {
      read_interval(member, out.recurrence_interval);
    } else {
      return false;
    }
    return true;
  });
  if (out.do_not_run_after && out.do_not_run_until &&
      *out.do_not_run_after <= *out.do_not_run_until) {
    value.refuse("doNotRunAfter must be later than doNotRunUntil.");
  }
}

Result<ParsedScheduleChange> parse_change(std::string_view text, bool replaces) {
  ParsedBody body(text);
  ParsedScheduleChange change;
  ChangeJobSchedule& command = change.command;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "schedule") {
      if (value.given()) read_schedule(value, command.schedule.emplace());
    } else if (name == "jobSpecification") {
      if (value.given()) read_job_specification(value, change.job.emplace());
    } else if (name == "metadata") {
      if (value.given()) read_metadata(value, command.metadata.emplace());
    } else {
      return name == "id" || judge_unbuilt(kReadOnly, name, value) ||
             (replaces && judge_unbuilt(kFixed, name, value));
    }
    return true;
  });
  if (replaces) {
    body.value().require(command.schedule.has_value(), "schedule");
    body.value().require(change.job.has_value(), "jobSpecification");
    if (!command.metadata) command.metadata.emplace();
  }
  if (body.failed()) return body.error();
  return change;
}

}  // namespace

Result<ParsedJobSchedule> parse_add_job_schedule(std::string_view text) {
  ParsedBody body(text);
  ParsedJobSchedule parsed;
  JobScheduleSpec& spec = parsed.spec;
  bool has_schedule = false;
  bool has_job = false;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "id") {
      read_id(value, spec.id);
    } else if (name == "displayName") {
      read_display_name(value, spec.display_name);
    } else if (name == "schedule") {
      has_schedule = value.given();
      read_schedule(value, spec.schedule);
    } else if (name == "jobSpecification") {
      has_job = value.given();
      read_job_specification(value, parsed.job);
    } else if (name == "metadata") {
      read_metadata(value, spec.metadata);
    } else {
      return judge_unbuilt(kReadOnly, name, value);
    }
    return true;
  });
  body.value().require(!spec.id.empty(), "id");
  body.value().require(has_schedule, "schedule");
  body.value().require(has_job, "jobSpecification");
  if (body.failed()) return body.error();
  return parsed;
}

Result<ParsedScheduleChange> parse_patch_job_schedule(std::string_view text) {
  return parse_change(text, false);
}

Result<ParsedScheduleChange> parse_put_job_schedule(std::string_view text) {
  return parse_change(text, true);
}

}  // namespace windlass::api
