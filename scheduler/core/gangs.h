// Multi-instance tasks: several idle nodes at once, or none. On each of them an instance runs the
// task's coordination command, and when all of these have returned 0 the primary runs the task's
// own. Instances are attempts like others (instance_key); they begin together and none outlives
// the attempt of the whole (attempts.h).
//
// No node is kept idle for a gang that cannot begin, but for one: the foremost of its pool that the
// pool could ever hold. When as many tasks of its priority or below have begun before it as it
// wants nodes, nodes that become free are left to it. So it waits no longer than what runs then.
#pragma once

#include "scheduler/core/step.h"

#include <optional>
#include <vector>

namespace windlass::scheduler {

// Whether multi-instance tasks can run in such a pool at all; elsewhere they wait for ever.
bool suits_gangs(const PoolSpec& pool);

// A ready gang of the job that could begin now, and its nodes, the primary's first.
struct GangChoice {
  TaskSeq task = 0;
  std::vector<NodeSeq> nodes;
};
// The job's oldest that fits, or of all of them `only`.
std::optional<GangChoice> choose_gang(const State& state, const Pool& pool, const Job& job,
                                      std::optional<TaskKey> only = std::nullopt);

// Which gang of the pool is waited for now. At the beginning of its dispatch.
void await_gang(State& state, PoolSeq pool, const PoolQueue& queue);
// The same, once nodes are to be left to it.
std::optional<TaskKey> gang_that_keeps_nodes(const State& state, const Pool& pool);
// A task has begun: the gang that is waited for was passed, or is waited for no more.
void note_begun(State& state, PoolSeq pool, const TaskKey& task);

// Takes the nodes in one event. What is to be prepared first, waits for it everywhere.
void begin_gang(Step& step, const Pool& pool, const Job& job, OpenTask open,
                const std::vector<NodeSeq>& nodes);
// Whether its job's preparation keeps any of its nodes waiting.
bool waits_for_preparations(const State& state, const Job& job, const TaskRecord& task);
// From preparing to running: all its nodes are prepared, and their workers can be told.
void start_prepared_gang(Step& step, const TaskRecord& task);
bool can_tell_all(const State& state, const TaskRecord& task);

// The instance's coordination command has returned 0. False when that is old or of nothing.
bool take_instance_ready(Step& step, const AttemptId& id);
// The same, where that is known already: tells the primary if it was the last.
void begin_if_all_are_ready(Step& step, const TaskKey& instance);
NodeSeq node_of_instance(const State& state, const RunningTask& running, std::int32_t instance);
// What a primary's worker may not have heard is said again.
void repeat_gang_orders(Step& step, NodeSeq node);

// All that is known of the subtasks when their task leaves its nodes.
void end_subtasks(TaskRecord& task, WallTime now);
// One of them has ended by itself; `task` is the whole.
void end_subtask(Subtask& subtask, const AttemptEnded& report, WallTime now);
// Why the whole failed, when it was an instance that did before the task's command began.
FailureInfo instance_failure(const AttemptEnded& report);

}  // namespace windlass::scheduler
