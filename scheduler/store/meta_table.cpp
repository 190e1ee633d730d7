#include "scheduler/store/meta_table.h"

#include "scheduler/store/keys.h"
#include "schema/codec/rows.h"

namespace windlass::scheduler {

namespace {

constexpr std::uint64_t kCommitOfCopy = 1;  // LMDB numbers those of a compacted copy anew

}  // namespace

MetaTable::MetaTable(const lmdb::Txn& txn, lmdb::Table table)
    : table_(txn, table, "meta", changed_), is_new_(table_.rows_total() == 0) {
  table_.scan("", [](std::string_view, std::string_view) { return true; });
}

std::uint64_t MetaTable::number(std::string_view name, std::uint64_t if_new) {
  if (const auto body = table_.find(name)) {
    if (body->size() != 8) throw CorruptError("table meta: a number of the wrong size");
    return number_at(*body, 0);
  }
  if (!is_new_) throw CorruptError("table meta: no " + std::string(name));
  table_.begin_row() += Key().number(if_new);
  table_.put(name);
  return if_new;
}

void MetaTable::expect(std::string_view name, std::uint64_t wanted) {
  const std::uint64_t found = number(name, wanted);
  if (found == wanted) return;
  throw WrongFolder("the folder's " + std::string(name) + " is " + std::to_string(found) +
                    ", not " + std::to_string(wanted));
}

ShardCounters MetaTable::counters() {
  const auto body = table_.find("counters");
  if (!body) return {};
  Result<ShardCounters> counters = decode_row<ShardCounters>(*body);
  if (!counters) throw CorruptError("table meta, counters: " + counters.error().message);
  return *counters;
}

LogHead MetaTable::log_head() {
  const auto body = table_.find("log_head");
  if (!body) return {};
  if (body->size() != 24) throw CorruptError("table meta, log_head: of the wrong size");
  return {number_at(*body, 0), number_at(*body, 8), number_at(*body, 16)};
}

void MetaTable::expect_commit(std::uint64_t number) {
  const auto body = table_.find("commit");
  if (!body || number == kCommitOfCopy) return;  // new, or written before this was noted
  if (body->size() != 8) throw CorruptError("table meta, commit: of the wrong size");
  const std::uint64_t found = number_at(*body, 0);
  if (found == number) return;
  throw CorruptError("the tables are of commit " + std::to_string(found) + ", the file's head of " +
                     std::to_string(number));
}

void note_commit(RowTable& meta, std::uint64_t number) {
  meta.begin_row() += Key().number(number);
  meta.put("commit");
}

}  // namespace windlass::scheduler
