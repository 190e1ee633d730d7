// Jobs: add, get, list, patch, put, delete, terminate, enable, disable; counts of their tasks.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_job.h"
#include "api/write_job.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/merge.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/documents.h"
#include "gateway/handlers/listing_jobs.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

std::string url_of(const Exchange& exchange, std::string_view job_id) {
  return api::job_url(exchange.viewer.base_url, job_id);
}

template <class JobCommand>
Async<Reply> change_job(Exchange& exchange, JobCommand command) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  command.job_id = *job_id;
  command.conditions = std::move(*conditions);
  Request request(std::move(command));
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  co_return done(exchange, answer.shard, answer.answer, url_of(exchange, *job_id));
}

}  // namespace

Async<Reply> job_add(Exchange& exchange) {
  auto parsed = api::parse_add_job(exchange.request.body);
  if (!parsed) co_return std::move(parsed.error());
  auto spec = encoded_job(std::move(*parsed));
  if (!spec) co_return std::move(spec.error());
  const std::string job_id = spec->id;
  const ShardId home = shard_of(exchange.account, job_id, exchange.backend.shards_total());
  Request request(AddJob{std::move(*spec)});
  Answer answer = co_await ask(exchange, home, std::move(request));
  auto made = expect<JobMadeAt>(answer);
  if (!made) co_return std::move(made.error());
  exchange.jobs.put(exchange.account, job_id, made->shard);
  HttpResponse response = success(exchange);
  add_version(response, made->shard, made->version);
  add_location(exchange, response, url_of(exchange, job_id));
  co_return std::move(response);
}

Async<Reply> job_get(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  auto select = select_of(exchange, api::Entity::job);
  if (!select) co_return std::move(select.error());
  Request request(GetJob{*job_id, std::move(*conditions)});
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto job = expect<JobRecord>(answer.answer);
  if (!job) co_return std::move(job.error());
  std::string json;
  const auto documents = decoded_documents(job->spec);
  if (!documents) co_return documents.error();
  api::write_job(json, *job, answer.shard, exchange.viewer, *select, *documents);
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, answer.shard, job->version);
  co_return std::move(response);
}

Async<Reply> job_list(Exchange& exchange) {
  auto list = list_request(exchange, query::job_filter_schema(), api::Entity::job);
  if (!list) co_return std::move(list.error());
  co_return co_await list_jobs(exchange, std::move(*list), {});
}

Async<Reply> list_jobs(Exchange& exchange, ListRequest list, std::string schedule_id) {
  Request request(ListJobs{list.page, std::move(schedule_id)});
  auto answers = co_await ask_all(exchange, std::move(request));
  if (!answers) co_return std::move(answers.error());
  std::vector<std::pair<ShardId, Page<JobRecord>>> pages;
  for (auto& [shard, answer] : *answers) {
    auto page = expect<Page<JobRecord>>(answer);
    if (!page) co_return std::move(page.error());
    pages.emplace_back(shard, std::move(*page));
  }
  auto merged = merge_pages(std::move(pages), list.page.entries_max,
                            [](const JobRecord& job) -> const std::string& { return job.spec.id; });
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "jobs");
  for (const auto& entry : merged.entries) {
    const auto documents = decoded_documents(entry.view.spec);
    if (!documents) co_return documents.error();
    api::write_job(json, entry.view, entry.shard, exchange.viewer, list.select, *documents);
  }
  writer.finish(link_after(exchange, merged.next));
  co_return success(exchange, std::move(json));
}

Async<Reply> job_patch(Exchange& exchange) {
  auto change = api::parse_patch_job(exchange.request.body);
  if (!change) co_return std::move(change.error());
  co_return co_await change_job(exchange, std::move(*change));
}

Async<Reply> job_update(Exchange& exchange) {
  auto change = api::parse_put_job(exchange.request.body);
  if (!change) co_return std::move(change.error());
  co_return co_await change_job(exchange, std::move(*change));
}

Async<Reply> job_delete(Exchange& exchange) {
  const auto force = flag_parameter(exchange.target.query, "force");
  if (!force) co_return force.error();
  DeleteJob command;
  command.force = *force;
  co_return co_await change_job(exchange, std::move(command));
}

Async<Reply> job_terminate(Exchange& exchange) {
  auto terminate = api::parse_terminate_job(exchange.request.body);
  if (!terminate) co_return std::move(terminate.error());
  const auto force = flag_parameter(exchange.target.query, "force");
  if (!force) co_return force.error();
  terminate->force = *force;
  co_return co_await change_job(exchange, std::move(*terminate));
}

Async<Reply> job_disable(Exchange& exchange) {
  auto disable = api::parse_disable_job(exchange.request.body);
  if (!disable) co_return std::move(disable.error());
  co_return co_await change_job(exchange, std::move(*disable));
}

Async<Reply> job_enable(Exchange& exchange) {
  return change_job(exchange, EnableJob{});
}

Async<Reply> job_list_preparation_and_release_task_status(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  auto list = list_request(exchange, query::job_node_filter_schema(), api::Entity::job_node);
  if (!list) co_return std::move(list.error());
  Request request(ListJobNodes{*job_id, list->page});
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto page = expect<Page<JobNodeView>>(answer.answer);
  if (!page) co_return std::move(page.error());
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "jobpreparationandreleasetaskstatuslist");
  for (const JobNodeView& view : page->entries)
    api::write_job_node(json, view, *job_id, exchange.viewer, list->select);
  writer.finish(link_after(exchange, page->next));
  co_return success(exchange, std::move(json));
}

Async<Reply> job_get_task_counts(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  Request request(GetTaskCounts{*job_id});
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto counts = expect<TaskCounts>(answer.answer);
  if (!counts) co_return std::move(counts.error());
  std::string json;
  api::write_task_counts(json, *counts, exchange.viewer);
  co_return success(exchange, std::move(json));
}

}  // namespace windlass::gateway
