// What a folder is: numbers by name, the counters, the end of the log. Internal to scheduler/store.
#pragma once

#include "model/shard_rows.h"
#include "scheduler/store/row_table.h"
#include "scheduler/store/store_folder.h"

#include <cstdint>
#include <string_view>

namespace windlass::scheduler {

inline constexpr std::uint64_t kFolderFormat = 2;

class MetaTable {
 public:
  // Reads the whole table once, with its checks. Throws CorruptError.
  MetaTable(const lmdb::Txn& txn, lmdb::Table table);

  // Written when the folder is new, read otherwise.
  std::uint64_t number(std::string_view name, std::uint64_t if_new);
  // The folder must be what the options say. Throws WrongFolder.
  void expect(std::string_view name, std::uint64_t wanted);

  ShardCounters counters();
  LogHead log_head();

  // The tables must be those of the commit that the file's head names: its number, or one in a copy
  // that nobody has written to. Throws CorruptError.
  void expect_commit(std::uint64_t number);

 private:
  bool changed_ = false;
  RowTable table_;
  const bool is_new_;
};

// Part of every commit.
void note_commit(RowTable& meta, std::uint64_t number);

}  // namespace windlass::scheduler
