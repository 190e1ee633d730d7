#include "gateway/handlers/task_access.h"

#include "bus/task_document.h"
#include "gateway/core/operation.h"
#include "gateway/handlers/asking.h"
#include "model/task.h"

namespace windlass::gateway {

namespace {

// Who has no token must not learn which jobs and tasks there are.
Error not_admitted() {
  return Error{ErrorCode::authentication_failed,
               "Server failed to authenticate the request.",
               {{"AuthenticationErrorDetail",
                 "The token is not that of a task of this job which has yet to complete"}}};
}

bool is_of_a_job(Operation operation) {
  constexpr std::string_view kJob = "/jobs/{jobId}";
  return info_of(operation).path.substr(0, kJob.size()) == kJob;
}

}  // namespace

Async<Status> admit_task(Exchange& exchange, TaskTokenName name, std::string presented) {
  if (!is_of_a_job(exchange.route.operation))
    co_return Error{ErrorCode::forbidden,
                    "The token of a task is good for the task's own job only.",
                    {{"Operation", std::string(info_of(exchange.route.operation).name)}}};
  std::string job_id = exchange.route.value(0);
  Request request(GetTask{job_id, name.task_id, {}});
  JobAnswer answer = co_await ask_job(exchange, job_id, std::move(request));
  const auto* view = std::get_if<TaskView>(&answer.answer);
  if (view == nullptr) {
    const auto* error = std::get_if<Error>(&answer.answer);
    const bool missing = error == nullptr || error->code == ErrorCode::task_not_found ||
                         error->code == ErrorCode::job_not_found;
    co_return missing ? not_admitted() : *error;
  }
  if (view->record.state == TaskState::completed) co_return not_admitted();
  const auto document = decode_task_document(view->document);
  if (!document || document->token_secret.empty()) co_return not_admitted();
  const std::string wanted = task_token(document->token_secret, name, job_id);
  if (!is_same_token(presented, wanted)) co_return not_admitted();
  co_return ok();
}

}  // namespace windlass::gateway
