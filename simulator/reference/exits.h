// What the end of a task means, read off its record as a client reads it: the API's text once more,
// and nothing of how a scheduler judges a report.
#pragma once

#include "model/task.h"

#include <optional>
#include <string>

namespace windlass::simulator {

// Of a completed task: whether those who depend on it may start.
bool lets_dependents_start(const TaskRecord& task);

// The number by which ranges select a task: of ids that are nothing but digits.
std::optional<std::int64_t> number_named(const std::string& task_id);

// What it wants done to a job whose onTaskFailure is performexitoptionsjobaction.
JobAction wished_for_job(const TaskRecord& task);

}  // namespace windlass::simulator
