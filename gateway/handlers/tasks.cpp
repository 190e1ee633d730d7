// Tasks: add, add collection, get, list, update, delete, terminate; the subtasks of one.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_task.h"
#include "api/write_task.h"
#include "bus/task_token.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/documents.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

std::string url_of(const Exchange& exchange, std::string_view job_id, std::string_view task_id) {
  return api::task_url(exchange.viewer.base_url, job_id, task_id);
}

// Encodes the document into the facts, or refuses a task that is too large.
Result<NewTask> encoded(api::ParsedTask parsed) {
  if (parsed.document.job_access) parsed.document.token_secret = new_token_secret();
  auto document = encoded_document(parsed.document);
  if (!document) return std::move(document.error());
  parsed.facts.document = std::move(*document);
  return std::move(parsed.facts);
}

struct TaskInUrl {
  std::string job_id;
  std::string task_id;
};
Result<TaskInUrl> task_in_url(const Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) return std::move(job_id.error());
  auto task_id = id_in_url(exchange, 1, ErrorCode::task_not_found);
  if (!task_id) return std::move(task_id.error());
  return TaskInUrl{std::move(*job_id), std::move(*task_id)};
}

template <class TaskCommand>
Async<Reply> change_task(Exchange& exchange, TaskCommand command) {
  auto place = task_in_url(exchange);
  if (!place) co_return std::move(place.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  command.job_id = place->job_id;
  command.task_id = place->task_id;
  command.conditions = std::move(*conditions);
  Request request(std::move(command));
  JobAnswer answer = co_await ask_job(exchange, place->job_id, std::move(request));
  co_return done(exchange, answer.shard, answer.answer,
                 url_of(exchange, place->job_id, place->task_id));
}

// Null where the request wants none of it.
Result<std::optional<TaskDocument>> document_of(const TaskView& view, const api::Select& select) {
  if (view.document.empty() || !select.wants_task_document()) return std::optional<TaskDocument>();
  auto document = decode_task_document(view.document);
  if (!document) return std::move(document.error());
  return std::optional<TaskDocument>(std::move(*document));
}

Status append_task(std::string& json, const TaskView& view, std::string_view job_id, ShardId shard,
                   const Exchange& exchange, const api::Select& select) {
  const auto document = document_of(view, select);
  if (!document) return document.error();
  api::write_task(json, view.record, *document ? &**document : nullptr, job_id, shard,
                  exchange.viewer, select);
  return ok();
}

}  // namespace

Async<Reply> task_add(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  if (auto refused = job_refusal(exchange, *job_id)) co_return std::move(*refused);
  auto parsed = api::parse_add_task(exchange.request.body);
  if (!parsed) co_return std::move(parsed.error());
  auto task = encoded(std::move(*parsed));
  if (!task) co_return std::move(task.error());
  const std::string task_id = task->id;
  AddTasks add{*job_id, {}};
  add.tasks.push_back(std::move(*task));
  Request request(std::move(add));
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto added = expect<TasksAdded>(answer.answer);
  if (!added) co_return std::move(added.error());
  if (added->outcomes.size() != 1)
    co_return Error{ErrorCode::internal_error, {}, {{"Reason", "no outcome for the task"}}};
  TaskOutcome& outcome = added->outcomes.front();
  if (outcome.error) co_return std::move(*outcome.error);
  HttpResponse response = success(exchange);
  add_version(response, answer.shard, outcome.version);
  add_location(exchange, response, url_of(exchange, *job_id, task_id));
  co_return std::move(response);
}

Async<Reply> task_add_collection(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  if (auto refused = job_refusal(exchange, *job_id)) co_return std::move(*refused);
  auto items = api::parse_add_task_collection(exchange.request.body);
  if (!items) co_return std::move(items.error());

  // Items that are bad by themselves are not sent; their outcomes wait here, the others have none.
  std::vector<std::optional<Error>> refused(items->size());
  AddTasks add{*job_id, {}};
  add.tasks.reserve(items->size());
  for (std::size_t i = 0; i < items->size(); ++i) {
    api::ParsedItem& item = (*items)[i];
    if (!item.task) {
      refused[i] = std::move(item.task.error());
      continue;
    }
    auto task = encoded(std::move(*item.task));
    if (task)
      add.tasks.push_back(std::move(*task));
    else
      refused[i] = std::move(task.error());
  }
  // Asked even when no item is left: the job may not be there.
  const std::size_t sent = add.tasks.size();
  Request request(std::move(add));
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto added = expect<TasksAdded>(answer.answer);
  if (!added) co_return std::move(added.error());
  if (added->outcomes.size() != sent)
    co_return Error{ErrorCode::internal_error, {}, {{"Reason", "not one outcome for each task"}}};

  std::string json;
  json.reserve(items->size() * 300);
  api::ListWriter writer(json, exchange.viewer.base_url, "taskaddresult");
  std::size_t next = 0;
  for (std::size_t i = 0; i < items->size(); ++i) {
    TaskOutcome outcome;
    if (refused[i])
      outcome.error = std::move(refused[i]);
    else
      outcome = std::move(added->outcomes[next++]);
    api::write_task_outcome(json, *job_id, (*items)[i].task_id, outcome, answer.shard,
                            exchange.viewer, exchange.request_id, exchange.now);
  }
  writer.finish();
  co_return success(exchange, std::move(json));
}

Async<Reply> task_get(Exchange& exchange) {
  auto place = task_in_url(exchange);
  if (!place) co_return std::move(place.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  auto select = select_of(exchange, api::Entity::task);
  if (!select) co_return std::move(select.error());
  Request request(GetTask{place->job_id, place->task_id, std::move(*conditions)});
  JobAnswer answer = co_await ask_job(exchange, place->job_id, std::move(request));
  auto task = expect<TaskView>(answer.answer);
  if (!task) co_return std::move(task.error());
  std::string json;
  if (const Status written =
          append_task(json, *task, place->job_id, answer.shard, exchange, *select);
      !written)
    co_return written.error();
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, answer.shard, task->record.version);
  response.headers.emplace_back("DataServiceId", url_of(exchange, place->job_id, place->task_id));
  co_return std::move(response);
}

// Not paged: there are 255 at most.
Async<Reply> task_list_subtasks(Exchange& exchange) {
  auto place = task_in_url(exchange);
  if (!place) co_return std::move(place.error());
  auto select = select_of(exchange, api::Entity::subtask);
  if (!select) co_return std::move(select.error());
  Request request(GetTask{place->job_id, place->task_id, {}});
  JobAnswer answer = co_await ask_job(exchange, place->job_id, std::move(request));
  auto task = expect<TaskView>(answer.answer);
  if (!task) co_return std::move(task.error());
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "subtasks");
  for (std::size_t i = 0; i < task->record.subtasks.size(); ++i)
    api::write_subtask(json, task->record, i, place->job_id, exchange.viewer, *select);
  writer.finish();
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, answer.shard, task->record.version);
  co_return std::move(response);
}

Async<Reply> task_list(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  auto list = list_request(exchange, query::task_filter_schema(), api::Entity::task);
  if (!list) co_return std::move(list.error());
  Request request(ListTasks{*job_id, list->page});
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto page = expect<Page<TaskView>>(answer.answer);
  if (!page) co_return std::move(page.error());
  std::string json;
  json.reserve(page->entries.size() * 700);
  api::ListWriter writer(json, exchange.viewer.base_url, "tasks");
  for (const TaskView& task : page->entries) {
    if (const Status written =
            append_task(json, task, *job_id, answer.shard, exchange, list->select);
        !written)
      co_return written.error();
  }
  writer.finish(link_after(exchange, page->next));
  co_return success(exchange, std::move(json));
}

Async<Reply> task_update(Exchange& exchange) {
  auto change = api::parse_put_task(exchange.request.body);
  if (!change) co_return std::move(change.error());
  co_return co_await change_task(exchange, std::move(*change));
}

Async<Reply> task_delete(Exchange& exchange) {
  return change_task(exchange, DeleteTask{});
}

Async<Reply> task_terminate(Exchange& exchange) {
  return change_task(exchange, TerminateTask{});
}

Async<Reply> task_reactivate(Exchange& exchange) {
  return change_task(exchange, ReactivateTask{});
}

}  // namespace windlass::gateway
