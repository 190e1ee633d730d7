// The inside of a batch: its transaction and one RowTable for each table that it touches. Internal
// to scheduler/store and scheduler/journal.
#pragma once

#include "scheduler/store/keys.h"
#include "scheduler/store/meta_table.h"
#include "scheduler/store/row_table.h"
#include "scheduler/store/store_folder.h"

#include <optional>

namespace windlass::scheduler {

class Batch::Impl {
 public:
  Impl(StoreFolder& store_folder, bool& changed)
      : folder(store_folder),
        committed(store_folder.committed),
        txn(store_folder.environment),
        changed_(changed) {}

  RowTable& table(TableName name) {
    const auto index = static_cast<std::size_t>(name);
    if (!tables_[index])
      tables_[index].emplace(txn, folder.table(name), kTableNames[index], committed.sums[index],
                             changed_);
    return *tables_[index];
  }

  void commit() {
    committed.log_bytes = txn.bytes(folder.table(TableName::log));
    committed.open_tasks_total = txn.rows_total(folder.table(TableName::open_tasks));
    note_commit(table(TableName::meta), txn.number(), committed.sums);
    close_cursors();
    txn.commit();
    folder.committed = committed;
  }

  // LMDB wants cursors gone before their transaction ends.
  ~Impl() { close_cursors(); }

  StoreFolder& folder;
  Committed committed;  // what folder.committed becomes
  lmdb::WriteTxn txn;

 private:
  void close_cursors() {
    for (auto& table : tables_) table.reset();
  }

  bool& changed_;
  std::array<std::optional<RowTable>, kTablesTotal> tables_;
};

}  // namespace windlass::scheduler
