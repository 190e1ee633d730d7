#include "scheduler/core/queue.h"

#include "model/assert.h"

namespace windlass::scheduler {

void ReadyQueue::push(TaskSeq task, SlotCount slots) {
  WINDLASS_ASSERT(slots > 0);
  std::set<TaskSeq>& tasks = by_slots_[slots];
  const std::size_t before = tasks.size();
  tasks.insert(tasks.end(), task);  // new tasks come last
  WINDLASS_ASSERT(tasks.size() == before + 1);
  ++size_;
}

bool ReadyQueue::remove(TaskSeq task, SlotCount slots) {
  const auto found = by_slots_.find(slots);
  if (found == by_slots_.end()) return false;
  std::set<TaskSeq>& tasks = found->second;
  if (*tasks.begin() == task)  // as dispatching takes them
    tasks.erase(tasks.begin());
  else if (tasks.erase(task) == 0)
    return false;
  if (tasks.empty()) by_slots_.erase(found);
  --size_;
  return true;
}

std::optional<SlotCount> ReadyQueue::remove(TaskSeq task) {
  for (const auto& [slots, tasks] : by_slots_) {
    if (!tasks.contains(task)) continue;
    const SlotCount width = slots;
    remove(task, width);
    return width;
  }
  return std::nullopt;
}

bool ReadyQueue::contains(TaskSeq task, SlotCount slots) const {
  const auto found = by_slots_.find(slots);
  return found != by_slots_.end() && found->second.contains(task);
}

std::optional<ReadyQueue::Entry> ReadyQueue::first_fitting(SlotCount slots_max,
                                                           std::optional<TaskSeq> left_out) const {
  std::optional<Entry> best;
  for (const auto& [slots, tasks] : by_slots_) {
    if (slots > slots_max) break;
    auto oldest = tasks.begin();
    if (*oldest == left_out && ++oldest == tasks.end()) continue;
    const TaskSeq first = *oldest;
    if (!best || first < best->task) best = Entry{first, slots};
  }
  return best;
}

std::optional<SlotCount> ReadyQueue::narrowest() const {
  if (by_slots_.empty()) return std::nullopt;
  return by_slots_.begin()->first;
}

}  // namespace windlass::scheduler
