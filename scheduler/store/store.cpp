#include "scheduler/store/store.h"

#include "model/assert.h"
#include "scheduler/store/batch_impl.h"

#include <thread>
#include <utility>

namespace windlass::scheduler {

Batch::Batch(StoreFolder& folder) : impl_(std::make_unique<Impl>(folder, changed_)) {
  WINDLASS_ASSERT(folder.batch == nullptr);
  folder.batch = this;
}

Batch::~Batch() {
  impl_->folder.batch = nullptr;
}

void Batch::commit() {
  const StoreOptions& options = impl_->folder.options;
  if (!changed_) return;  // nothing to make durable; the transaction ends with the batch
  if (options.before_commit) options.before_commit();
  impl_->commit();
  if (options.sync_delay.count() > 0) std::this_thread::sleep_for(options.sync_delay);
  if (options.after_commit) options.after_commit();
}

Store::Store(StoreOptions options) : folder_(std::make_unique<StoreFolder>(std::move(options))) {}

Store::~Store() {
  WINDLASS_ASSERT(folder_->batch == nullptr);
}

ShardEpoch Store::claim() {
  const auto batch = begin();
  Committed& committed = batch->impl_->committed;
  committed.epoch += 1;
  RowTable& meta = batch->impl_->table(TableName::meta);
  meta.begin_row() += Key().number(committed.epoch);
  meta.put("epoch");
  batch->commit();
  return epoch();
}

ShardEpoch Store::epoch() const {
  return folder_->committed.epoch;
}

std::unique_ptr<Batch> Store::begin() {
  return std::unique_ptr<Batch>(new Batch(*folder_));
}

Space Store::space() const {
  WINDLASS_ASSERT(folder_->batch == nullptr);
  folder_->environment.forget_dead_readers();
  return folder_->space();
}

const StoreOptions& Store::options() const {
  return folder_->options;
}

}  // namespace windlass::scheduler
