// What clients ask of single nodes: whether they may have tasks, and to begin anew.
#pragma once

#include "scheduler/core/jobs.h"

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const DisableNodeScheduling& command);
Decision decide(Step& step, const std::string& account, const EnableNodeScheduling& command);
Decision decide(Step& step, const std::string& account, const RestartNode& command);

// A restart was asked for, and what the worker says of the node is about a time before it.
inline bool awaits_restart(const NodeRecord& node) {
  return node.restarts_begun < node.restarts_wanted;
}
// What such a node is called.
NodeState state_before_restart(NodeRestart restart);

// Tells the worker of a node that awaits its restart, once nothing runs there. May be said again.
void begin_restart_if_empty(Step& step, NodeSeq node);

}  // namespace windlass::scheduler
