// One request on its way through the handlers: what it says, who says it, and whom to ask.
#pragma once

#include "api/viewer.h"
#include "gateway/backend.h"
#include "gateway/core/job_cache.h"
#include "gateway/core/routes.h"
#include "gateway/core/target.h"
#include "gateway/http/message.h"
#include "model/result.h"

#include <string>

namespace windlass::gateway {

struct Exchange {
  const HttpRequest& request;
  Target target;
  RouteMatch route;
  std::string account;
  api::Viewer viewer;
  std::string request_id;
  WallTime now;
  MonoTime deadline;
  Backend& backend;
  JobCache& jobs;
  // Where a refusal has another status here than its code has elsewhere; 0: the code's.
  int& refusal_status;
};

// Refusals are worded by the front door (status, body, headers).
using Reply = Result<HttpResponse>;
using Handler = Async<Reply> (*)(Exchange&);

// Nothing: not built yet, 501.
Handler handler_of(Operation operation);

}  // namespace windlass::gateway
