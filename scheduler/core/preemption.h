// Preemption: when a job's next task finds no place, running tasks of jobs that allow it
// (allowTaskPreemption) and have a lower priority give up theirs. They become active again, under
// their next attempt, and neither count is raised. Their processes may live for a while, so a node
// that makes room takes nothing else until they have ended; then the order of priorities decides.
//
// Left alone: multi-instance tasks (they would take their whole gang with them), job managers, and
// tasks that still wait for a preparation. Nobody is preempted for a multi-instance task, nor for a
// job manager that must be alone on its node.
#pragma once

#include "scheduler/core/step.h"

namespace windlass::scheduler {

// In one dispatch; what is left to do follows with the reports of those.
inline constexpr std::size_t kPreemptedMax = 256;
// Jobs that find no place, looked at in one dispatch, in the order in which they are served.
inline constexpr std::size_t kJobsInNeedMax = 64;

// After dispatching, when what waits fits nowhere.
void preempt(Step& step, const Pool& pool, const PoolQueue& queue);

}  // namespace windlass::scheduler
