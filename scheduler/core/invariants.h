// The whole truth about a shard, checked from scratch: tests and the simulator call it after every
// step. Slow on purpose: it counts everything again.
#pragma once

#include "scheduler/core/rows.h"
#include "scheduler/core/state.h"

#include <string>
#include <vector>

namespace windlass::scheduler {

// A sentence for each broken invariant; empty when all hold.
std::vector<std::string> broken_invariants(const State& state, Rows& rows);

}  // namespace windlass::scheduler
