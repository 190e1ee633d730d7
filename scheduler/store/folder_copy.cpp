#include "scheduler/store/folder_copy.h"

#include "scheduler/store/meta_table.h"
#include "scheduler/store/row_table.h"
#include "scheduler/store/store_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace windlass::scheduler {

namespace {

// Address space only, and as much as a store may use.
const std::uint64_t kMapBytes = StoreOptions().map_bytes_max;

[[noreturn]] void fail(const std::string& what, int error) {
  throw StoreError(what + ": " + std::strerror(error));
}

void make_folder(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (!made && !error) throw StoreError(path + " exists already");
  if (!error) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) throw StoreError("make folder " + path + ": " + error.message());
}

}  // namespace

void copy_folder(const std::string& from, const std::string& to) {
  make_folder(to);
  const lmdb::Environment environment(from, kMapBytes, kTablesTotal, lmdb::Opened::to_read);
  environment.copy_to(to);
  give_to_owner_above(to);
  flush_names(to);
}

void give_to_owner_above(const std::string& folder) {
  if (::geteuid() != 0) return;
  struct stat above {};
  const std::string parent = std::filesystem::absolute(folder).parent_path().string();
  if (::stat(parent.c_str(), &above) != 0) fail("stat " + parent, errno);
  const auto give = [&](const std::string& path) {
    if (::lchown(path.c_str(), above.st_uid, above.st_gid) != 0) fail("chown " + path, errno);
  };
  give(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) give(entry.path().string());
}

FolderFacts check_copy(const std::string& folder) {
  const lmdb::Environment environment(folder, kMapBytes, kTablesTotal, lmdb::Opened::as_a_copy);
  lmdb::ReadTxn txn(environment);
  constexpr auto kMeta = static_cast<std::size_t>(TableName::meta);
  TableSum meta_sum;
  const std::size_t tables_total =
      tables_of(MetaTable(txn, txn.open_table(kTableNames[kMeta]), meta_sum).format());
  std::array<lmdb::Table, kTablesTotal> tables{};
  for (std::size_t i = 0; i < tables_total; ++i) tables[i] = txn.open_table(kTableNames[i]);
  const auto rows_of = [&](TableName name) {
    return txn.rows_total(tables[static_cast<std::size_t>(name)]);
  };

  FolderFacts facts;
  std::optional<MetaTable::Commit> commit;
  {
    MetaTable meta(txn, tables[kMeta], meta_sum);
    commit = meta.commit(txn.number());
    facts.generation = meta.number("generation", 0);
    facts.shard = static_cast<ShardId>(meta.number("shard", 0));
    facts.shards_total = static_cast<ShardId>(meta.number("shards_total", 0));
    facts.epoch = meta.number("epoch", 0);
    facts.events = meta.counters().events;
  }
  facts.pools = rows_of(TableName::pools);
  facts.jobs = rows_of(TableName::jobs);
  facts.open_tasks = rows_of(TableName::open_tasks);
  facts.completed_tasks = rows_of(TableName::done_tasks);
  for (std::size_t i = 0; i < tables_total; ++i) {
    bool changed = false;
    TableSum sum;
    RowTable table(txn, tables[i], kTableNames[i], sum, changed);
    sum = i == kMeta ? meta_sum : table.counted();
    if (commit && commit->sums) expect_sum(kTableNames[i], sum, (*commit->sums)[i]);
    table.check_look_ups();
    facts.rows += table.rows_total();
  }
  return facts;
}

}  // namespace windlass::scheduler
