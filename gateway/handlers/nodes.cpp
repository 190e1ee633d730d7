// Nodes of a pool, and the counts of nodes of all pools.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_node.h"
#include "api/write_pool.h"
#include "gateway/core/merge.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {

Async<Reply> compute_node_get(Exchange& exchange) {
  auto select = select_of(exchange, api::Entity::node);
  if (!select) co_return std::move(select.error());
  auto node = co_await ask_node(exchange);
  if (!node) co_return std::move(node.error());
  std::string json;
  api::write_node(json, *node, exchange.viewer, *select);
  co_return success(exchange, std::move(json));
}

Async<Reply> compute_node_list(Exchange& exchange) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) co_return std::move(pool_id.error());
  auto list = list_request(exchange, query::node_filter_schema(), api::Entity::node);
  if (!list) co_return std::move(list.error());
  Request request(ListNodes{*pool_id, list->page});
  Answer answer = co_await ask(exchange, pool_shard(exchange, *pool_id), std::move(request));
  auto page = expect<Page<NodeView>>(answer);
  if (!page) co_return std::move(page.error());
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "nodes");
  for (const NodeView& node : page->entries)
    api::write_node(json, node, exchange.viewer, list->select);
  writer.finish(link_after(exchange, page->next));
  co_return success(exchange, std::move(json));
}

namespace {

// Commands about a node that is there: pool and node from the URL, the rest given.
template <class NodeCommand>
Async<Reply> change_node(Exchange& exchange, NodeCommand command) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) co_return std::move(pool_id.error());
  auto node_id = id_in_url(exchange, 1, ErrorCode::node_not_found);
  if (!node_id) co_return std::move(node_id.error());
  command.pool_id = *pool_id;
  command.node_id = *node_id;
  const ShardId shard = pool_shard(exchange, *pool_id);
  Request request(std::move(command));
  Answer answer = co_await ask(exchange, shard, std::move(request));
  const std::string url = exchange.viewer.base_url + "pools/" + *pool_id + "/nodes/" + *node_id;
  co_return done(exchange, shard, answer, url);
}

}  // namespace

Async<Reply> compute_node_disable_scheduling(Exchange& exchange) {
  auto command = api::parse_disable_node_scheduling(exchange.request.body);
  if (!command) co_return std::move(command.error());
  co_return co_await change_node(exchange, std::move(*command));
}

Async<Reply> compute_node_enable_scheduling(Exchange& exchange) {
  return change_node(exchange, EnableNodeScheduling{});
}

namespace {

Async<Reply> restart_node(Exchange& exchange, NodeRestart restart) {
  auto command = api::parse_restart_node(exchange.request.body, restart);
  if (!command) co_return std::move(command.error());
  co_return co_await change_node(exchange, std::move(*command));
}

}  // namespace

Async<Reply> compute_node_reboot(Exchange& exchange) {
  return restart_node(exchange, NodeRestart::reboot);
}
Async<Reply> compute_node_reimage(Exchange& exchange) {
  return restart_node(exchange, NodeRestart::reimage);
}
Async<Reply> compute_node_deallocate(Exchange& exchange) {
  return restart_node(exchange, NodeRestart::deallocate);
}
Async<Reply> compute_node_start(Exchange& exchange) {
  return restart_node(exchange, NodeRestart::start);
}

Async<Reply> account_list_pool_node_counts(Exchange& exchange) {
  auto list = list_request(exchange, query::node_counts_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  Request request(ListNodeCounts{list->page});
  auto answers = co_await ask_all(exchange, std::move(request));
  if (!answers) co_return std::move(answers.error());
  std::vector<std::pair<ShardId, Page<PoolNodeCounts>>> pages;
  for (auto& [shard, answer] : *answers) {
    auto page = expect<Page<PoolNodeCounts>>(answer);
    if (!page) co_return std::move(page.error());
    pages.emplace_back(shard, std::move(*page));
  }
  auto merged = merge_pages(
      std::move(pages), list->page.entries_max,
      [](const PoolNodeCounts& counts) -> const std::string& { return counts.pool_id; });
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "poolnodecounts");
  for (const auto& entry : merged.entries) api::write_node_counts(json, entry.view);
  writer.finish(link_after(exchange, merged.next));
  co_return success(exchange, std::move(json));
}

}  // namespace windlass::gateway
