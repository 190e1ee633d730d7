#include "gateway/handlers/asking.h"

#include "gateway/handlers/replying.h"

#include <memory>

namespace windlass::gateway {

ShardId pool_shard(const Exchange& exchange, std::string_view pool_id) {
  return shard_of(exchange.account, pool_id, exchange.backend.shards_total());
}

Async<Answer> ask(Exchange& exchange, ShardId shard, Request request) {
  Later<Answer> later;
  Command command{exchange.account, std::move(request)};
  exchange.backend.ask(shard, std::move(command), exchange.deadline, later);
  co_return co_await later;
}

Result<NodeInUrl> node_in_url(const Exchange& exchange) {
  auto pool_id = id_in_url(exchange, 0, ErrorCode::pool_not_found);
  if (!pool_id) return std::move(pool_id.error());
  auto node_id = id_in_url(exchange, 1, ErrorCode::node_not_found);
  if (!node_id) return std::move(node_id.error());
  return NodeInUrl{std::move(*pool_id), std::move(*node_id)};
}

Async<Result<NodeView>> ask_node(Exchange& exchange) {
  auto node = node_in_url(exchange);
  if (!node) co_return std::move(node.error());
  Request request(GetNode{node->pool_id, node->node_id});
  Answer answer = co_await ask(exchange, pool_shard(exchange, node->pool_id), std::move(request));
  co_return expect<NodeView>(answer);
}

Result<FilesFound> reachable_files(Answer& answer) {
  auto found = expect<FilesFound>(answer);
  if (found && found->worker == 0)
    return Error{ErrorCode::node_not_ready, "The node cannot be reached now.", {}};
  return found;
}

Async<Result<FilesFound>> ask_node_files(Exchange& exchange, const NodeInUrl& node) {
  const ShardId shard = pool_shard(exchange, node.pool_id);
  Request request(FindNodeFiles{node.pool_id, node.node_id});
  Answer answer = co_await ask(exchange, shard, std::move(request));
  co_return reachable_files(answer);
}

Async<Result<FileReply>> ask_worker(Exchange& exchange, InstanceId worker, FileRequest request) {
  Later<FileReply> later;
  exchange.backend.ask_files(worker, std::move(request), exchange.deadline, later);
  FileReply reply = co_await later;
  if (reply.error) co_return std::move(*reply.error);
  co_return std::move(reply);
}

Async<JobAnswer> ask_job(Exchange& exchange, std::string job_id, Request request) {
  std::optional<ShardId> shard = exchange.jobs.find(exchange.account, job_id);
  const bool guessed = shard.has_value();
  for (int turn = guessed ? 0 : 1;; ++turn) {
    if (!shard) {
      const ShardId home = home_of_job(exchange.account, job_id, exchange.backend.shards_total());
      Later<Answer> found_later;
      Command find{exchange.account, FindJob{job_id}};
      exchange.backend.ask(home, std::move(find), exchange.deadline, found_later);
      Answer found = co_await found_later;
      const auto place = expect<JobFound>(found);
      if (!place) co_return JobAnswer{home, place.error()};
      shard = place->shard;
      exchange.jobs.put(exchange.account, job_id, *shard);
    }
    // Kept for a second turn only where there may be one.
    const bool last = turn == 1;
    Command command{exchange.account, last ? std::move(request) : request};
    Later<Answer> later;
    exchange.backend.ask(*shard, std::move(command), exchange.deadline, later);
    Answer answer = co_await later;
    if (!std::holds_alternative<NotHere>(answer)) co_return JobAnswer{*shard, std::move(answer)};
    exchange.jobs.forget(exchange.account, job_id);
    // The home says it is there and it is not: it is being made or being removed right now.
    if (last) co_return JobAnswer{*shard, Error{ErrorCode::job_not_found, {}, {}}};
    shard.reset();
  }
}

std::optional<Error> job_refusal(const Exchange& exchange, std::string_view job_id) {
  const std::optional<ShardId> shard = exchange.jobs.find(exchange.account, job_id);
  if (!shard) return std::nullopt;
  return exchange.backend.refusal(*shard);
}

Async<Result<ShardAnswers>> ask_all(Exchange& exchange, Request request) {
  const ShardId total = exchange.backend.shards_total();
  // By pointer: what is waited for must not move.
  std::vector<std::unique_ptr<Later<Answer>>> laters;
  for (ShardId shard = 0; shard < total; ++shard) {
    laters.push_back(std::make_unique<Later<Answer>>());
    Command command{exchange.account, request};
    exchange.backend.ask(shard, std::move(command), exchange.deadline, *laters.back());
  }
  ShardAnswers answers;
  std::optional<Error> refusal;
  for (ShardId shard = 0; shard < total; ++shard) {
    Later<Answer>& later = *laters[shard];
    Answer answer = co_await later;
    if (Error* error = std::get_if<Error>(&answer); error != nullptr && !refusal)
      refusal = std::move(*error);
    answers.emplace_back(shard, std::move(answer));
  }
  if (refusal) co_return std::move(*refusal);
  co_return std::move(answers);
}

}  // namespace windlass::gateway
