// The books of what tasks have used: kept by apply(), so that they are as durable as the events.
#pragma once

#include "scheduler/core/state.h"

namespace windlass::scheduler {

// What the change of a record, from one to the next, adds to its job and account. Only rises: what
// a reactivated task has used and how it ended stay counted.
WorkUsage used_between(const TaskRecord& before, const TaskRecord& after);

// The account's book, opened when it is not there yet.
AccountUsage& book_of(State& state, const std::string& account, WallTime at);

// How long a dedicated node counts: until it left, or was lost, or still.
bool counts_on(NodeState state);
NodeTime node_time_of(const State& state, const Pool& pool);
LifetimeUsage lifetime_of(const State& state, const std::string& account);

}  // namespace windlass::scheduler
