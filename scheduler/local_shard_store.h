// A shard's folder on this host: rows and log in one LMDB environment.
#pragma once

#include "scheduler/journal/local_journal.h"
#include "scheduler/store/store.h"

#include <utility>

namespace windlass::scheduler {

class LocalShardStore final : public ShardStore {
 public:
  explicit LocalShardStore(StoreOptions options) : store_(std::move(options)), journal_(store_) {}

  ShardEpoch claim() override {
    const ShardEpoch epoch = store_.claim();
    journal_.claim(epoch);
    return epoch;
  }
  std::unique_ptr<ShardBatch> begin() override { return store_.begin(); }
  void append(EventNumber first_event, const ShardEvents& events) override {
    journal_.append(first_event, events);
  }
  Space space() const override { return store_.space(); }
  std::uint64_t journal_bytes() const override { return journal_.bytes(); }

 private:
  Store store_;
  LocalJournal journal_;
};

}  // namespace windlass::scheduler
