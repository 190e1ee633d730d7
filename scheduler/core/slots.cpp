#include "scheduler/core/slots.h"

#include "model/assert.h"

namespace windlass::scheduler {

void NodeSlots::take(const AttemptId& attempt, SlotCount required) {
  WINDLASS_ASSERT(required > 0);
  WINDLASS_ASSERT(required <= free());
  const bool inserted = held_.emplace(attempt, required).second;
  WINDLASS_ASSERT(inserted);
  used_ += required;
}

SlotCount NodeSlots::give_back(const AttemptId& attempt) {
  const auto found = held_.find(attempt);
  if (found == held_.end()) return 0;
  const SlotCount freed = found->second;
  held_.erase(found);
  used_ -= freed;
  WINDLASS_ASSERT(used_ >= 0);
  return freed;
}

}  // namespace windlass::scheduler
