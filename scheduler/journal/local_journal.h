// The journal beside the rows: the table `log` of the shard's own LMDB environment, written in the
// same transaction as what the records describe.
#pragma once

#include "scheduler/journal/journal.h"
#include "scheduler/store/store.h"

namespace windlass::scheduler {

// append, read and trim need an open batch. The batch also keeps the log within
// StoreOptions::journal_bytes_max: each append makes room for itself by trimming a few old records.
class LocalJournal final : public Journal {
 public:
  explicit LocalJournal(Store& store) : store_(store) {}

  JournalPosition claim(ShardEpoch epoch) override;
  void append(EventNumber first_event, const ShardEvents& events) override;
  void read(JournalPosition from,
            const std::function<bool(const JournalRecord&)>& visitor) override;
  void trim(JournalPosition through) override;

  std::uint64_t bytes() const;  // of the pages that the last commit left in the log

 private:
  Batch::Impl& open_batch() const;
  void make_room(class RowTable& log, std::size_t parts);

  Store& store_;
  ShardEpoch epoch_ = 0;
};

}  // namespace windlass::scheduler
