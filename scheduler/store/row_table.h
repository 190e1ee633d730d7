// One table within one batch: a cursor that stays open, rows that carry a format version and a
// checksum, and the knowledge of where the table ends, because rows behind the end are appended
// (pages fill up, and no search is made).
#pragma once

#include "scheduler/store/lmdb.h"
#include "scheduler/store/table_sum.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::scheduler {

// The bytes of a row being written: a gap for version and checksum, then the body.
class RowBytes {
 public:
  static constexpr std::size_t kHeaderBytes = 5;

  std::string& begin() {
    bytes_.assign(kHeaderBytes, '\0');
    return bytes_;
  }
  // The whole, sealed for this key: a value that turns up under another key is corrupt, too.
  std::string_view seal(std::string_view key);

 private:
  std::string bytes_;
};

// The body of a stored row. Throws CorruptError.
std::string_view open_row(const char* table, std::string_view key, std::string_view value);

class RowTable {
 public:
  // Every write sets `changed` and keeps `sum` that of the table.
  RowTable(const lmdb::Txn& txn, lmdb::Table table, const char* name, TableSum& sum, bool& changed);

  // The body, valid until the next write of the batch. A key that was damaged could hide its row,
  // so where there is none the rows on both sides are looked at, unless this batch wrote the last.
  std::optional<std::string_view> find(std::string_view key);

  // Bodies are made by `begin_row()` and then written by one of these.
  std::string& begin_row() { return bytes_.begin(); }
  void put(std::string_view key);     // new or not
  void insert(std::string_view key);  // must be new (asserted)
  void update(std::string_view key);  // must exist (asserted)

  bool erase(std::string_view key);  // false: there was none

  // In key order from `from` on, with a cursor of its own, so the visitor may read and write this
  // batch, though not this table. Stops when the visitor says false. A scan of the whole table
  // checks its sum, too.
  void scan(std::string_view from,
            const std::function<bool(std::string_view key, std::string_view body)>& visitor);
  // The sum of all rows but one, as they lie there, each with its checks.
  TableSum counted(std::string_view without = {});
  // A look-up goes another way than a scan: throws CorruptError where it would not arrive.
  void check_look_ups();
  // Removes rows from `from` on while `doomed` says so; returns how many.
  std::size_t erase_while(std::string_view from,
                          const std::function<bool(std::string_view key)>& doomed);

  std::optional<std::string> last_key();
  std::uint64_t rows_total() const { return txn_.rows_total(table_); }
  std::uint64_t bytes() const { return txn_.bytes(table_); }

 private:
  bool behind_the_end(std::string_view key);
  // `after`: the cursor stands on the first row behind the key; otherwise there is none.
  void check_gap(std::string_view key, bool after);
  // Reaches the first row at or after the key, which must be the first indeed.
  bool reach(lmdb::Cursor& cursor, std::string_view from) const;
  void erase_reached();
  // The sum, if that was all of the table.
  std::optional<TableSum> walk(
      std::string_view from, std::string_view without,
      const std::function<bool(std::string_view key, std::string_view body)>& visitor);

  const lmdb::Txn& txn_;
  lmdb::Table table_;
  const char* name_;
  TableSum& sum_;
  bool& changed_;
  lmdb::Cursor cursor_;
  RowBytes bytes_;
  bool end_known_ = false;
  std::string end_;           // no key of the table is greater; it may be gone already
  bool end_is_ours_ = false;  // written by this batch
};

}  // namespace windlass::scheduler
