#include "simulator/reference/exits.h"

#include <algorithm>

namespace windlass::simulator {

namespace {

// The entry that an end falls under; null: none was written for it.
const ExitRule* entry_of(const TaskRecord& task) {
  if (task.exit_code) {
    for (const ExitRule& rule : task.exit_rules)
      if (rule.condition == ExitCondition::code && rule.first == *task.exit_code) return &rule;
    for (const ExitRule& rule : task.exit_rules)
      if (rule.condition == ExitCondition::code_range && rule.first <= *task.exit_code &&
          *task.exit_code <= rule.last)
        return &rule;
  }
  if (task.result == ExecutionResult::success) return nullptr;
  const std::string code = task.failure ? task.failure->code : "";
  if (code.starts_with("FileUpload")) {
    for (const ExitRule& rule : task.exit_rules)
      if (rule.condition == ExitCondition::file_upload_error) return &rule;
  } else if (!task.exit_code && code != "TaskEnded" && code != "TaskDependencyFailed") {
    for (const ExitRule& rule : task.exit_rules)
      if (rule.condition == ExitCondition::pre_processing_error) return &rule;
  }
  for (const ExitRule& rule : task.exit_rules)
    if (rule.condition == ExitCondition::otherwise) return &rule;
  return nullptr;
}

}  // namespace

std::optional<std::int64_t> number_named(const std::string& task_id) {
  if (task_id.empty() || task_id.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const std::size_t first = std::min(task_id.find_first_not_of('0'), task_id.size() - 1);
  if (task_id.size() - first > 10) return std::nullopt;
  return std::stoll(task_id.substr(first));
}

bool lets_dependents_start(const TaskRecord& task) {
  const ExitRule* entry = entry_of(task);
  if (entry != nullptr && entry->dependency_action)
    return *entry->dependency_action == DependencyAction::satisfy;
  return task.result == ExecutionResult::success;
}

JobAction wished_for_job(const TaskRecord& task) {
  const ExitRule* entry = entry_of(task);
  if (entry != nullptr && entry->job_action) return *entry->job_action;
  return task.result == ExecutionResult::success ? JobAction::none : JobAction::terminate;
}

}  // namespace windlass::simulator
