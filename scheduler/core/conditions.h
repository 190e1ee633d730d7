// Conditional requests, judged where the truth is.
#pragma once

#include "model/common.h"
#include "model/error.h"

#include <optional>

namespace windlass::scheduler {

// The refusal, if the conditions are not met: not_modified for reads, condition_not_met else.
std::optional<Error> refused_by_conditions(const Conditions& conditions, ShardId shard,
                                           const Version& version, bool is_read);

}  // namespace windlass::scheduler
