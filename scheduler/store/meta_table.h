// What a folder is: numbers by name, the counters, the end of the log. Internal to scheduler/store.
#pragma once

#include "model/shard_rows.h"
#include "scheduler/store/row_table.h"
#include "scheduler/store/store_folder.h"

#include <cstdint>
#include <string_view>

namespace windlass::scheduler {

inline constexpr std::uint64_t kFolderFormat = 4;
// Earlier ones are read, and made a folder of ours when they are opened to write.
inline constexpr std::uint64_t kFolderFormatWithoutCertificates = 3;
inline constexpr std::uint64_t kFolderFormatWithoutSums = 2;  // commits noted none
// How many tables a folder of a format has: the later ones are made when it becomes one of ours.
constexpr std::size_t tables_of(std::uint64_t format) {
  if (format == kFolderFormatWithoutSums) return static_cast<std::size_t>(TableName::job_nodes);
  if (format == kFolderFormatWithoutCertificates)
    return static_cast<std::size_t>(TableName::certificates);
  return kTablesTotal;
}

class MetaTable {
 public:
  // Reads the whole table once, with its checks. `sum` becomes what it holds. Throws CorruptError.
  MetaTable(const lmdb::Txn& txn, lmdb::Table table, TableSum& sum);

  bool is_new() const { return is_new_; }
  // Of a folder that is not new, and which is one that this version reads. Throws WrongFolder.
  std::uint64_t format();

  // Written when the folder is new, read otherwise.
  std::uint64_t number(std::string_view name, std::uint64_t if_new);
  // The folder must be what the options say. Throws WrongFolder.
  void expect(std::string_view name, std::uint64_t wanted);
  void put_number(std::string_view name, std::uint64_t value);

  ShardCounters counters();
  LogHead log_head();

  // What the last commit noted: its number, and the sums of the tables. The number must be what the
  // file's head says, or the head is of a copy that nobody has written to. Nothing in a folder
  // without sums that has no commit yet, and no sums in any other of them. Throws CorruptError.
  struct Commit {
    std::uint64_t number = 0;
    std::optional<TableSums> sums;
  };
  std::optional<Commit> commit(std::uint64_t number_in_head);

 private:
  bool changed_ = false;
  RowTable table_;
  const bool is_new_;
};

// Part of every commit, and the last of it: the row that holds the sums is part of none.
void note_commit(RowTable& meta, std::uint64_t number, TableSums& sums);

// LMDB takes the later of the file's two heads, which are of commits in turn. A damaged number can
// make the later one look earlier, and a commit whose head could not be written leaves the same:
// its whole tree under the number of the head that was to be replaced. Either way that commit is
// the last one, and there is nobody who was told that it is not. So this says so in its head.
// Before LMDB has the file; throws StoreError.
void settle_heads(const lmdb::Pages& pages);

// Returns the last commit, 0 in a new file. Throws CorruptError when the heads are not of commits
// in turn. Between commits.
std::uint64_t check_heads(const lmdb::Pages& pages);

}  // namespace windlass::scheduler
