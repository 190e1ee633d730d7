// How a task is written densely, alone (task_row.h) or as one of many in a journal record
// (events.h). Only codec/*.cpp include this.
#pragma once

#include "model/shard_rows.h"
#include "schema/codec/dense.h"

#include <array>
#include <vector>

namespace windlass::codec {

// What neighbours in one record have in common is written once. Writer and reader start with an
// equal (fresh) one and take the same tasks through it in the same order.
struct TaskNeighbour {
  bool alone = false;  // of the writer: nothing that it would remember comes again
  WallTime creation_time;
  EventNumber event = 0;
  std::vector<TaskNode> nodes;  // seen so far, up to kNodesRemembered
  // Of the writer: by a hash of the id, which of them it could be (from 1; 0: none). One that is
  // not found again is written once more, which a reader takes as it is.
  std::array<std::uint8_t, 256> places{};
};

// `task` without its key. Of an ended task there are no dependencies and no affinity.
void put_dense_task(DenseWriter& out, TaskNeighbour& neighbour, const TaskRecord& record,
                    const std::vector<std::string>& depends_on_ids,
                    const std::vector<TaskIdRange>& depends_on_ranges,
                    std::string_view affinity_id);
void take_dense_task(DenseReader& in, TaskNeighbour& neighbour, OpenTask& task);

}  // namespace windlass::codec
