// What an account has ever had, summed over the shards.

#include "gateway/handlers/handlers.h"

#include "api/write_stats.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

// Every shard counts, so none may be away.
Async<Result<LifetimeUsage>> lifetime(Exchange& exchange) {
  Request request(GetLifetimeStatistics{});
  auto answers = co_await ask_all(exchange, std::move(request));
  if (!answers) co_return std::move(answers.error());
  LifetimeUsage sum;
  for (auto& [shard, answer] : *answers) {
    auto usage = expect<LifetimeUsage>(answer);
    if (!usage) co_return std::move(usage.error());
    if (usage->since && (!sum.since || *usage->since < *sum.since)) sum.since = usage->since;
    sum.work += usage->work;
    sum.node_time += usage->node_time;
  }
  co_return sum;
}

}  // namespace

Async<Reply> job_get_all_lifetime_statistics(Exchange& exchange) {
  const auto usage = co_await lifetime(exchange);
  if (!usage) co_return usage.error();
  std::string json;
  api::write_lifetime_job_stats(json, exchange.viewer, *usage);
  co_return success(exchange, std::move(json));
}

Async<Reply> pool_get_all_lifetime_statistics(Exchange& exchange) {
  const auto usage = co_await lifetime(exchange);
  if (!usage) co_return usage.error();
  std::string json;
  api::write_lifetime_pool_stats(json, exchange.viewer, *usage);
  co_return success(exchange, std::move(json));
}

}  // namespace windlass::gateway
