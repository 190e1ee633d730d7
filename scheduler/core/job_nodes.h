// A job's preparation and release on nodes. Preparation begins when the first task of the job is
// put on a node, and such tasks wait for it (`preparing`) unless the job says otherwise; release
// begins when the job ends, on each node that was prepared and can still run it. Runs of both are
// attempts (node_task_key) that hold no slot: the waiting task holds its own.
#pragma once

#include "scheduler/core/step.h"

#include <optional>

namespace windlass::scheduler {

// False on a node where the preparation failed that tasks have to wait for.
bool may_run_on(const Job& job, const Node& node);
// Whether its worker can be told to run something there now.
bool takes_assignments(const State& state, const Node& node);
// Whether a task that is put on the node now has to wait.
bool waits_for_preparation(const Job& job, const Node& node);
// Begins the preparation of the node, if it needs one and none is under way.
void prepare_node(Step& step, JobSeq job, NodeSeq node);

// The current run of a preparation or release, as AttemptId; for resync.
bool knows_node_task(const State& state, const AttemptId& id);
AttemptId node_task_attempt(const State& state, JobSeq job, NodeSeq node);

// Like take_report() of attempts.h, for attempts that are of no task.
bool take_node_task_report(Step& step, const AttemptEnded& report);

// What ran on the node is certainly over.
void lose_node_tasks(Step& step, NodeSeq node);
// The same, and it is gone for good: what is due there is skipped. Before NodeErased.
void leave_node(Step& step, NodeSeq node);

// The job ends: its preparations are told to.
void end_preparations(Step& step, JobSeq job);
// Says again to a worker what it may not have heard about this node.
void repeat_node_task_ends(Step& step, NodeSeq node);
// Whether something is left that the job's end waits for.
bool awaits_node_tasks(const Job& job);

// Begins releases that can begin, skips those that cannot any more. At the end of a batch.
void pursue_releases(Step& step);
// When releases that could not begin are given up.
std::optional<WallTime> release_deadline(const JobRecord& job);

}  // namespace windlass::scheduler
