// What a task may ask for with its token: everything of its own job, while it has not completed.
#pragma once

#include "gateway/exchange.h"
#include "gateway/task_token.h"

namespace windlass::gateway {

// Otherwise authentication_failed, or forbidden: what is asked for is not of a job.
Async<Status> admit_task(Exchange& exchange, TaskToken token, std::string presented);

}  // namespace windlass::gateway
