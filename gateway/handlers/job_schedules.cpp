// Job schedules: add, get, exists, list, patch, put, delete, terminate, disable, enable; the list
// of a schedule's jobs.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_job_schedule.h"
#include "api/write_job.h"
#include "api/write_job_schedule.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/merge.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/documents.h"
#include "gateway/handlers/listing_jobs.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

constexpr ErrorCode kNotFound = ErrorCode::job_schedule_not_found;

std::string url_of(const Exchange& exchange, std::string_view id) {
  return api::job_schedule_url(exchange.viewer.base_url, id);
}

ShardId home_of(const Exchange& exchange, std::string_view id) {
  return shard_of(exchange.account, id, exchange.backend.shards_total());
}

template <class ScheduleCommand>
Async<Reply> change_schedule(Exchange& exchange, ScheduleCommand command) {
  auto id = id_in_url(exchange, 0, kNotFound);
  if (!id) co_return std::move(id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  command.schedule_id = *id;
  command.conditions = std::move(*conditions);
  const ShardId home = home_of(exchange, *id);
  Request request(std::move(command));
  Answer answer = co_await ask(exchange, home, std::move(request));
  co_return done(exchange, home, answer, url_of(exchange, *id));
}

Async<Reply> change_parsed(Exchange& exchange, Result<api::ParsedScheduleChange> change) {
  if (!change) co_return std::move(change.error());
  if (change->job) {
    auto job = encoded_job(std::move(*change->job));
    if (!job) co_return std::move(job.error());
    change->command.job = std::move(*job);
  }
  co_return co_await change_schedule(exchange, std::move(change->command));
}

Async<Result<JobScheduleRecord>> find_schedule(Exchange& exchange, std::string id,
                                               Conditions conditions) {
  const ShardId home = home_of(exchange, id);
  Request request(GetJobSchedule{std::move(id), std::move(conditions)});
  Answer answer = co_await ask(exchange, home, std::move(request));
  co_return expect<JobScheduleRecord>(answer);
}

// What the URL and the conditions name, for GET and HEAD.
Async<Result<JobScheduleRecord>> wanted_schedule(Exchange& exchange) {
  auto id = id_in_url(exchange, 0, kNotFound);
  if (!id) co_return std::move(id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  co_return co_await find_schedule(exchange, std::move(*id), std::move(*conditions));
}

}  // namespace

Async<Reply> job_schedule_add(Exchange& exchange) {
  auto parsed = api::parse_add_job_schedule(exchange.request.body);
  if (!parsed) co_return std::move(parsed.error());
  auto job = encoded_job(std::move(parsed->job));
  if (!job) co_return std::move(job.error());
  parsed->spec.job = std::move(*job);
  const std::string id = parsed->spec.id;
  const ShardId home = home_of(exchange, id);
  Request request(AddJobSchedule{std::move(parsed->spec)});
  Answer answer = co_await ask(exchange, home, std::move(request));
  co_return done(exchange, home, answer, url_of(exchange, id));
}

Async<Reply> job_schedule_get(Exchange& exchange) {
  auto select = select_of(exchange, api::Entity::job_schedule);
  if (!select) co_return std::move(select.error());
  auto schedule = co_await wanted_schedule(exchange);
  if (!schedule) co_return std::move(schedule.error());
  const ShardId home = home_of(exchange, schedule->spec.id);
  const auto documents = decoded_documents(schedule->spec.job);
  if (!documents) co_return documents.error();
  std::string json;
  api::write_job_schedule(json, *schedule, home, exchange.viewer, *select, *documents);
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, home, schedule->version);
  co_return std::move(response);
}

Async<Reply> job_schedule_exists(Exchange& exchange) {
  auto schedule = co_await wanted_schedule(exchange);
  if (!schedule) co_return std::move(schedule.error());
  HttpResponse response = success(exchange);
  add_version(response, home_of(exchange, schedule->spec.id), schedule->version);
  co_return std::move(response);
}

Async<Reply> job_schedule_list(Exchange& exchange) {
  auto list =
      list_request(exchange, query::job_schedule_filter_schema(), api::Entity::job_schedule);
  if (!list) co_return std::move(list.error());
  Request request(ListJobSchedules{list->page});
  auto answers = co_await ask_all(exchange, std::move(request));
  if (!answers) co_return std::move(answers.error());
  std::vector<std::pair<ShardId, Page<JobScheduleRecord>>> pages;
  for (auto& [shard, answer] : *answers) {
    auto page = expect<Page<JobScheduleRecord>>(answer);
    if (!page) co_return std::move(page.error());
    pages.emplace_back(shard, std::move(*page));
  }
  auto merged = merge_pages(
      std::move(pages), list->page.entries_max,
      [](const JobScheduleRecord& schedule) -> const std::string& { return schedule.spec.id; });
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "jobschedules");
  for (const auto& entry : merged.entries) {
    const auto documents = decoded_documents(entry.view.spec.job);
    if (!documents) co_return documents.error();
    api::write_job_schedule(json, entry.view, entry.shard, exchange.viewer, list->select,
                            *documents);
  }
  writer.finish(link_after(exchange, merged.next));
  co_return success(exchange, std::move(json));
}

Async<Reply> job_schedule_patch(Exchange& exchange) {
  co_return co_await change_parsed(exchange, api::parse_patch_job_schedule(exchange.request.body));
}

Async<Reply> job_schedule_update(Exchange& exchange) {
  co_return co_await change_parsed(exchange, api::parse_put_job_schedule(exchange.request.body));
}

Async<Reply> job_schedule_delete(Exchange& exchange) {
  const auto force = flag_parameter(exchange.target.query, "force");
  if (!force) co_return force.error();
  DeleteJobSchedule command;
  command.force = *force;
  co_return co_await change_schedule(exchange, std::move(command));
}

Async<Reply> job_schedule_terminate(Exchange& exchange) {
  const auto force = flag_parameter(exchange.target.query, "force");
  if (!force) co_return force.error();
  TerminateJobSchedule command;
  command.force = *force;
  co_return co_await change_schedule(exchange, std::move(command));
}

Async<Reply> job_schedule_disable(Exchange& exchange) {
  return change_schedule(exchange, DisableJobSchedule{});
}

Async<Reply> job_schedule_enable(Exchange& exchange) {
  return change_schedule(exchange, EnableJobSchedule{});
}

Async<Reply> job_list_from_job_schedule(Exchange& exchange) {
  auto id = id_in_url(exchange, 0, kNotFound);
  if (!id) co_return std::move(id.error());
  auto list = list_request(exchange, query::schedule_job_filter_schema(), api::Entity::job);
  if (!list) co_return std::move(list.error());
  auto schedule = co_await find_schedule(exchange, *id, {});
  if (!schedule) co_return std::move(schedule.error());
  co_return co_await list_jobs(exchange, std::move(*list), std::move(*id));
}

}  // namespace windlass::gateway
