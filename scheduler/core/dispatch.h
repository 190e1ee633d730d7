// Puts ready tasks on free slots.
#pragma once

#include "scheduler/core/step.h"

namespace windlass::scheduler {

// Until no task fits any node: higher priority first, equals in turns, first in first out inside a
// job. The only place where an attempt begins.
void dispatch(Step& step, const Pool& pool);

// Jobs of one priority begin anew, as if none had been served: what `creationtime` begins with.
void forget_turns(State& state, const PoolQueue& queue);

}  // namespace windlass::scheduler
