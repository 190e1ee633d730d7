// The events of tasks: where a task stands (in a queue, behind its parents, on nodes, ended), and
// what counts it. A part of apply().
#pragma once

#include "scheduler/core/rows.h"
#include "scheduler/core/state.h"

namespace windlass::scheduler {

void apply_event(State& state, Rows& rows, const TasksWereAdded& event);
void apply_event(State& state, Rows& rows, const TaskPut& event);
void apply_event(State& state, Rows& rows, const TaskErased& event);

// Puts an active task where it belongs: behind its dependencies, behind its old attempt, or ready.
void enqueue(State& state, Rows& rows, Job& job, const OpenTask& task);

}  // namespace windlass::scheduler
