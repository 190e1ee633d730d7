// What keeps a shard durable, as its loop sees it: batches over rows, sessions, answers and the
// log, each committed whole or not at all. On disk it is scheduler/local_shard_store.h; the
// simulator keeps it in memory, and can lose what was not committed.
#pragma once

#include "model/session.h"
#include "model/shard_event.h"
#include "scheduler/core/rows.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::scheduler {

struct Space {
  std::uint64_t disk_free_bytes = 0;  // what the file system would give this process
  std::uint64_t file_free_bytes = 0;  // inside the file, to be used again
  std::uint64_t free_bytes = 0;       // their sum
  std::uint64_t needed_bytes = 0;     // the reserve, and what open tasks will need to end
  std::uint64_t map_used_bytes = 0;
  std::uint64_t map_bytes = 0;
  unsigned map_use_percent_max = 0;

  bool accepts_new_work() const {
    return free_bytes >= needed_bytes && map_used_bytes <= map_bytes / 100 * map_use_percent_max;
  }
};

// One write transaction, and what is read meanwhile. Destroyed without commit(), it leaves nothing.
class ShardBatch : public Rows {
 public:
  // Durable when it returns. An exception is a commit of unknown outcome: the process ends. The
  // batch is over either way.
  virtual void commit() = 0;
  // True once something was written.
  virtual bool changed() const = 0;

  // ---- sessions and answers of the bus ----
  virtual void each_session(const std::function<void(SessionState)>&) = 0;
  virtual void put_session(const SessionState&) = 0;
  virtual void erase_session(SessionId) = 0;  // with its answers
  // An answer kept for a command that may be asked again; opaque bytes.
  virtual void put_answer(SessionId session, Sequence sequence, std::string_view answer) = 0;
  virtual std::optional<std::string> answer(SessionId session, Sequence sequence) = 0;
  virtual void erase_answers(SessionId session, Sequence through) = 0;
};

class ShardStore {
 public:
  virtual ~ShardStore() = default;

  // Raises the epoch and commits it: whoever owned the shard before is fenced from now on.
  virtual ShardEpoch claim() = 0;

  // One at a time; the batch must be gone before the next, and before the store.
  virtual std::unique_ptr<ShardBatch> begin() = 0;

  // The record becomes durable with the batch that is open. No events: no record.
  virtual void append(EventNumber first_event, const ShardEvents& events) = 0;

  // Between batches. Costs microseconds to milliseconds: ask about once a second.
  virtual Space space() const = 0;
  virtual std::uint64_t journal_bytes() const = 0;  // as the last commit left the log
};

}  // namespace windlass::scheduler
