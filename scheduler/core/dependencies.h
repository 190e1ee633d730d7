// Which tasks of a job wait for which others: by id (lower-cased; a parent may not exist yet) and
// by ranges of numbers. Forgets a pair once it is satisfied: what was satisfied once stays so, as
// in Azure. A task is blocked when something that it waits for has ended without satisfying it.
#pragma once

#include "model/task.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windlass::scheduler {

class Dependencies {
 public:
  struct RangeState {
    std::int64_t missing = 0;  // numbers that are not satisfied yet
    bool blocked = false;
  };
  // What a task waits for.
  struct Unmet {
    std::set<std::string> ids;
    std::map<TaskIdRange, RangeState> ranges;
    bool blocked = false;
    bool empty() const { return ids.empty() && ranges.empty(); }
  };
  struct Waiting {
    SlotCount slots = 0;
    std::set<std::string> ids;
    std::set<TaskIdRange> ranges;
    bool empty() const { return ids.empty() && ranges.empty(); }
  };
  // Tasks that wait for nothing more, in order, with their slots.
  using Freed = std::vector<std::pair<TaskSeq, SlotCount>>;

  bool waits(TaskSeq task) const { return waiting_.contains(task); }
  std::size_t size() const { return waiting_.size(); }
  const std::map<TaskSeq, Waiting>& waiting() const { return waiting_; }
  const std::set<TaskSeq>& blocked() const { return blocked_; }
  const std::set<TaskSeq>& children(const std::string& parent) const;
  // Null when nobody waits for this range.
  const RangeState* find_range(const TaskIdRange& range) const;
  std::vector<TaskIdRange> ranges_with(std::int32_t number) const;

  // `unmet` must not be empty.
  void add(TaskSeq task, SlotCount slots, Unmet unmet);
  // The parent is completed and satisfies.
  Freed satisfy(const std::string& parent);
  // So does a task of this number, as the first.
  Freed satisfy(std::int32_t number);
  // The waiting task is gone (terminated or deleted).
  void remove(TaskSeq task);

  // The parent is completed and does not satisfy.
  void block(const std::string& parent);
  void block(std::int32_t number);
  // That is different now, or may be.
  void set_blocked(TaskSeq task, bool blocked);
  void set_blocked(const TaskIdRange& range, bool blocked);

 private:
  struct Range {
    RangeState state;
    std::set<TaskSeq> children;
  };

  // The child waits for one thing less.
  void settle(TaskSeq child, Freed& freed);

  std::map<TaskSeq, Waiting> waiting_;
  std::set<TaskSeq> blocked_;
  std::map<std::string, std::set<TaskSeq>> by_parent_;
  std::map<TaskIdRange, Range> by_range_;
};

}  // namespace windlass::scheduler
