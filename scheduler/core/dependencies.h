// Which tasks of a job wait for which others. Ids are lower-cased; a parent may not exist yet.
// Forgets a pair once it is satisfied: what was satisfied once stays so, as in Azure.
#pragma once

#include "model/ids.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace windlass::scheduler {

class Dependencies {
 public:
  struct Waiting {
    SlotCount slots = 0;
    std::set<std::string> unmet;
  };

  bool waits(TaskSeq task) const { return waiting_.contains(task); }
  std::size_t size() const { return waiting_.size(); }
  const std::map<TaskSeq, Waiting>& waiting() const { return waiting_; }

  // `unmet` must not be empty.
  void add(TaskSeq task, SlotCount slots, std::set<std::string> unmet);
  // The parent is completed and satisfies: returns the tasks that wait for nothing more, in order.
  std::vector<std::pair<TaskSeq, SlotCount>> satisfy(const std::string& parent);
  // The waiting task is gone (terminated or deleted).
  void remove(TaskSeq task);

 private:
  std::map<TaskSeq, Waiting> waiting_;
  std::map<std::string, std::set<TaskSeq>> by_parent_;
};

}  // namespace windlass::scheduler
