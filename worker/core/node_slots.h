// How many task slots a node offers, and which runs hold them.
#pragma once

#include "worker/core/run.h"

#include <map>

namespace windlass::worker {

// Invariant: 0 <= slots_free() <= slots_total, and used slots are the sum over the runs held.
class NodeSlots {
 public:
  explicit NodeSlots(SlotCount slots_total);

  SlotCount slots_free() const { return slots_total_ - slots_used_; }
  SlotCount slots_total() const { return slots_total_; }

  // The run must hold nothing yet, and `required` must fit. What a job does for itself takes none.
  void take(RunId run, SlotCount required);

  // The run must hold slots: a run ends once.
  void give_back(RunId run);

  const std::map<RunId, SlotCount>& held() const { return held_; }

 private:
  SlotCount slots_total_;
  SlotCount slots_used_ = 0;
  std::map<RunId, SlotCount> held_;
};

}  // namespace windlass::worker
