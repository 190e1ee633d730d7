// What workers say, and what their silence means.
#pragma once

#include "model/museum.h"
#include "scheduler/core/step.h"

namespace windlass::scheduler {

// Leases are counted by the clock that nobody sets.
inline MonoTime lease_clock(Now now) {
  return WINDLASS_PLANTED(lease_from_wall_clock) ? MonoTime{now.wall.ticks} : now.mono;
}

// A session with this worker was opened or resumed by the process `instance`.
void worker_connected(Step& step, std::uint64_t worker, InstanceId instance);
// Returns false for a report on something superseded (counted, changes nothing).
bool take_worker_message(Step& step, std::uint64_t worker, const FromWorker& message);
// The lease of the worker has ended on our clock: its nodes are unknown, its attempts run
// elsewhere.
void expire_lease(Step& step, std::uint64_t worker);
// Nodes that have been unknown for too long are unusable.
void give_up_unknown_nodes(Step& step);

}  // namespace windlass::scheduler
