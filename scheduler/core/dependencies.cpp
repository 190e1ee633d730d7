#include "scheduler/core/dependencies.h"

#include "model/assert.h"

namespace windlass::scheduler {

const std::set<TaskSeq>& Dependencies::children(const std::string& parent) const {
  static const std::set<TaskSeq> kNone;
  const auto found = by_parent_.find(parent);
  return found == by_parent_.end() ? kNone : found->second;
}

const Dependencies::RangeState* Dependencies::find_range(const TaskIdRange& range) const {
  const auto found = by_range_.find(range);
  return found == by_range_.end() ? nullptr : &found->second.state;
}

std::vector<TaskIdRange> Dependencies::ranges_with(std::int32_t number) const {
  std::vector<TaskIdRange> ranges;
  for (const auto& [range, wait] : by_range_) {
    if (range.start > number) break;
    if (number <= range.end) ranges.push_back(range);
  }
  return ranges;
}

void Dependencies::add(TaskSeq task, SlotCount slots, Unmet unmet) {
  WINDLASS_ASSERT(!unmet.empty());
  Waiting waiting{slots, std::move(unmet.ids), {}};
  for (const std::string& parent : waiting.ids) by_parent_[parent].insert(task);
  for (const auto& [range, state] : unmet.ranges) {
    WINDLASS_ASSERT(state.missing > 0);
    waiting.ranges.insert(range);
    by_range_.try_emplace(range, Range{state, {}}).first->second.children.insert(task);
  }
  const bool inserted = waiting_.emplace(task, std::move(waiting)).second;
  WINDLASS_ASSERT(inserted);
  if (unmet.blocked) blocked_.insert(task);
}

Dependencies::Freed Dependencies::satisfy(const std::string& parent) {
  Freed freed;
  const auto children = by_parent_.find(parent);
  if (children == by_parent_.end()) return freed;
  for (const TaskSeq child : children->second) {
    const std::size_t erased = waiting_.at(child).ids.erase(parent);
    WINDLASS_ASSERT(erased == 1);
    settle(child, freed);
  }
  by_parent_.erase(children);
  return freed;
}

Dependencies::Freed Dependencies::satisfy(std::int32_t number) {
  Freed freed;
  for (const TaskIdRange& range : ranges_with(number)) {
    const auto found = by_range_.find(range);
    if (--found->second.state.missing > 0) continue;
    for (const TaskSeq child : found->second.children) {
      const std::size_t erased = waiting_.at(child).ranges.erase(range);
      WINDLASS_ASSERT(erased == 1);
      settle(child, freed);
    }
    by_range_.erase(found);
  }
  return freed;
}

void Dependencies::settle(TaskSeq child, Freed& freed) {
  const auto waiting = waiting_.find(child);
  WINDLASS_ASSERT(waiting != waiting_.end());
  if (!waiting->second.empty()) return;
  freed.emplace_back(child, waiting->second.slots);
  waiting_.erase(waiting);
  blocked_.erase(child);
}

void Dependencies::remove(TaskSeq task) {
  const auto waiting = waiting_.find(task);
  if (waiting == waiting_.end()) return;
  for (const std::string& parent : waiting->second.ids) {
    const auto children = by_parent_.find(parent);
    WINDLASS_ASSERT(children != by_parent_.end());
    children->second.erase(task);
    if (children->second.empty()) by_parent_.erase(children);
  }
  for (const TaskIdRange& range : waiting->second.ranges) {
    const auto wait = by_range_.find(range);
    WINDLASS_ASSERT(wait != by_range_.end());
    wait->second.children.erase(task);
    if (wait->second.children.empty()) by_range_.erase(wait);
  }
  waiting_.erase(waiting);
  blocked_.erase(task);
}

void Dependencies::block(const std::string& parent) {
  const std::set<TaskSeq>& tasks = children(parent);
  blocked_.insert(tasks.begin(), tasks.end());
}

void Dependencies::block(std::int32_t number) {
  for (const TaskIdRange& range : ranges_with(number)) {
    Range& wait = by_range_.at(range);
    wait.state.blocked = true;
    blocked_.insert(wait.children.begin(), wait.children.end());
  }
}

void Dependencies::set_blocked(TaskSeq task, bool blocked) {
  WINDLASS_ASSERT(waits(task));
  if (blocked)
    blocked_.insert(task);
  else
    blocked_.erase(task);
}

void Dependencies::set_blocked(const TaskIdRange& range, bool blocked) {
  by_range_.at(range).state.blocked = blocked;
}

}  // namespace windlass::scheduler
