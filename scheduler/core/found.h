// What an event names, which must be there: an event follows from the state.
#pragma once

#include "model/assert.h"
#include "scheduler/core/state.h"

namespace windlass::scheduler {

inline Pool& pool_of(State& state, PoolSeq seq) {
  const auto found = state.pools.find(seq);
  WINDLASS_ASSERT(found != state.pools.end());
  return found->second;
}

inline Job& job_of(State& state, JobSeq seq) {
  const auto found = state.jobs.find(seq);
  WINDLASS_ASSERT(found != state.jobs.end());
  return found->second;
}

inline Node& node_of(State& state, NodeSeq seq) {
  const auto found = state.nodes.find(seq);
  WINDLASS_ASSERT(found != state.nodes.end());
  return found->second;
}

}  // namespace windlass::scheduler
