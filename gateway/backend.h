// What handlers ask: shards, and workers about files. The bus stands behind it in the program, a
// fake in tests.
#pragma once

#include "gateway/http/async.h"
#include "model/command.h"
#include "model/file_message.h"
#include "model/time.h"

#include <optional>

namespace windlass::gateway {

class Backend {
 public:
  virtual ~Backend() = default;

  virtual ShardId shards_total() const = 0;

  // `to` is set exactly once, perhaps before this returns, on the caller's thread: the shard's
  // answer, server_busy when the shard is away or its queue full, operation_timed_out after the
  // deadline. It must live until then.
  virtual void ask(ShardId shard, Command command, MonoTime deadline, Later<Answer>& to) = 0;

  // What ask() would refuse any command to this shard with now: looked at before work that would be
  // in vain.
  virtual std::optional<Error> refusal(ShardId shard) const = 0;

  // Asks a worker over the bulk road; as above, with node_not_ready when it cannot be reached. The
  // number is for forget().
  virtual std::uint64_t ask_files(InstanceId worker, FileRequest request, MonoTime deadline,
                                  Later<FileReply>& to) = 0;
  // The `to` of this number goes away; it will not be set any more.
  virtual void forget_files(std::uint64_t number) = 0;
};

}  // namespace windlass::gateway
