#include "api/parse_job_tasks.h"

#include "api/parse_task_parts.h"

namespace windlass::api {

namespace {

constexpr UnbuiltMember kUnbuilt[] = {{"containerSettings", Allowed::nothing},
                                      {"applicationPackageReferences", Allowed::empty}};

// What all three have.
bool read_document(TaskDocument& document, std::string_view name, const Value& value) {
  if (name == "commandLine") {
    value.read(document.command_line);
  } else if (name == "resourceFiles") {
    read_resource_files(value, document.resource_files);
  } else if (name == "environmentSettings") {
    read_environment(value, document.environment_settings);
  } else if (name == "userIdentity") {
    read_user_identity(value, document.user_identity);
  } else {
    return judge_unbuilt(kUnbuilt, name, value);
  }
  return true;
}

bool read_manager_flag(JobManagerTask& manager, std::string_view name, const Value& value) {
  if (name == "killJobOnCompletion") {
    value.read(manager.kill_job_on_completion);
  } else if (name == "runExclusive") {
    value.read(manager.run_exclusive);
  } else if (name == "allowLowPriorityNode") {
    value.read(manager.allow_spot_node);
  } else {
    return false;
  }
  return true;
}

void read_manager(const Value& value, JobManagerTask& manager, TaskDocument& document) {
  NewTask& task = manager.task;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "id") {
      read_id(member, task.id);
    } else if (name == "displayName") {
      read_display_name(member, document.display_name);
    } else if (name == "outputFiles") {
      read_output_files(member, document.output_files);
    } else if (name == "constraints") {
      ConstraintsGiven given;
      read_constraints(member, given);
      task.retries_max = given.retries_max;
      task.max_wall_clock_time = given.max_wall_clock_time;
      task.retention_time = given.retention_time;
    } else if (name == "requiredSlots") {
      read_required_slots(member, task.required_slots);
    } else if (name == "authenticationTokenSettings") {
      read_token_settings(member, document);
    } else {
      return read_manager_flag(manager, name, member) || read_document(document, name, member);
    }
    return true;
  });
  value.require(!task.id.empty(), "id");
  value.require(!document.command_line.empty(), "commandLine");
}

// The retries that are not given are the job's: -2 stands for them until all is read.
constexpr std::int32_t kRetriesOfJob = -2;

void read_preparation(const Value& value, JobPreparationTask& task, TaskDocument& document) {
  task.constraints.retries_max = kRetriesOfJob;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "id") {
      read_id(member, task.id);
    } else if (name == "constraints") {
      ConstraintsGiven given;
      read_constraints(member, given);
      TaskConstraints& out = task.constraints;
      out.retries_max = given.retries_max.value_or(kRetriesOfJob);
      out.max_wall_clock_time = given.max_wall_clock_time.value_or(out.max_wall_clock_time);
      out.retention_time = given.retention_time.value_or(out.retention_time);
    } else if (name == "waitForSuccess") {
      member.read(task.wait_for_success);
    } else if (name == "rerunOnNodeRebootAfterSuccess") {
      member.read(task.rerun_on_node_reboot_after_success);
    } else {
      return read_document(document, name, member);
    }
    return true;
  });
  value.require(!document.command_line.empty(), "commandLine");
}

void read_release(const Value& value, JobReleaseTask& task, TaskDocument& document) {
  const Duration longest = task.max_wall_clock_time;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "id") {
      read_id(member, task.id);
    } else if (name == "maxWallClockTime") {
      if (member.given()) read_wall_clock_limit(member, task.max_wall_clock_time);
      if (member.given() && task.max_wall_clock_time > longest)
        member.refuse("A job release task may run for 15 minutes at most.");
    } else if (name == "retentionTime") {
      if (member.read(task.retention_time) && task.retention_time < Duration::zero())
        member.refuse(ErrorCode::invalid_constraint_value, "The value must not be negative.");
    } else {
      return read_document(document, name, member);
    }
    return true;
  });
  value.require(!document.command_line.empty(), "commandLine");
}

void refuse_id(const Value& body, ErrorCode code, const std::string& id) {
  body.problem().set(
      property_error(code, "jobManagerTask.id", id, "Another task of the job itself has this id."));
}

}  // namespace

bool read_job_task(ParsedJob& job, std::string_view name, const Value& value) {
  JobSpec& spec = job.spec;
  JobDocuments& documents = job.documents;
  if (name == "jobManagerTask") {
    if (value.given())
      read_manager(value, spec.manager_task.emplace(), documents.manager.emplace());
  } else if (name == "jobPreparationTask") {
    if (value.given())
      read_preparation(value, spec.preparation_task.emplace(), documents.preparation.emplace());
  } else if (name == "jobReleaseTask") {
    if (value.given())
      read_release(value, spec.release_task.emplace(), documents.release.emplace());
  } else {
    return false;
  }
  return true;
}

void finish_job_tasks(ParsedJob& job, const Value& body) {
  JobSpec& spec = job.spec;
  const auto& manager = spec.manager_task;
  auto& preparation = spec.preparation_task;
  const auto& release = spec.release_task;
  if (preparation && preparation->constraints.retries_max == kRetriesOfJob)
    preparation->constraints.retries_max = spec.constraints.task_retries_max;
  if (release && !preparation) {
    body.problem().set(property_error(ErrorCode::invalid_property_value, "jobReleaseTask",
                                      release->id,
                                      "A job release task needs a job preparation task."));
  }
  const auto same = [](const std::string& a, const std::string& b) {
    return lower_cased(a) == lower_cased(b);
  };
  if (preparation && release && same(preparation->id, release->id)) {
    body.problem().set(
        property_error(ErrorCode::invalid_property_value, "jobReleaseTask.id", release->id,
                       "The preparation and the release task of a job must not have the same id."));
  }
  if (manager && preparation && same(manager->task.id, preparation->id))
    refuse_id(body, ErrorCode::task_id_same_as_job_preparation_task, manager->task.id);
  if (manager && release && same(manager->task.id, release->id))
    refuse_id(body, ErrorCode::task_id_same_as_job_release_task, manager->task.id);
}

}  // namespace windlass::api
