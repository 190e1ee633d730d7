// What the parts of the reference model share: an answer with what was asked, and how a story is
// closed, looked at and judged.
#pragma once

#include "simulator/reference/model.h"
#include "simulator/reference/request_name.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace windlass::simulator {

using PoolState = PoolRules::State;
using JobState = JobRules::State;
using TaskState = TaskRules::State;
using NodeState = NodeRules::State;

inline std::string text(MonoTime time) {
  return std::to_string(time.ticks / 10'000) + " ms";
}

inline std::string_view promise_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::pool_not_found:
    case ErrorCode::job_not_found:
    case ErrorCode::task_not_found:
    case ErrorCode::job_schedule_not_found:
    case ErrorCode::certificate_not_found:
      return "S1";
    case ErrorCode::pool_exists:
    case ErrorCode::job_exists:
    case ErrorCode::task_exists:
    case ErrorCode::job_schedule_exists:
    case ErrorCode::certificate_exists:
      return "S3";
    case ErrorCode::condition_not_met:
      return "S11";
    default:
      return "API";
  }
}

inline std::optional<ErrorCode> code_of(const Answer& answer) {
  if (const auto* error = std::get_if<Error>(&answer)) return error->code;
  if (std::holds_alternative<NotHere>(answer)) return ErrorCode::job_not_found;
  return std::nullopt;
}

// Whether the code speaks of the task's job instead of the task.
inline bool is_of_job(ErrorCode code) {
  return code == ErrorCode::job_not_found || code == ErrorCode::job_being_deleted ||
         code == ErrorCode::job_being_terminated || code == ErrorCode::job_completed ||
         code == ErrorCode::task_dependencies_not_specified_on_job ||
         code == ErrorCode::invalid_property_value;  // a jobAction where the job has none
}

// Ids of a page that are before its end, and after its beginning.
inline bool is_covered(const PageRequest& page, const std::optional<std::string>& next,
                       const std::string& lower_id) {
  return lower_id > page.after && (!next || lower_id <= *next);
}

// Nobody has asked for these by name: jobs that schedules make, and pools that jobs bring along.
inline bool is_of_schedule(const std::string& job_id) {
  return job_id.find(':') != std::string::npos;
}
inline bool is_automatic(const std::string& pool_id) {
  return pool_id.find('_') != std::string::npos;
}

struct ReferenceModel::Told {
  const Open& open;
  MonoTime now;
  const Answer& answer;
};

template <class Rules>
void ReferenceModel::judge(const Register<Rules>& story, const Rules& rules,
                           const std::string& name) {
  if (auto wrong = story.contradiction(rules)) {
    wrong->words = name + ": " + wrong->words;
    found_.push_back(std::move(*wrong));
  }
}

template <class Rules>
void ReferenceModel::close(Register<Rules>& story, const Told& told, std::size_t entry,
                           const Answer& answer) {
  auto& act = story.entry(entry);
  act.answered = told.now;
  if (const auto code = code_of(answer)) {
    act.outcome = Register<Rules>::Entry::refused;
    act.code = *code;
    act.promise = promise_of(*code);
    act.words += " and refused with " + std::string(to_string(*code)) + " at " + text(told.now);
    return;
  }
  act.outcome = Register<Rules>::Entry::done;
  act.words += " and done at " + text(told.now);
  if (const auto* done = std::get_if<Done>(&answer)) act.version = done->version.event;
  if (const auto* made = std::get_if<JobMadeAt>(&answer)) act.version = made->version.event;
  if (act.version == 0) contradict("API", act.words + " has an answer of another kind");
}

template <class Rules>
void ReferenceModel::look(Register<Rules>& story, const Told& told, EventNumber version,
                          typename Register<Rules>::Look how, const std::string& words,
                          const Conditions& conditions, const std::string& promise) {
  typename Register<Rules>::Entry entry;
  entry.asked = told.open.asked;
  entry.answered = told.now;
  entry.outcome = Register<Rules>::Entry::seen;
  entry.version = version;
  entry.look = std::move(how);
  entry.if_match = conditions.if_match;
  entry.words = "the look asked for at " + text(told.open.asked) + " and answered at " +
                text(told.now) + " (" + words + ")";
  entry.promise = promise;
  story.asked(std::move(entry));
}

// A read whose conditions were not met.
template <class Rules>
bool ReferenceModel::unmet(Register<Rules>& story, const Told& told, const Conditions& conditions,
                           const std::string& name) {
  const auto code = code_of(told.answer);
  if (code == ErrorCode::condition_not_met) {
    typename Register<Rules>::Entry entry;
    entry.asked = told.open.asked;
    entry.answered = told.now;
    entry.outcome = Register<Rules>::Entry::refused;
    entry.code = code;
    entry.if_match = conditions.if_match;
    entry.words = "the look asked for at " + text(told.open.asked) + " and refused";
    entry.promise = "S11";
    story.asked(std::move(entry));
    return true;
  }
  if (code != ErrorCode::not_modified) return false;
  for (const auto& entry : story.entries()) {
    for (const std::string& tag : conditions.if_none_match) {
      if (entry.version == 0 || story.etag()(entry.version) != tag) continue;
      look(
          story, told, EventNumber(entry.version),
          [](const auto& state) { return std::optional(state); }, "not modified");
      return true;
    }
  }
  contradict("S11", name + " is said to have an ETag that nobody has seen");
  return true;
}

}  // namespace windlass::simulator
