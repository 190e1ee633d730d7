// The page of a list of jobs: all of an account, or those of a schedule.
#pragma once

#include "gateway/handlers/replying.h"

#include <string>

namespace windlass::gateway {

Async<Reply> list_jobs(Exchange& exchange, ListRequest list, std::string schedule_id);

}  // namespace windlass::gateway
