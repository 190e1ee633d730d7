// The scheduler's one loop: drains the bus, hands what came to the shards, lets each end its batch
// (decide, commit, speak), and waits for more. There is no timer for batching: a batch is whatever
// arrived during the last commit.
#pragma once

#include "scheduler/config.h"

namespace windlass::runtime {
struct Program;
}

namespace windlass::scheduler {

// Runs until shutdown is requested; then parts from the workers and returns 0. Throws when the
// disk fails: the process must not go on after a commit of unknown outcome.
int run(const Config& config, runtime::Program& program);

}  // namespace windlass::scheduler
