#include "scheduler/core/dependencies.h"

#include "model/assert.h"

namespace windlass::scheduler {

void Dependencies::add(TaskSeq task, SlotCount slots, std::set<std::string> unmet) {
  WINDLASS_ASSERT(!unmet.empty());
  for (const std::string& parent : unmet) by_parent_[parent].insert(task);
  const bool inserted = waiting_.emplace(task, Waiting{slots, std::move(unmet)}).second;
  WINDLASS_ASSERT(inserted);
}

std::vector<std::pair<TaskSeq, SlotCount>> Dependencies::satisfy(const std::string& parent) {
  std::vector<std::pair<TaskSeq, SlotCount>> freed;
  const auto children = by_parent_.find(parent);
  if (children == by_parent_.end()) return freed;
  for (const TaskSeq child : children->second) {
    const auto waiting = waiting_.find(child);
    WINDLASS_ASSERT(waiting != waiting_.end());
    const std::size_t erased = waiting->second.unmet.erase(parent);
    WINDLASS_ASSERT(erased == 1);
    if (!waiting->second.unmet.empty()) continue;
    freed.emplace_back(child, waiting->second.slots);
    waiting_.erase(waiting);
  }
  by_parent_.erase(children);
  return freed;
}

void Dependencies::remove(TaskSeq task) {
  const auto waiting = waiting_.find(task);
  if (waiting == waiting_.end()) return;
  for (const std::string& parent : waiting->second.unmet) {
    const auto children = by_parent_.find(parent);
    WINDLASS_ASSERT(children != by_parent_.end());
    children->second.erase(task);
    if (children->second.empty()) by_parent_.erase(children);
  }
  waiting_.erase(waiting);
}

}  // namespace windlass::scheduler
