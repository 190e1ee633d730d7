#include "scheduler/store/meta_table.h"

#include "scheduler/store/keys.h"
#include "schema/codec/rows.h"

namespace windlass::scheduler {

namespace {

constexpr std::uint64_t kCommitOfCopy = 1;  // LMDB numbers those of a compacted copy anew
constexpr std::string_view kCommitRow = "commit";
constexpr std::string_view kFormatRow = "format";
constexpr std::string_view kEpochRow = "epoch";
constexpr char kMeta[] = "meta";
constexpr std::size_t kSumBytes = 16;

constexpr std::size_t commit_bytes(std::uint64_t format) {
  return format == kFolderFormatWithoutSums ? 8 : 8 + kSumBytes * tables_of(format);
}

// The claim under which a head's tree was written, where it can be read.
std::optional<ShardEpoch> epoch_in(const lmdb::Pages& pages, const lmdb::Pages::Head& head) {
  const auto row = pages.value_in(head, kMeta, kEpochRow);
  if (!row || row->size() != RowBytes::kHeaderBytes + 8) return std::nullopt;
  return number_at(*row, RowBytes::kHeaderBytes);
}

}  // namespace

MetaTable::MetaTable(const lmdb::Txn& txn, lmdb::Table table, TableSum& sum)
    : table_(txn, table, kMeta, sum, changed_), is_new_(table_.rows_total() == 0) {
  sum = table_.counted(kCommitRow);
}

std::uint64_t MetaTable::format() {
  const std::uint64_t found = number(kFormatRow, kFolderFormat);
  if (found < kFolderFormatWithoutSums || found > kFolderFormat) expect(kFormatRow, kFolderFormat);
  return found;
}

std::uint64_t MetaTable::number(std::string_view name, std::uint64_t if_new) {
  if (const auto body = table_.find(name)) {
    if (body->size() != 8) throw CorruptError("table meta: a number of the wrong size");
    return number_at(*body, 0);
  }
  if (!is_new_) throw CorruptError("table meta: no " + std::string(name));
  put_number(name, if_new);
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

void MetaTable::put_number(std::string_view name, std::uint64_t value) {
  table_.begin_row() += Key().number(value);
  table_.put(name);
}

std::optional<MetaTable::Commit> MetaTable::commit(std::uint64_t number_in_head) {
  const std::uint64_t format = number(kFormatRow, kFolderFormat);
  const bool has_sums = format != kFolderFormatWithoutSums;
  const auto body = table_.find(kCommitRow);
  if (!body) {
    if (has_sums) throw CorruptError("table meta: no commit");
    return std::nullopt;
  }
  if (body->size() != commit_bytes(format))
    throw CorruptError("table meta, commit: of the wrong size");
  Commit commit{number_at(*body, 0), std::nullopt};
  if (commit.number != number_in_head && number_in_head != kCommitOfCopy)
    throw CorruptError("the tables are of commit " + std::to_string(commit.number) +
                       ", the file's head of " + std::to_string(number_in_head));
  if (!has_sums) return commit;
  TableSums& sums = commit.sums.emplace();
  for (std::size_t i = 0; i < tables_of(format); ++i) {
    const std::size_t at = 8 + kSumBytes * i;
    sums[i] = {number_at(*body, at), number_at(*body, at + 8)};
  }
  return commit;
}

void note_commit(RowTable& meta, std::uint64_t number, TableSums& sums) {
  std::string& row = meta.begin_row();
  row += Key().number(number);
  for (const TableSum& sum : sums) row += Key().number(sum.rows).number(sum.weights);
  const TableSum without = sums[static_cast<std::size_t>(TableName::meta)];
  meta.put(kCommitRow);
  sums[static_cast<std::size_t>(TableName::meta)] = without;
}

void settle_heads(const lmdb::Pages& pages) {
  const auto heads = pages.heads();
  const bool is_new = heads[0].commit == 0 && heads[1].commit == 0;  // or its first commit hides
  const std::size_t later = is_new || heads[0].commit > heads[1].commit ? 0 : 1;
  const std::size_t earlier = 1 - later;
  if (!is_new && heads[later].commit != heads[earlier].commit + 1) return;
  const auto row = pages.value_in(heads[earlier], kMeta, kCommitRow);
  const auto is_of = [&](std::uint64_t format) {
    return row && row->size() == RowBytes::kHeaderBytes + commit_bytes(format);
  };
  if (!is_of(kFolderFormat) && !is_of(kFolderFormatWithoutCertificates)) return;
  const std::uint64_t hidden = number_at(*row, RowBytes::kHeaderBytes);
  if (hidden != heads[later].commit + 1) return;
  // A copy that was written to once may have such a number from what it is a copy of; it was
  // claimed anew with that one commit.
  if (epoch_in(pages, heads[earlier]) < epoch_in(pages, heads[later])) return;
  pages.put_commit(earlier, hidden);
}

std::uint64_t check_heads(const lmdb::Pages& pages) {
  const auto heads = pages.heads();
  const std::uint64_t even = heads[0].commit;
  const std::uint64_t odd = heads[1].commit;
  const auto wrong = [&](const std::string& what) {
    throw CorruptError("the file's heads are of commits " + std::to_string(even) + " and " +
                       std::to_string(odd) + what);
  };
  if (even == 0 && odd == 0) {
    for (const auto& head : heads) {
      if (head.root != lmdb::kNoPage) wrong(", and there are tables");
    }
    return 0;
  }
  if (even % 2 != 0 || (odd != even + 1 && odd + 1 != even)) wrong("");
  const auto& later = heads[even > odd ? 0 : 1];
  const auto& earlier = heads[even > odd ? 1 : 0];
  if (epoch_in(pages, earlier) > epoch_in(pages, later))
    wrong(", and the later is of an earlier epoch");
  return later.commit;
}

}  // namespace windlass::scheduler
