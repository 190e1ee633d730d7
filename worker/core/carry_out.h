// The order in which effects are carried out (effects.h says why), in one place. `Hands` does the
// work: save_grants(), append_spool(frames), do_work(work), send(messages). It may throw in
// between: then the process is over, and what was not done is not done.
#pragma once

#include "model/fault_points.h"
#include "worker/core/effects.h"

namespace windlass::worker {

template <class Hands>
void carry_out(Effects& effects, Hands& hands) {
  if (effects.grants_changed) {
    hands.save_grants();
    may_die(FaultPoint::crash_after_grants);
  }
  hands.append_spool(effects.spool);
  if (!effects.spool.empty()) may_die(FaultPoint::crash_before_spawn);
  hands.do_work(effects.work);
  if (!effects.work.empty()) may_die(FaultPoint::crash_after_spawn);
  if (!effects.messages.empty()) may_stall(FaultPoint::stall_before_reports);
  hands.send(effects.messages);
  effects.clear();
}

}  // namespace windlass::worker
