// What becomes of the tasks of a node that is to have none.
#pragma once

#include "scheduler/core/step.h"

#include <string>

namespace windlass::scheduler {

enum class TasksOfNode : std::uint8_t { requeue, end, keep };
// Whether the task's requeueCount tells of it.
enum class Requeue : std::uint8_t { counted, uncounted };

TasksOfNode fate_of(NodeDeallocationOption option);

// `why`: what those that end are told.
void empty_node(Step& step, NodeSeq node, TasksOfNode fate, Requeue requeue,
                const std::string& why);

}  // namespace windlass::scheduler
