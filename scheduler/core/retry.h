// What an end of an attempt means for its task.
#pragma once

#include "model/worker_message.h"

namespace windlass::scheduler {

enum class Verdict { succeed, fail, retry, run_again };

// Retries are for non-zero exits of the command, or of a coordination command, alone: what failed
// before the start, in an upload or by the wall clock is final, and what was lost runs again
// without being counted.
Verdict judge_end(const AttemptEnded& report, std::int32_t retries_done, std::int32_t retries_max);

}  // namespace windlass::scheduler
