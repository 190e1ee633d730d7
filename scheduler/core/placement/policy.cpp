#include "scheduler/core/placement/policy.h"

namespace windlass::scheduler {

SlotCount widest_gap(const PlaceableNodes& nodes) {
  return nodes.empty() ? 0 : nodes.rbegin()->first;
}

std::optional<NodeSeq> spread(const PlaceableNodes& nodes, SlotCount required) {
  const SlotCount most = widest_gap(nodes);
  if (most < required) return std::nullopt;
  return nodes.lower_bound({most, 0})->second;
}

std::optional<NodeSeq> pack(const PlaceableNodes& nodes, SlotCount required) {
  const auto found = nodes.lower_bound({required, 0});
  if (found == nodes.end()) return std::nullopt;
  return found->second;
}

std::optional<NodeSeq> place(NodeFillType fill, const PlaceableNodes& nodes, SlotCount required) {
  return fill == NodeFillType::pack ? pack(nodes, required) : spread(nodes, required);
}

}  // namespace windlass::scheduler
