// What a task may ask for with its token: everything of its own job, while it has not completed.
#pragma once

#include "bus/task_token.h"
#include "gateway/exchange.h"

namespace windlass::gateway {

// `presented` is the token that `name` was read from. Otherwise authentication_failed, or
// forbidden: what is asked for is not of a job.
Async<Status> admit_task(Exchange& exchange, TaskTokenName name, std::string presented);

}  // namespace windlass::gateway
