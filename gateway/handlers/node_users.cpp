// Users of a node are users of its host. Its worker makes them, where the host's owner allows it.

#include "gateway/handlers/handlers.h"

#include "api/parse_node.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"
#include "model/words.h"

namespace windlass::gateway {

namespace {

Async<Reply> ask_about_user(Exchange& exchange, FileAction action, NodeUser user) {
  auto node = node_in_url(exchange);
  if (!node) co_return std::move(node.error());
  auto found = co_await ask_node_files(exchange, *node);
  if (!found) co_return std::move(found.error());
  FileRequest request;
  request.node_id = found->node_id;
  request.action = action;
  request.user = std::move(user);
  request.user.asked_by = exchange.request_id;
  auto reply = co_await ask_worker(exchange, found->worker, std::move(request));
  if (!reply) co_return std::move(reply.error());
  co_return success(exchange);
}

}  // namespace

Async<Reply> compute_node_add_user(Exchange& exchange) {
  auto user = api::parse_add_node_user(exchange.request.body, exchange.now);
  if (!user) co_return std::move(user.error());
  auto node = co_await ask_node(exchange);
  if (!node) co_return std::move(node.error());
  const NodeState state = node->record.state;
  if (state != NodeState::idle && state != NodeState::running)
    co_return Error{ErrorCode::node_not_ready,
                    "Users are added to nodes that are idle or running.",
                    {{"State", std::string(word(state))}}};
  const std::string url =
      exchange.viewer.base_url + std::string(exchange.target.path) + "/" + user->name;
  Reply reply = co_await ask_about_user(exchange, FileAction::add_user, std::move(*user));
  if (reply) add_location(exchange, *reply, url);
  co_return reply;
}

Async<Reply> compute_node_update_user(Exchange& exchange) {
  auto user = api::parse_update_node_user(exchange.request.body, exchange.now);
  if (!user) co_return std::move(user.error());
  user->name = exchange.route.value(2);
  co_return co_await ask_about_user(exchange, FileAction::update_user, std::move(*user));
}

Async<Reply> compute_node_delete_user(Exchange& exchange) {
  NodeUser user;
  user.name = exchange.route.value(2);
  co_return co_await ask_about_user(exchange, FileAction::delete_user, std::move(user));
}

}  // namespace windlass::gateway
