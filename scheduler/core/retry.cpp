#include "scheduler/core/retry.h"

#include "model/museum.h"

namespace windlass::scheduler {

Verdict judge_end(const AttemptEnded& report, std::int32_t retries_done, std::int32_t retries_max) {
  switch (report.end) {
    case AttemptEnd::exited:
    case AttemptEnd::coordination_failed:
      if (report.exit_code == 0) return Verdict::succeed;
      if (retries_max < 0 || retries_done < retries_max || WINDLASS_PLANTED(retries_unlimited))
        return Verdict::retry;
      return Verdict::fail;
    case AttemptEnd::wall_clock:
    case AttemptEnd::not_started:
    case AttemptEnd::upload_failed:
      return Verdict::fail;
    case AttemptEnd::stopped:  // nobody here asked for it, or it would linger
    case AttemptEnd::lost:
      return Verdict::run_again;
  }
  return Verdict::run_again;
}

}  // namespace windlass::scheduler
