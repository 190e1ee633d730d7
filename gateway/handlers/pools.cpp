// Pools: add, get, exists, list, delete, patch, replace properties, resize, stop resize, remove
// nodes.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_pool.h"
#include "api/write_pool.h"
#include "gateway/core/merge.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

std::string url_of(const Exchange& exchange, std::string_view pool_id) {
  return api::pool_url(exchange.viewer.base_url, pool_id);
}

// Commands about a pool that is there: id and conditions from the request, the rest given.
template <class PoolCommand>
Async<Reply> change_pool(Exchange& exchange, PoolCommand command) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) co_return std::move(pool_id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  command.pool_id = *pool_id;
  command.conditions = std::move(*conditions);
  const ShardId shard = pool_shard(exchange, *pool_id);
  Request request(std::move(command));
  Answer answer = co_await ask(exchange, shard, std::move(request));
  co_return done(exchange, shard, answer, url_of(exchange, *pool_id));
}

Async<Result<PoolView>> find_pool(Exchange& exchange) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) co_return std::move(pool_id.error());
  auto conditions = conditions_of(exchange);
  if (!conditions) co_return std::move(conditions.error());
  Request request(GetPool{*pool_id, std::move(*conditions)});
  Answer answer = co_await ask(exchange, pool_shard(exchange, *pool_id), std::move(request));
  co_return expect<PoolView>(answer);
}

}  // namespace

Async<Reply> pool_add(Exchange& exchange) {
  auto spec = api::parse_add_pool(exchange.request.body);
  if (!spec) co_return std::move(spec.error());
  const std::string url = url_of(exchange, spec->id);
  const ShardId shard = pool_shard(exchange, spec->id);
  Request request(AddPool{std::move(*spec)});
  Answer answer = co_await ask(exchange, shard, std::move(request));
  co_return done(exchange, shard, answer, url);
}

Async<Reply> pool_get(Exchange& exchange) {
  auto select = select_of(exchange, api::Entity::pool);
  if (!select) co_return std::move(select.error());
  auto pool = co_await find_pool(exchange);
  if (!pool) co_return std::move(pool.error());
  const ShardId shard = pool_shard(exchange, pool->record.spec.id);
  std::string json;
  api::write_pool(json, *pool, shard, exchange.viewer, *select);
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, shard, pool->record.version);
  co_return std::move(response);
}

Async<Reply> pool_exists(Exchange& exchange) {
  auto pool = co_await find_pool(exchange);
  if (!pool) co_return std::move(pool.error());
  HttpResponse response = success(exchange);
  add_version(response, pool_shard(exchange, pool->record.spec.id), pool->record.version);
  co_return std::move(response);
}

Async<Reply> pool_list(Exchange& exchange) {
  auto list = list_request(exchange, query::pool_filter_schema(), api::Entity::pool);
  if (!list) co_return std::move(list.error());
  Request request(ListPools{list->page});
  auto answers = co_await ask_all(exchange, std::move(request));
  if (!answers) co_return std::move(answers.error());
  std::vector<std::pair<ShardId, Page<PoolView>>> pages;
  for (auto& [shard, answer] : *answers) {
    auto page = expect<Page<PoolView>>(answer);
    if (!page) co_return std::move(page.error());
    pages.emplace_back(shard, std::move(*page));
  }
  auto merged =
      merge_pages(std::move(pages), list->page.entries_max,
                  [](const PoolView& pool) -> const std::string& { return pool.record.spec.id; });
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "pools");
  for (const auto& entry : merged.entries)
    api::write_pool(json, entry.view, entry.shard, exchange.viewer, list->select);
  writer.finish(link_after(exchange, merged.next));
  co_return success(exchange, std::move(json));
}

Async<Reply> pool_delete(Exchange& exchange) {
  return change_pool(exchange, DeletePool{});
}

Async<Reply> pool_patch(Exchange& exchange) {
  auto patch = api::parse_patch_pool(exchange.request.body);
  if (!patch) co_return std::move(patch.error());
  co_return co_await change_pool(exchange, std::move(*patch));
}

Async<Reply> pool_update_properties(Exchange& exchange) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) co_return std::move(pool_id.error());
  auto command = api::parse_replace_pool_properties(exchange.request.body,
                                                    exchange.viewer.version.knows_certificates());
  if (!command) co_return std::move(command.error());
  command->pool_id = *pool_id;
  const ShardId shard = pool_shard(exchange, *pool_id);
  Request request(std::move(*command));
  Answer answer = co_await ask(exchange, shard, std::move(request));
  co_return done(exchange, shard, answer, url_of(exchange, *pool_id));
}

Async<Reply> pool_remove_nodes(Exchange& exchange) {
  auto command = api::parse_remove_nodes(exchange.request.body);
  if (!command) co_return std::move(command.error());
  co_return co_await change_pool(exchange, std::move(*command));
}

Async<Reply> pool_resize(Exchange& exchange) {
  auto resize = api::parse_resize_pool(exchange.request.body);
  if (!resize) co_return std::move(resize.error());
  co_return co_await change_pool(exchange, std::move(*resize));
}

Async<Reply> pool_stop_resize(Exchange& exchange) {
  return change_pool(exchange, StopResize{});
}

}  // namespace windlass::gateway
