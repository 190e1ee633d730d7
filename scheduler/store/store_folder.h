// What lasts from batch to batch: the lock, the environment with its tables, and the few facts of
// the last commit that are kept in memory. Internal to scheduler/store and scheduler/journal.
#pragma once

#include "scheduler/store/folder_lock.h"
#include "scheduler/store/lmdb.h"
#include "scheduler/store/store.h"
#include "scheduler/store/table_sum.h"

#include <array>

namespace windlass::scheduler {

enum class TableName : std::size_t {
  meta,        // what the folder is, epoch, counters
  pools,       // pool sequence
  nodes,       // node sequence
  jobs,        // job sequence
  task_ids,    // job sequence, lower-cased id -> task sequence
  documents,   // task key
  open_tasks,  // task key
  done_tasks,  // task key
  claims,
  lingering,     // task key, attempt
  reservations,  // account, job id
  outbox,        // receiver, message id
  progress,      // shard
  sessions,
  answers,       // session, sequence
  log,           // position, part
  task_numbers,  // job sequence, page
  // Folders of format 2 have no more.
  job_nodes,      // job sequence, node sequence
  job_schedules,  // job schedule sequence
  // Those of format 3 have no more.
  certificates,  // account, thumbprint
};
inline constexpr std::size_t kTablesTotal = 20;

inline constexpr std::array<const char*, kTablesTotal> kTableNames = {
    "meta",         "pools",        "nodes",      "jobs",          "task_ids",
    "documents",    "open_tasks",   "done_tasks", "claims",        "lingering",
    "reservations", "outbox",       "progress",   "sessions",      "answers",
    "log",          "task_numbers", "job_nodes",  "job_schedules", "certificates"};

using TableSums = std::array<TableSum, kTablesTotal>;

// Where the log ends.
struct LogHead {
  std::uint64_t position = 0;  // of the last record
  ShardEpoch epoch = 0;        // of its author
  std::uint64_t chain = 0;
};

// What a commit leaves in memory. A batch works on a copy, so one that is abandoned leaves no
// trace.
struct Committed {
  ShardEpoch epoch = 0;
  ShardCounters counters;
  LogHead log_head;
  std::uint64_t log_bytes = 0;
  std::uint64_t open_tasks_total = 0;
  TableSums sums;
};

// A commit flushes the file but not the name under which it is found after a power loss.
void flush_names(const std::string& folder);

class StoreFolder {
 public:
  explicit StoreFolder(StoreOptions store_options);

  lmdb::Table table(TableName name) const { return tables_[static_cast<std::size_t>(name)]; }
  Space space() const;

  const StoreOptions options;

 private:
  FolderLock lock_;

 public:
  const std::uint64_t log_bytes_max;  // journal_bytes_max, or less on a small disk
  lmdb::Environment environment;
  Committed committed;
  Batch* batch = nullptr;  // the one that is open

 private:
  void open_tables();
  void sum_up(const lmdb::Txn& txn);
  void note_sums(const lmdb::Txn& txn);

  std::array<lmdb::Table, kTablesTotal> tables_{};
};

}  // namespace windlass::scheduler
