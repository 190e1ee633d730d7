// The journal beside the rows: the table `log` of the shard's own LMDB environment, written in the
// same transaction as what the records describe.
#pragma once

#include "scheduler/journal/journal.h"
#include "scheduler/store/store.h"

namespace windlass::scheduler {

// All calls but the constructor need an open batch. The batch also keeps the log within
// StoreOptions::journal_bytes_max: each append makes room for itself by trimming a few old records.
class LocalJournal final : public Journal {
 public:
  explicit LocalJournal(Store& store) : store_(store) {}

  JournalPosition claim(ShardEpoch epoch) override;
  void append(EventNumber first_event, const ShardEvents& events) override;
  void read(JournalPosition from,
            const std::function<bool(const JournalRecord&)>& visitor) override;
  void trim(JournalPosition through) override;

  std::uint64_t bytes() const;  // kept now

 private:
  Store& store_;
  ShardEpoch epoch_ = 0;
};

}  // namespace windlass::scheduler
