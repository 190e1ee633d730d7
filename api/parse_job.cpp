#include "api/parse_job.h"

#include "api/json_in.h"
#include "api/kept_models.h"
#include "api/parse_common.h"
#include "api/parse_job_tasks.h"

namespace windlass::api {

namespace {

constexpr std::int32_t kPriorityMax = 1000;
constexpr std::size_t kReasonBytesMax = 1024;
constexpr std::size_t kPoolPrefixMax = 20;

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
// Fixed when the job is added: newer SDKs send them back with PUT, as they read them.
constexpr UnbuiltMember kFixed[] = {
    {"displayName", Allowed::anything},    {"usesTaskDependencies", Allowed::anything},
    {"onTaskFailure", Allowed::anything},  {"commonEnvironmentSettings", Allowed::anything},
    {"jobManagerTask", Allowed::anything}, {"jobPreparationTask", Allowed::anything},
    {"jobReleaseTask", Allowed::anything}, {"networkConfiguration", Allowed::anything}};

void read_priority(const Value& value, std::int32_t& out) {
  if (value.read(out) && (out < -kPriorityMax || out > kPriorityMax)) {
    value.refuse(ErrorCode::out_of_range_priority, "A priority is between -1000 and 1000.");
  }
}

void read_parallel_tasks(const Value& value, std::int32_t& out) {
  if (value.read(out) && out != -1 && out <= 0) {
    value.refuse("The value must be -1 (without limit) or more than 0.");
  }
}

void read_constraints(const Value& value, JobConstraints& out) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "maxWallClockTime") {
      read_wall_clock_limit(member, out.max_wall_clock_time);
    } else if (name == "maxTaskRetryCount") {
      read_retry_count(member, out.task_retries_max);
    } else {
      return false;
    }
    return true;
  });
}

// The prefix becomes a part of the pool's id.
void read_pool_prefix(const Value& value, std::string& prefix) {
  if (!value.read(prefix) || prefix.empty()) return;
  if (prefix.size() > kPoolPrefixMax || !valid_user_id(prefix)) {
    value.refuse("A prefix has at most 20 characters: letters, digits, hyphens and underscores.");
  }
}

void read_auto_pool(const Value& value, std::optional<AutoPoolSpec>& out) {
  if (!value.given()) return;
  AutoPoolSpec& spec = out.emplace();
  bool has_lifetime = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "autoPoolIdPrefix") {
      read_pool_prefix(member, spec.id_prefix);
    } else if (name == "poolLifetimeOption") {
      has_lifetime = member.read_word(spec.lifetime);
    } else if (name == "keepAlive") {
      member.read(spec.keep_alive);
    } else if (name == "pool") {
      read_pool_specification(member, spec.pool);
    } else {
      return false;
    }
    return true;
  });
  value.require(has_lifetime, "poolLifetimeOption");
}

void read_pool_info(const Value& value, std::string& pool_id,
                    std::optional<AutoPoolSpec>& auto_pool) {
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "poolId") {
      read_id(member, pool_id);
    } else if (name == "autoPoolSpecification") {
      read_auto_pool(member, auto_pool);
    } else {
      return false;
    }
    return true;
  });
  if (value.given() && auto_pool.has_value() != pool_id.empty()) {
    value.refuse("Exactly one of poolId and autoPoolSpecification is required.");
  }
}

// Of a job that is to be made: there has to be a pool.
void read_pool_info(const Value& value, JobSpec& spec) {
  read_pool_info(value, spec.pool_id, spec.auto_pool);
  if (spec.auto_pool && !spec.auto_pool->pool) value.require(false, "autoPoolSpecification.pool");
}

void read_pool_info(const Value& value, JobChange& change) {
  if (!value.given()) return;
  std::string pool_id;
  read_pool_info(value, pool_id, change.auto_pool);
  if (!pool_id.empty()) change.pool_id = std::move(pool_id);
}

// What PATCH and PUT have in common.
bool read_change(JobChange& change, std::string_view name, const Value& value) {
  if (name == "priority") {
    if (value.given()) read_priority(value, change.priority.emplace());
  } else if (name == "maxParallelTasks") {
    if (value.given()) read_parallel_tasks(value, change.parallel_tasks_max.emplace());
  } else if (name == "allowTaskPreemption") {
    if (value.given()) value.read(change.allow_task_preemption.emplace());
  } else if (name == "onAllTasksComplete") {
    if (value.given()) value.read_word(change.on_all_tasks_complete.emplace());
  } else if (name == "constraints") {
    if (value.given()) read_constraints(value, change.constraints.emplace());
  } else if (name == "poolInfo") {
    read_pool_info(value, change);
  } else if (name == "metadata") {
    if (value.given()) read_metadata(value, change.metadata.emplace());
  } else {
    return name == "id" || judge_unbuilt(kReadOnly, name, value);
  }
  return true;
}

bool read_specification(ParsedJob& job, std::string_view name, const Value& value) {
  JobSpec& spec = job.spec;
  if (name == "displayName") {
    read_display_name(value, spec.display_name);
  } else if (name == "priority") {
    read_priority(value, spec.priority);
  } else if (name == "maxParallelTasks") {
    read_parallel_tasks(value, spec.parallel_tasks_max);
  } else if (name == "allowTaskPreemption") {
    value.read(spec.allow_task_preemption);
  } else if (name == "constraints") {
    read_constraints(value, spec.constraints);
  } else if (name == "commonEnvironmentSettings") {
    read_environment(value, spec.common_environment_settings);
  } else if (name == "poolInfo") {
    read_pool_info(value, spec);
  } else if (name == "onAllTasksComplete") {
    value.read_word(spec.on_all_tasks_complete);
  } else if (name == "onTaskFailure") {
    value.read_word(spec.on_task_failure);
  } else if (name == "usesTaskDependencies") {
    value.read(spec.uses_task_dependencies);
  } else if (name == "metadata") {
    read_metadata(value, spec.metadata);
  } else if (name == "networkConfiguration") {
    keep(value, name, job_network_configuration_model(), spec.kept_json);
  } else {
    return read_job_task(job, name, value);
  }
  return true;
}

// What the members say together.
void judge_specification(const Value& value, ParsedJob& job) {
  value.require(!job.spec.pool_id.empty() || job.spec.auto_pool, "poolInfo");
  finish_job_tasks(job, value);
}

}  // namespace

void read_job_specification(const Value& value, ParsedJob& out) {
  value.each_member([&](std::string_view name, const Value& member) {
    return read_specification(out, name, member);
  });
  if (value.given()) judge_specification(value, out);
}

Result<ParsedJob> parse_add_job(std::string_view text) {
  ParsedBody body(text);
  ParsedJob job;
  JobSpec& spec = job.spec;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != "id")
      return read_specification(job, name, value) || judge_unbuilt(kReadOnly, name, value);
    read_id(value, spec.id);
    return true;
  });
  body.value().require(!spec.id.empty(), "id");
  judge_specification(body.value(), job);
  if (body.failed()) return body.error();
  if (spec.auto_pool && spec.auto_pool->lifetime == PoolLifetime::jobschedule) {
    return property_error(ErrorCode::invalid_property_value,
                          "poolInfo.autoPoolSpecification.poolLifetimeOption", "jobschedule",
                          "Only the jobs of a schedule can have a pool of that lifetime.");
  }
  return job;
}

Result<ChangeJob> parse_patch_job(std::string_view text) {
  static constexpr UnbuiltMember kUnbuiltInPatch[] = {{"networkConfiguration", Allowed::nothing}};
  ParsedBody body(text);
  ChangeJob command;
  body.value().each_member([&](std::string_view name, const Value& value) {
    return read_change(command.change, name, value) || judge_unbuilt(kUnbuiltInPatch, name, value);
  });
  if (body.failed()) return body.error();
  return command;
}

Result<ChangeJob> parse_put_job(std::string_view text) {
  ParsedBody body(text);
  ChangeJob command;
  command.replace = true;
  JobChange& change = command.change;
  body.value().each_member([&](std::string_view name, const Value& value) {
    return read_change(change, name, value) || judge_unbuilt(kFixed, name, value);
  });
  body.value().require(change.pool_id || change.auto_pool, "poolInfo");
  if (body.failed()) return body.error();
  const JobSpec defaults;
  change.priority = change.priority.value_or(defaults.priority);
  change.parallel_tasks_max = change.parallel_tasks_max.value_or(defaults.parallel_tasks_max);
  change.allow_task_preemption =
      change.allow_task_preemption.value_or(defaults.allow_task_preemption);
  change.on_all_tasks_complete =
      change.on_all_tasks_complete.value_or(defaults.on_all_tasks_complete);
  if (!change.constraints) change.constraints.emplace();
  if (!change.metadata) change.metadata.emplace();
  return command;
}

Result<DisableJob> parse_disable_job(std::string_view text) {
  ParsedBody body(text);
  DisableJob command;
  bool has_option = false;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != "disableTasks") return name == "odata.metadata";
    has_option = value.read_word(command.disable_tasks);
    return true;
  });
  body.value().require(has_option, "disableTasks");
  if (body.failed()) return body.error();
  return command;
}

Result<TerminateJob> parse_terminate_job(std::string_view text) {
  TerminateJob command;
  command.reason = "UserTerminate";
  if (is_blank(text)) return command;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != "terminateReason") return name == "odata.metadata";
    if (value.read(command.reason) && command.reason.size() > kReasonBytesMax) {
      value.refuse("A reason has at most 1024 characters.");
    }
    return true;
  });
  if (body.failed()) return body.error();
  return command;
}

}  // namespace windlass::api
