// What becomes of the tasks that wait for another when that one ends, goes away or begins again.
// Called by apply() and recovery; keeps the job's Dependencies and the numbers of its tasks.
#pragma once

#include "scheduler/core/rows.h"
#include "scheduler/core/state.h"

namespace windlass::scheduler {

// What this open task waits for now; empty: nothing.
Dependencies::Unmet unmet_of(const State& state, Rows& rows, const Job& job, const OpenTask& task);

// The parent is completed and satisfies: who waits for nothing more.
Dependencies::Freed parent_satisfies(Rows& rows, Job& job, const TaskRecord& parent);
// The parent is completed and does not.
void parent_blocks(Rows& rows, Job& job, const TaskRecord& parent);
// A completed parent that blocked is deleted, or runs again. Its record is gone or open already.
void parent_blocks_no_more(const State& state, Rows& rows, Job& job, const TaskRecord& parent);
// A completed parent that satisfied is deleted: tasks that wait for others must not wait for it
// again.
void forget_parent(Rows& rows, const Job& job, const std::string& lower_id);

// Why a blocked task will never start: the id of a parent that ended without satisfying it.
std::string blocking_parent(Rows& rows, const Job& job, TaskSeq task);

}  // namespace windlass::scheduler
