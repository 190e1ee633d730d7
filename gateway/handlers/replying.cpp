#include "gateway/handlers/replying.h"

#include "api/conditions.h"
#include "gateway/core/http_date.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/skip_token.h"
#include "gateway/handlers/asking.h"

#include <algorithm>

namespace windlass::gateway {

HttpResponse success(const Exchange& exchange) {
  HttpResponse response;
  response.status = info_of(exchange.route.operation).success_status;
  return response;
}

HttpResponse success(const Exchange& exchange, std::string json) {
  HttpResponse response = success(exchange);
  response.content_type = kJson;
  response.body = std::move(json);
  return response;
}

void add_version(HttpResponse& response, ShardId shard, const Version& version) {
  response.headers.emplace_back("ETag", '"' + etag_text(shard, version.event) + '"');
  response.headers.emplace_back("Last-Modified", http_date(version.last_modified));
}

void add_location(const Exchange& exchange, HttpResponse& response, std::string url) {
  if (info_of(exchange.route.operation).success_status == 201)
    response.headers.emplace_back("Location", url);
  response.headers.emplace_back("DataServiceId", std::move(url));
}

Result<Conditions> conditions_of(const Exchange& exchange) {
  const auto which = info_of(exchange.route.operation).conditions;
  if (which == ConditionHeaders::none) return Conditions{};
  const HttpRequest& request = exchange.request;
  const auto header = [&request](std::string_view name) -> std::optional<std::string_view> {
    if (!request.has_header(name)) return std::nullopt;
    return request.header(name);
  };
  api::ConditionHeaders headers;
  headers.if_modified_since = header("If-Modified-Since");
  headers.if_unmodified_since = header("If-Unmodified-Since");
  if (which == ConditionHeaders::all) {
    headers.if_match = header("If-Match");
    headers.if_none_match = header("If-None-Match");
  }
  return api::parse_conditions(headers);
}

Result<std::string> id_in_url(const Exchange& exchange, std::size_t index, ErrorCode not_found) {
  // Longer than what a schedule's jobs are called, and nothing that could not have been created.
  constexpr std::size_t kIdSizeMax = 100;
  std::string id = exchange.route.value(index);
  const bool possible =
      !id.empty() && id.size() <= kIdSizeMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == ':';
      });
  if (!possible) return not_found;
  return id;
}

Reply done(const Exchange& exchange, ShardId shard, Answer& answer, std::string url) {
  auto result = expect<Done>(answer);
  if (!result) return std::move(result.error());
  HttpResponse response = success(exchange);
  if (exchange.request.method != Method::delete_) {
    add_version(response, shard, result->version);
    add_location(exchange, response, std::move(url));
  }
  return response;
}

Result<ListRequest> list_request(const Exchange& exchange, const query::FilterSchema& schema,
                                 std::optional<api::Entity> entity) {
  const Query& query = exchange.target.query;
  ListRequest list;
  auto entries = page_entries(query, info_of(exchange.route.operation).page_entries_max);
  if (!entries) return std::move(entries.error());
  list.page.entries_max = *entries;
  auto after = page_after(query);
  if (!after) return std::move(after.error());
  list.page.after = std::move(*after);
  list.page.filter = query.find("$filter").value_or(std::string());
  auto filter = query::parse_filter(list.page.filter, schema);
  if (!filter) return std::move(filter.error());
  list.filter = std::move(*filter);
  if (entity) {
    auto select = select_of(exchange, *entity);
    if (!select) return std::move(select.error());
    list.select = std::move(*select);
    if (*entity == api::Entity::task) list.page.documents = list.select.wants_task_document();
  }
  return list;
}

Result<api::Select> select_of(const Exchange& exchange, api::Entity entity) {
  const Query& query = exchange.target.query;
  const auto stats = api::parse_expand(query.find("$expand"));
  if (!stats) return stats.error();
  // A schedule keeps no books, and its statistics would be of jobs that are gone as well.
  if (*stats && entity == api::Entity::job_schedule) return not_implemented("$expand");
  auto select = api::Select::parse(query.find("$select"), entity);
  if (select && *stats) select->expand_stats();
  return select;
}

std::optional<std::string> link_after(const Exchange& exchange,
                                      const std::optional<std::string>& next) {
  if (!next || next->empty()) return std::nullopt;
  return next_link(exchange.viewer.base_url, exchange.target, skip_token(*next));
}

}  // namespace windlass::gateway
