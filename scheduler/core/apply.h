// The only code that changes what is derived from events: memory and rows, for live work and for
// rebuilding from the journal alike.
#pragma once

#include "scheduler/core/rows.h"
#include "scheduler/core/state.h"

namespace windlass::scheduler {

// Applies one event and counts it. The event must follow from the state (asserted).
void apply(State& state, Rows& rows, const ShardEvent& event);

// Writes what apply() left in memory: counts of jobs, totals of nodes, the counters. Once a batch.
void write_back(State& state, Rows& rows);

// Loads the state from the rows; `state` must be new. Costs a pass over open tasks, never over
// completed ones.
void recover(State& state, Rows& rows);

}  // namespace windlass::scheduler
