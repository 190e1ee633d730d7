// What the end of a task means for its job and for the tasks that wait for it: exitConditions.
#pragma once

#include "model/task.h"
#include "model/worker_message.h"

namespace windlass::scheduler {

struct ExitOutcome {
  JobAction job_action = JobAction::none;  // taken only where the job's onTaskFailure says so
  bool satisfies_dependents = false;
  bool operator==(const ExitOutcome&) const = default;
};

// The first that fits decides: the exit code, a range around it, what went wrong besides, all other
// failures. Where the rule is silent, exit code 0 does nothing and satisfies, and any other end
// terminates and blocks. A task that was ended by a command has AttemptEnd::stopped and no code.
ExitOutcome judge_exit(const std::vector<ExitRule>& rules, AttemptEnd end,
                       std::optional<std::int32_t> exit_code);

}  // namespace windlass::scheduler
