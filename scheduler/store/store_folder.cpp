#include "scheduler/store/store_folder.h"

#include "model/assert.h"
#include "scheduler/store/keys.h"
#include "scheduler/store/meta_table.h"
#include "scheduler/store/row_table.h"
#include "schema/codec/rows.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace windlass::scheduler {

namespace {

// What ending one open task adds to the file at most: its ended row is longer than its open one.
constexpr std::uint64_t kBytesToEndATask = 192;
// No reserve is smaller: one large batch with the pages that it copies.
constexpr std::uint64_t kReserveBytesMin = 8ULL << 20;
// On a small disk the log keeps less, and the reserve is smaller.
constexpr std::uint64_t kLogShareOfDisk = 16;
constexpr std::uint64_t kReserveShareOfDisk = 10;

[[noreturn]] void fail(const std::string& call, int error) {
  throw StoreError(call + ": " + std::strerror(error));
}

void flush_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("open " + path, errno);
  const int rc = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (rc != 0) fail("fsync " + path, error);
}

std::string made_folder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  if (error) fail("make folder " + path, error.value());
  return path;
}

void remove_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) fail("remove " + path, error.value());
}

struct Closed {
  int file;
  ~Closed() { ::close(file); }
};

// LMDB makes its file in place, and refuses for ever what a power cut leaves of one that is half
// made. So a new one is made aside, and gets its name once it is whole and durable.
std::string with_data_file(const std::string& folder, std::uint64_t map_bytes) {
  const std::string path = folder + "/data.mdb";
  if (const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC); file >= 0) {
    const Closed at_the_end{file};
    settle_heads(lmdb::Pages(file));
    return folder;
  }
  if (errno != ENOENT) fail("open " + path, errno);
  const std::string aside = folder + "/new";
  remove_folder(aside);  // of a start that was cut short
  lmdb::Environment(made_folder(aside), map_bytes, kTablesTotal).flush();
  if (::rename((aside + "/data.mdb").c_str(), path.c_str()) != 0) fail("rename " + path, errno);
  remove_folder(aside);
  return folder;
}

struct statvfs disk_of(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) fail("statvfs " + folder, errno);
  return disk;
}

std::uint64_t disk_bytes(const std::string& folder) {
  const struct statvfs disk = disk_of(folder);
  return disk.f_blocks * disk.f_frsize;
}

}  // namespace

void flush_names(const std::string& folder) {
  flush_folder(folder);
  flush_folder(std::filesystem::absolute(folder).parent_path().string());
}

StoreFolder::StoreFolder(StoreOptions store_options)
    : options(std::move(store_options)),
      lock_(made_folder(options.folder)),
      log_bytes_max(
          std::min(options.journal_bytes_max, disk_bytes(options.folder) / kLogShareOfDisk)),
      environment(with_data_file(options.folder, options.map_bytes_max), options.map_bytes_max,
                  kTablesTotal) {
  open_tables();
  flush_names(options.folder);
}

void StoreFolder::open_tables() {
  const std::uint64_t last = check_heads(environment.pages());
  lmdb::WriteTxn txn(environment);
  // Who reads the folder since before its heads were settled keeps LMDB from looking at them again.
  if (txn.number() != last + 1)
    throw StoreError("the folder is being read by another process: wait for it to end");
  // All tables are made by the first commit, so what is missing later was lost.
  const bool is_new = last == 0;
  constexpr auto kMeta = static_cast<std::size_t>(TableName::meta);
  TableSum& meta_sum = committed.sums[kMeta];
  std::size_t tables_before = 0;
  if (!is_new) {  // another format may have other tables
    tables_before =
        tables_of(MetaTable(txn, txn.open_table(kTableNames[kMeta]), meta_sum).format());
  }
  for (std::size_t i = 0; i < kTablesTotal; ++i) {
    tables_[i] =
        i < tables_before ? txn.open_table(kTableNames[i]) : txn.make_table(kTableNames[i]);
  }
  {
    MetaTable meta(txn, table(TableName::meta), meta_sum);
    const std::uint64_t format = meta.format();
    meta.expect("generation", options.generation);
    meta.expect("shard", options.shard);
    meta.expect("shards_total", options.shards_total);
    committed.epoch = meta.number("epoch", 0);
    committed.counters = meta.counters();
    committed.log_head = meta.log_head();
    if (is_new) {
      note_sums(txn);
    } else if (const auto commit = meta.commit(txn.number() - 1); commit && commit->sums) {
      expect_sum(kTableNames[kMeta], meta_sum, (*commit->sums)[kMeta]);
      committed.sums = *commit->sums;
      if (format != kFolderFormat) {
        meta.put_number("format", kFolderFormat);
        note_sums(txn);
      }
    } else {
      WINDLASS_ASSERT(format == kFolderFormatWithoutSums);
      meta.put_number("format", kFolderFormat);
      sum_up(txn);
      note_sums(txn);
    }
  }
  committed.log_bytes = txn.bytes(table(TableName::log));
  committed.open_tasks_total = txn.rows_total(table(TableName::open_tasks));
  txn.commit();
}

// Once, for a folder of a version that kept no sums.
void StoreFolder::sum_up(const lmdb::Txn& txn) {
  for (std::size_t i = 0; i < kTablesTotal; ++i) {
    if (i == static_cast<std::size_t>(TableName::meta)) continue;  // kept from the beginning
    bool changed = false;
    RowTable rows(txn, tables_[i], kTableNames[i], committed.sums[i], changed);
    committed.sums[i] = rows.counted();
  }
}

void StoreFolder::note_sums(const lmdb::Txn& txn) {
  constexpr auto kMeta = static_cast<std::size_t>(TableName::meta);
  bool changed = false;
  RowTable meta(txn, tables_[kMeta], kTableNames[kMeta], committed.sums[kMeta], changed);
  note_commit(meta, txn.number(), committed.sums);
}

Space StoreFolder::space() const {
  const struct statvfs disk = disk_of(options.folder);
  const lmdb::Use use = environment.use();
  Space space;
  space.disk_free_bytes = disk.f_bavail * disk.f_frsize;
  space.file_free_bytes = use.free_bytes;
  space.free_bytes = space.disk_free_bytes + space.file_free_bytes;

  const std::uint64_t share = disk.f_blocks * disk.f_frsize / kReserveShareOfDisk;
  const std::uint64_t reserve =
      std::max(kReserveBytesMin, std::min(options.space_reserve_bytes, share));
  const std::uint64_t log_growth = log_bytes_max - std::min(log_bytes_max, committed.log_bytes);
  space.needed_bytes = reserve + committed.open_tasks_total * kBytesToEndATask + log_growth;

  space.map_bytes = use.map_bytes;
  space.map_used_bytes = use.file_bytes - use.free_bytes;
  space.map_use_percent_max = options.map_use_percent_max;
  return space;
}

}  // namespace windlass::scheduler
