#include "scheduler/core/exit_rules.h"

#include <algorithm>

namespace windlass::scheduler {

namespace {

const ExitRule* find_for_code(const std::vector<ExitRule>& rules, ExitCondition condition,
                              std::int32_t code) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const ExitRule& rule) {
    return rule.condition == condition && rule.first <= code && code <= rule.last;
  });
  return found == rules.end() ? nullptr : &*found;
}

const ExitRule* find(const std::vector<ExitRule>& rules, ExitCondition condition) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const ExitRule& rule) {
    return rule.condition == condition;
  });
  return found == rules.end() ? nullptr : &*found;
}

const ExitRule* rule_for_failure(const std::vector<ExitRule>& rules, AttemptEnd end) {
  const ExitRule* rule = nullptr;
  if (end == AttemptEnd::not_started) rule = find(rules, ExitCondition::pre_processing_error);
  if (end == AttemptEnd::upload_failed) rule = find(rules, ExitCondition::file_upload_error);
  return rule != nullptr ? rule : find(rules, ExitCondition::otherwise);
}

}  // namespace

ExitOutcome judge_exit(const std::vector<ExitRule>& rules, AttemptEnd end,
                       std::optional<std::int32_t> exit_code) {
  const ExitRule* rule = nullptr;
  if (exit_code) {
    rule = find_for_code(rules, ExitCondition::code, *exit_code);
    if (rule == nullptr) rule = find_for_code(rules, ExitCondition::code_range, *exit_code);
  }
  const bool by_code = rule != nullptr;
  const bool well =
      by_code ? *exit_code == 0 : end == AttemptEnd::exited && exit_code.value_or(-1) == 0;
  if (!by_code && !well) rule = rule_for_failure(rules, end);
  ExitOutcome outcome{well ? JobAction::none : JobAction::terminate, well};
  if (rule == nullptr) return outcome;
  outcome.job_action = rule->job_action.value_or(outcome.job_action);
  if (rule->dependency_action) {
    outcome.satisfies_dependents = *rule->dependency_action == DependencyAction::satisfy;
  }
  return outcome;
}

}  // namespace windlass::scheduler
