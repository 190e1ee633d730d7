// The tasks of one job that could run now, first in, first out by creation. Kept by width
// (required slots, or the nodes that a multi-instance task wants), so that a task too wide for what
// is at hand never hides the narrow ones behind it, and so that looking for the next one does not
// scan.
#pragma once

#include "model/ids.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>

namespace windlass::scheduler {

class ReadyQueue {
 public:
  struct Entry {
    TaskSeq task = 0;
    SlotCount slots = 0;
  };

  void push(TaskSeq task, SlotCount slots);
  // False when it was not queued.
  bool remove(TaskSeq task, SlotCount slots);
  // The same of a task whose width is not at hand; how wide it was.
  std::optional<SlotCount> remove(TaskSeq task);
  bool contains(TaskSeq task, SlotCount slots) const;

  // The oldest task that needs at most `slots_max`, but for one that is left out.
  std::optional<Entry> first_fitting(SlotCount slots_max,
                                     std::optional<TaskSeq> left_out = std::nullopt) const;
  // The fewest slots that any queued task needs; none when empty.
  std::optional<SlotCount> narrowest() const;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  template <class Visitor>
  void each(Visitor&& visit) const {
    for (const auto& [slots, tasks] : by_slots_) {
      for (const TaskSeq task : tasks) visit(task, slots);
    }
  }

 private:
  std::map<SlotCount, std::set<TaskSeq>> by_slots_;  // no empty sets
  std::size_t size_ = 0;
};

}  // namespace windlass::scheduler
