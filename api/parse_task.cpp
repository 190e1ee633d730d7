#include "api/parse_task.h"

#include "api/json_in.h"
#include "api/kept_models.h"
#include "api/parse_task_parts.h"

namespace windlass::api {

namespace {

constexpr std::size_t kDependencyBytesMax = 64'000;
constexpr std::size_t kDependencyRangesMax = 1000;
constexpr std::size_t kExitRulesMax = 1000;

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
                                       {"nodeInfo", Allowed::anything},
                                       {"stats", Allowed::anything}};
constexpr UnbuiltMember kUnbuilt[] = {{"containerSettings", Allowed::nothing},
                                      {"applicationPackageReferences", Allowed::empty}};
// Fixed when the task is added: newer SDKs send them back with a change, as they read them.
constexpr UnbuiltMember kFixed[] = {{"id", Allowed::anything},
                                    {"displayName", Allowed::anything},
                                    {"exitConditions", Allowed::anything},
                                    {"commandLine", Allowed::anything},
                                    {"containerSettings", Allowed::anything},
                                    {"resourceFiles", Allowed::anything},
                                    {"outputFiles", Allowed::anything},
                                    {"environmentSettings", Allowed::anything},
                                    {"affinityInfo", Allowed::anything},
                                    {"requiredSlots", Allowed::anything},
                                    {"userIdentity", Allowed::anything},
                                    {"multiInstanceSettings", Allowed::anything},
                                    {"dependsOn", Allowed::anything},
                                    {"applicationPackageReferences", Allowed::anything},
                                    {"authenticationTokenSettings", Allowed::anything}};

void read_ranges(const Value& value, std::vector<TaskIdRange>& out) {
  if (value.items() > kDependencyRangesMax) {
    return value.refuse("The list has more than 1000 ranges.");
  }
  value.each_item([&](const Value& item) {
    TaskIdRange range;
    bool has_start = false;
    bool has_end = false;
    item.each_member([&](std::string_view name, const Value& member) {
      if (name == "start") {
        has_start = member.read(range.start);
      } else if (name == "end") {
        has_end = member.read(range.end);
      } else {
        return false;
      }
      return true;
    });
    if (!item.given()) return item.refuse("A range must not be null.");
    item.require(has_start, "start");
    item.require(has_end, "end");
    if (range.start < 0 || range.end < range.start) {
      return item.refuse("A range begins at 0 or later, and does not end before it begins.");
    }
    out.push_back(range);
  });
}

// Both the scheduler (facts) and the answers to GET (document) need the ids.
void read_dependencies(const Value& value, ParsedTask& out) {
  std::size_t bytes = 0;
  out.facts.depends_on_ids.clear();
  out.facts.depends_on_ranges.clear();
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "taskIdRanges") {
      read_ranges(member, out.facts.depends_on_ranges);
      return true;
    }
    if (name != "taskIds") return false;
    member.each_item([&](const Value& item) {
      std::string id;
      read_id(item, id);
      if (!item.given()) return item.refuse("An id must not be null.");
      bytes += id.size();
      out.facts.depends_on_ids.push_back(std::move(id));
    });
    if (bytes > kDependencyBytesMax) {
      member.refuse(ErrorCode::task_dependency_list_too_long,
                    "The ids have more than 64000 characters together.");
    }
    return true;
  });
  out.document.depends_on_ids = out.facts.depends_on_ids;
  out.document.depends_on_ranges = out.facts.depends_on_ranges;
}

void read_affinity(const Value& value, ParsedTask& out) {
  bool has_id = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name != "affinityId") return false;
    has_id = member.read(out.facts.affinity_id);
    return true;
  });
  value.require(!value.given() || has_id, "affinityId");
  out.document.affinity_id = out.facts.affinity_id;
}

void read_exit_options(const Value& value, ExitRule& rule) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "jobAction") {
      if (member.given()) member.read_word(rule.job_action.emplace());
    } else if (name == "dependencyAction") {
      if (member.given()) member.read_word(rule.dependency_action.emplace());
    } else {
      return false;
    }
    return true;
  });
}

// Of exitCodes (with `code`) and exitCodeRanges (with `start` and `end`).
void read_exit_code_rules(const Value& value, ExitCondition condition, std::vector<ExitRule>& out) {
  const bool is_range = condition == ExitCondition::code_range;
  value.each_item([&](const Value& item) {
    ExitRule rule{condition, 0, 0, {}, {}};
    bool has_first = false;
    bool has_last = false;
    bool has_options = false;
    item.each_member([&](std::string_view name, const Value& member) {
      if (name == (is_range ? "start" : "code")) {
        has_first = member.read(rule.first);
      } else if (is_range && name == "end") {
        has_last = member.read(rule.last);
      } else if (name == "exitOptions") {
        has_options = member.given();
        read_exit_options(member, rule);
      } else {
        return false;
      }
      return true;
    });
    if (!item.given()) return item.refuse("An entry must not be null.");
    item.require(has_first, is_range ? "start" : "code");
    item.require(!is_range || has_last, "end");
    item.require(has_options, "exitOptions");
    if (!is_range) rule.last = rule.first;
    if (rule.last < rule.first) return item.refuse("A range must not end before it begins.");
    out.push_back(rule);
  });
}

void read_exit_conditions(const Value& value, std::vector<ExitRule>& out) {
  out.clear();
  value.each_member([&](std::string_view name, const Value& member) {
    std::optional<ExitCondition> condition;
    if (name == "exitCodes") {
      read_exit_code_rules(member, ExitCondition::code, out);
    } else if (name == "exitCodeRanges") {
      read_exit_code_rules(member, ExitCondition::code_range, out);
    } else if (name == "preProcessingError") {
      condition = ExitCondition::pre_processing_error;
    } else if (name == "fileUploadError") {
      condition = ExitCondition::file_upload_error;
    } else if (name == "default") {
      condition = ExitCondition::otherwise;
    } else {
      return false;
    }
    if (condition && member.given()) {
      ExitRule rule{*condition, 0, 0, {}, {}};
      read_exit_options(member, rule);
      out.push_back(rule);
    }
    if (out.size() > kExitRulesMax) {
      member.refuse("A task has at most 1000 exit conditions.");
    }
    return true;
  });
}

void read_multi_instance(const Value& value, ParsedTask& out) {
  if (!value.given()) return;
  MultiInstanceSettings settings;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "numberOfInstances") {
      if (member.read(settings.instances) &&
          (settings.instances < 1 || settings.instances > kInstancesMax))
        member.refuse("A task has 1 to 256 instances.");
    } else if (name == "coordinationCommandLine") {
      member.read(settings.coordination_command_line);
    } else if (name == "commonResourceFiles") {
      read_resource_files(member, settings.common_resource_files);
    } else {
      return false;
    }
    return true;
  });
  value.require(!settings.coordination_command_line.empty(), "coordinationCommandLine");
  out.facts.instances = settings.instances;
  out.document.multi_instance = std::move(settings);
}

bool read_rare_member(ParsedTask& task, std::string_view name, const Value& value) {
  if (name == "displayName") {
    read_display_name(value, task.document.display_name);
  } else if (name == "outputFiles") {
    read_output_files(value, task.document.output_files);
  } else if (name == "userIdentity") {
    read_user_identity(value, task.document.user_identity);
  } else if (name == "affinityInfo") {
    read_affinity(value, task);
  } else if (name == "exitConditions") {
    read_exit_conditions(value, task.facts.exit_rules);
    keep(value, name, exit_conditions_model(), task.document.kept_json);
  } else if (name == "multiInstanceSettings") {
    read_multi_instance(value, task);
  } else if (name == "authenticationTokenSettings") {
    read_token_settings(value, task.document);
  } else {
    return judge_unbuilt(kUnbuilt, name, value) || judge_unbuilt(kReadOnly, name, value);
  }
  return true;
}

bool read_member(ParsedTask& task, std::string_view name, const Value& value) {
  NewTask& facts = task.facts;
  TaskDocument& document = task.document;
  if (name == "id") {
    read_id(value, facts.id);
  } else if (name == "commandLine") {
    value.read(document.command_line);
  } else if (name == "resourceFiles") {
    read_resource_files(value, document.resource_files);
  } else if (name == "environmentSettings") {
    read_environment(value, document.environment_settings);
  } else if (name == "constraints") {
    ConstraintsGiven given;
    read_constraints(value, given);
    facts.retries_max = given.retries_max;
    facts.max_wall_clock_time = given.max_wall_clock_time;
    facts.retention_time = given.retention_time;
  } else if (name == "requiredSlots") {
    read_required_slots(value, facts.required_slots);
  } else if (name == "dependsOn") {
    read_dependencies(value, task);
  } else {
    return read_rare_member(task, name, value);
  }
  return true;
}

void read_task(const Value& value, ParsedTask& task) {
  value.each_member(
      [&](std::string_view name, const Value& member) { return read_member(task, name, member); });
  value.require(!task.facts.id.empty(), "id");
  value.require(!task.document.command_line.empty(), "commandLine");
  if (task.facts.instances > 0 && task.facts.required_slots != 1) {
    value.problem().set(
        property_error(ErrorCode::invalid_property_value, "requiredSlots",
                       std::to_string(task.facts.required_slots),
                       "A multi-instance task requires 1 slot on each of its nodes."));
  }
}

std::string readable_id(const Value& item) {
  std::string id;
  item.each_member([&](std::string_view name, const Value& member) {
    if (name == "id") id = member.as_string().value_or(std::string_view()).substr(0, 256);
    return true;
  });
  return id;
}

}  // namespace

Result<ParsedTask> parse_add_task(std::string_view text) {
  ParsedBody body(text);
  ParsedTask task;
  if (!body.failed()) read_task(body.value(), task);
  if (body.failed()) return body.error();
  return task;
}

Result<std::vector<ParsedItem>> parse_add_task_collection(std::string_view text) {
  ParsedBody body(text);
  std::vector<ParsedItem> items;
  bool has_list = false;
  body.value().each_member([&](std::string_view name, const Value& list) {
    if (name != "value") return name == "odata.metadata";
    has_list = list.given();
    items.clear();
    const std::size_t count = list.items();
    if (has_list && list.is_list() && (count == 0 || count > kCollectionTasksMax)) {
      list.refuse("A collection has 1 to 100 tasks.");
    }
    items.reserve(count);
    list.each_item([&](const Value& item) {
      if (!item.is_object()) return item.refuse("A task must be an object.");
      Problem problem;
      ParsedTask task;
      // Names within an item start at the task, as they do when it is added alone.
      const Place place;
      read_task(item.as_root(place, problem), task);
      if (problem.found()) {
        items.push_back({readable_id(item), std::move(problem.error())});
      } else {
        std::string id = task.facts.id;
        items.push_back({std::move(id), std::move(task)});
      }
    });
    return true;
  });
  body.value().require(has_list, "value");
  if (body.failed()) return body.error();
  return items;
}

Result<ChangeTask> parse_put_task(std::string_view text) {
  ParsedBody body(text);
  ConstraintsGiven given;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "constraints") {
      read_constraints(value, given);
      return true;
    }
    return judge_unbuilt(kReadOnly, name, value) || judge_unbuilt(kFixed, name, value);
  });
  if (body.failed()) return body.error();
  ChangeTask command;
  command.retries_max = given.retries_max;
  TaskConstraints& constraints = command.constraints;
  constraints.retries_max = given.retries_max.value_or(constraints.retries_max);
  constraints.max_wall_clock_time =
      given.max_wall_clock_time.value_or(constraints.max_wall_clock_time);
  constraints.retention_time = given.retention_time.value_or(constraints.retention_time);
  return command;
}

}  // namespace windlass::api
