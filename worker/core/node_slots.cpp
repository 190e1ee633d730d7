#include "worker/core/node_slots.h"

#include "model/assert.h"

namespace windlass::worker {

NodeSlots::NodeSlots(SlotCount slots_total) : slots_total_(slots_total) {
  WINDLASS_ASSERT(slots_total > 0);
}

void NodeSlots::take(RunId run, SlotCount required) {
  WINDLASS_ASSERT(required >= 0);
  WINDLASS_ASSERT(required <= slots_free());
  const bool inserted = held_.emplace(run, required).second;
  WINDLASS_ASSERT(inserted);
  slots_used_ += required;
}

void NodeSlots::give_back(RunId run) {
  const auto held = held_.find(run);
  WINDLASS_ASSERT(held != held_.end());
  slots_used_ -= held->second;
  WINDLASS_ASSERT(slots_used_ >= 0);
  held_.erase(held);
}

}  // namespace windlass::worker
