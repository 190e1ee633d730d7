// What the API knows and hosts of one's own do not have: extensions, remote desktops, registered
// applications, metered use. Each is answered as Azure Batch answers where there is none.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/write_pool.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"
#include "model/time_text.h"

namespace windlass::gateway {

namespace {

Reply empty_list(const Exchange& exchange, std::string_view set) {
  std::string json;
  api::ListWriter(json, exchange.viewer.base_url, set).finish();
  return success(exchange, std::move(json));
}

// Once the node is known to be there.
Async<Reply> refuse_on_node(Exchange& exchange, Error why) {
  auto node = co_await ask_node(exchange);
  if (!node) co_return std::move(node.error());
  co_return why;
}

Result<std::optional<WallTime>> time_in(const Exchange& exchange, std::string_view name) {
  const auto text = exchange.target.query.find(name);
  if (!text) return std::optional<WallTime>();
  const auto time = parse_timestamp(*text);
  if (!time)
    return query_error(ErrorCode::invalid_query_parameter_value, name, *text,
                       "It must be a date and time");
  return time;
}

}  // namespace

// The host's own door: nodes that share a host share it.
Async<Reply> compute_node_get_remote_login_settings(Exchange& exchange) {
  auto node = co_await ask_node(exchange);
  if (!node) co_return std::move(node.error());
  std::string json;
  api::write_remote_login(json, *node);
  co_return success(exchange, std::move(json));
}

Async<Reply> compute_node_get_remote_desktop(Exchange& exchange) {
  return refuse_on_node(exchange, {ErrorCode::operation_not_valid_on_node,
                                   "Nodes are Linux hosts; they have no remote desktop.",
                                   {}});
}

// No extension is ever installed: hosts are their owner's.
Async<Reply> compute_node_extension_list(Exchange& exchange) {
  auto list = list_request(exchange, query::no_filter_schema(), api::Entity::node_extension);
  if (!list) co_return std::move(list.error());
  auto node = co_await ask_node(exchange);
  if (!node) co_return std::move(node.error());
  co_return empty_list(exchange, "extensions");
}
Async<Reply> compute_node_extension_get(Exchange& exchange) {
  return refuse_on_node(exchange,
                        {ErrorCode::resource_not_found, "The node has no such extension.", {}});
}

// Packages are registered through Azure's management plane, which there is none of here.
Async<Reply> application_list(Exchange& exchange) {
  auto list = list_request(exchange, query::no_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  co_return empty_list(exchange, "applications");
}
Async<Reply> application_get(Exchange&) {
  co_return Error{ErrorCode::application_not_found, {}, {}};
}

// Nobody is billed for hosts of their own, so their hours are not metered.
Async<Reply> pool_list_usage_metrics(Exchange& exchange) {
  auto list = list_request(exchange, query::usage_metrics_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  auto from = time_in(exchange, "starttime");
  if (!from) co_return std::move(from.error());
  auto until = time_in(exchange, "endtime");
  if (!until) co_return std::move(until.error());
  if (*from && *until && **until < **from)
    co_return query_error(ErrorCode::out_of_range_query_parameter_value, "endtime",
                          timestamp_text(**until), "It must not be before starttime");
  co_return empty_list(exchange, "poolusagemetrics");
}

}  // namespace windlass::gateway
