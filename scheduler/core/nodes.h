// Pools and how their nodes come and go: claims of offers, draining.
#pragma once

#include "scheduler/core/jobs.h"

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const AddPool& command);
Decision decide(Step& step, const std::string& account, const DeletePool& command);
Decision decide(Step& step, const std::string& account, const PatchPool& command);
Decision decide(Step& step, const std::string& account, const ResizePool& command);
Decision decide(Step& step, const std::string& account, const StopResize& command);
Decision decide(Step& step, const std::string& account, const ReplacePoolProperties& command);
Decision decide(Step& step, const std::string& account, const RemoveNodes& command);

// The pool is made, or goes, whoever wants it: the refusals are for the caller to have asked.
Version add_pool(Step& step, const std::string& account, const PoolSpec& spec);
Version delete_pool(Step& step, PoolSeq pool);

// Works toward the pool's targets: claims, drains, and says steady when they are met. Idempotent.
void pursue_targets(Step& step, PoolSeq pool);
void check_resize_clock(Step& step, PoolSeq pool);
std::optional<WallTime> resize_deadline(const PoolRecord& pool);

// What an empty node has waited for: a draining one goes back to its worker, and one that is to
// restart does.
void settle_node(Step& step, NodeSeq node);
// What a node of the pool needs to know.
NodePlan plan_of(const Pool& pool, bool dedicated);
// What its worker is told when a node is empty and leaves.
ReturnNode return_request(const NodeRecord& node);

}  // namespace windlass::scheduler
