// Pools that are made with a job and go with it (poolInfo.autoPoolSpecification).
#pragma once

#include "scheduler/core/step.h"

#include <optional>
#include <string>

namespace windlass::scheduler {

// Makes the pool and returns its id, {prefix}_{GUID}: one that hashes to this shard, so that
// whoever wants the pool and the pool itself are changed by one commit.
std::string make_auto_pool(Step& step, const std::string& account, const AutoPoolSpec& spec);

// The job has ended: the pool that was made for it alone goes `grace` later, unless it is kept.
void release_auto_pool(Step& step, const JobRecord& job, Duration grace);
// The pool goes `grace` later. Nothing happens to one that is not there, or goes already.
void release_pool(Step& step, const std::string& account, const std::string& pool_id,
                  Duration grace);
// The time of a released pool may have come.
void check_auto_pool_clock(Step& step, PoolSeq pool);

// Of a pool that a job has by itself only keepAlive can be changed, and there is no other way to
// it.
std::optional<Error> refuses_pool_change(const JobSpec& job, const JobChange& change);

}  // namespace windlass::scheduler
