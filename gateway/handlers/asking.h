// How handlers ask shards: one, the shard of a job, or all of them.
#pragma once

#include "gateway/exchange.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::gateway {

// The shard of a pool: by its id alone.
ShardId pool_shard(const Exchange& exchange, std::string_view pool_id);

Async<Answer> ask(Exchange& exchange, ShardId shard, Request request);

// The node that the URL names.
struct NodeInUrl {
  std::string pool_id;
  std::string node_id;
};
Result<NodeInUrl> node_in_url(const Exchange& exchange);
Async<Result<NodeView>> ask_node(Exchange& exchange);

// Who has the files that a shard was asked for; NodeNotReady when that worker is away.
Result<FilesFound> reachable_files(Answer& answer);
Async<Result<FilesFound>> ask_node_files(Exchange& exchange, const NodeInUrl& node);
// One question to a worker; its refusal is the answer's.
Async<Result<FileReply>> ask_worker(Exchange& exchange, InstanceId worker, FileRequest request);

struct JobAnswer {
  ShardId shard = 0;
  Answer answer;
};
// The shard that holds the job: from the cache, else its home shard knows. A shard that does not
// hold it (any more) makes the home be asked again, once.
Async<JobAnswer> ask_job(Exchange& exchange, std::string job_id, Request request);

// What ask_job() would be refused with now, as far as can be known without asking: for handlers to
// look at before they read a body that is costly to read.
std::optional<Error> job_refusal(const Exchange& exchange, std::string_view job_id);

// Every shard the same. One that is away or refuses refuses the whole: never a partial list.
using ShardAnswers = std::vector<std::pair<ShardId, Answer>>;
Async<Result<ShardAnswers>> ask_all(Exchange& exchange, Request request);

// The kind of answer that the question has, or the refusal.
template <class T>
Result<T> expect(Answer& answer) {
  if (T* value = std::get_if<T>(&answer)) return std::move(*value);
  if (Error* error = std::get_if<Error>(&answer)) return std::move(*error);
  return Error{
      ErrorCode::internal_error, {}, {{"Reason", "a shard gave an answer of another kind"}}};
}

}  // namespace windlass::gateway
