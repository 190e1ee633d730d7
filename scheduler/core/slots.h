// How many task slots a node offers, and who holds them: running attempts, and lingering ones that
// the record has left but whose processes may live.
#pragma once

#include "model/worker_message.h"

#include <boost/container/flat_map.hpp>

namespace windlass::scheduler {

// Invariant: 0 <= free() <= total, and used is the sum over the holders.
class NodeSlots {
 public:
  // Few, and they come mostly in this order: by shard, task and attempt.
  using Held = boost::container::flat_map<AttemptId, SlotCount>;

  explicit NodeSlots(SlotCount total) : total_(total) {}

  SlotCount total() const { return total_; }
  SlotCount used() const { return used_; }
  SlotCount free() const { return total_ - used_; }

  // The attempt must hold nothing yet, and `required` must fit.
  void take(const AttemptId& attempt, SlotCount required);
  // Returns what was freed. Zero when the attempt held nothing: workers may report an end twice.
  SlotCount give_back(const AttemptId& attempt);
  bool holds(const AttemptId& attempt) const { return held_.contains(attempt); }

  const Held& held() const { return held_; }

 private:
  SlotCount total_;
  SlotCount used_ = 0;
  Held held_;
};

}  // namespace windlass::scheduler
