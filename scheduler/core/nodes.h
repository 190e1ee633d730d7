// Pools and nodes over time: claims of offers, draining, workers that come, report and go.
#pragma once

#include "scheduler/core/jobs.h"

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const AddPool& command);
Decision decide(Step& step, const std::string& account, const DeletePool& command);
Decision decide(Step& step, const std::string& account, const PatchPool& command);
Decision decide(Step& step, const std::string& account, const ResizePool& command);
Decision decide(Step& step, const std::string& account, const StopResize& command);
Decision decide(Step& step, const std::string& account, const DisableNodeScheduling& command);
Decision decide(Step& step, const std::string& account, const EnableNodeScheduling& command);

// Works toward the pool's targets: claims, drains, and says steady when they are met. Idempotent.
void pursue_targets(Step& step, PoolSeq pool);
void check_resize_clock(Step& step, PoolSeq pool);
std::optional<WallTime> resize_deadline(const PoolRecord& pool);

// Gives an empty draining node back to its worker.
void return_if_empty(Step& step, NodeSeq node);

}  // namespace windlass::scheduler
