// What a worker is told of a run.
#pragma once

#include "scheduler/core/step.h"

namespace windlass::scheduler {

// What all runs of the job on this node have in common.
Assignment assignment_to(const State& state, const Job& job, const Node& node);
// The current attempt of a task.
Assignment task_assignment(Step& step, const Job& job, const TaskRecord& task, const Node& node);

}  // namespace windlass::scheduler
