// Where a task goes among the nodes that have room. One function to a policy; all are pure.
#pragma once

#include "model/ids.h"
#include "model/pool.h"

#include <optional>
#include <set>
#include <utility>

namespace windlass::scheduler {

// Nodes that may take a task, by (free slots, node).
using PlaceableNodes = std::set<std::pair<SlotCount, NodeSeq>>;

// The node with the most free slots, the oldest among equals.
std::optional<NodeSeq> spread(const PlaceableNodes& nodes, SlotCount required);
// The node with the fewest free slots that still fits, the oldest among equals.
std::optional<NodeSeq> pack(const PlaceableNodes& nodes, SlotCount required);

std::optional<NodeSeq> place(NodeFillType fill, const PlaceableNodes& nodes, SlotCount required);

// The most slots that one task can get now; zero without nodes.
SlotCount widest_gap(const PlaceableNodes& nodes);

}  // namespace windlass::scheduler
