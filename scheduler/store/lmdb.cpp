#include "scheduler/store/lmdb.h"

#include "model/assert.h"

#include <fcntl.h>
#include <lmdb.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace windlass::scheduler::lmdb {

namespace {

[[noreturn]] void fail(const char* call, int rc) {
  throw StoreError(std::string(call) + ": " + mdb_strerror(rc));
}

void check(const char* call, int rc) {
  if (rc != MDB_SUCCESS) fail(call, rc);
}

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // LMDB reads it and never writes
}

std::string_view to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

unsigned flags_of(Opened opened) {
  switch (opened) {
    case Opened::to_write:
      break;
    case Opened::to_read:
      return MDB_NOTLS | MDB_RDONLY;
    case Opened::as_a_copy:
      return MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK;
  }
  return MDB_NOTLS;
}

// LMDB's own table: transaction -> pages that it freed.
constexpr MDB_dbi kFreePages = 0;

}  // namespace

Environment::Environment(const std::string& folder, std::uint64_t map_bytes, unsigned tables_max,
                         Opened opened) {
  check("mdb_env_create", mdb_env_create(&env_));
  try {
    check("mdb_env_set_maxdbs", mdb_env_set_maxdbs(env_, tables_max));
    check("mdb_env_set_mapsize", mdb_env_set_mapsize(env_, map_bytes));
    // NOTLS binds the short read transaction of use() to itself instead of to the thread.
    check("mdb_env_open", mdb_env_open(env_, folder.c_str(), flags_of(opened), 0600));
  } catch (...) {
    mdb_env_close(env_);
    throw;
  }
}

Environment::~Environment() {
  mdb_env_close(env_);
}

Use Environment::use() const {
  MDB_envinfo info;
  check("mdb_env_info", mdb_env_info(env_, &info));
  MDB_stat stat;
  check("mdb_env_stat", mdb_env_stat(env_, &stat));
  Use use;
  use.map_bytes = info.me_mapsize;
  use.file_bytes = (info.me_last_pgno + 1) * stat.ms_psize;

  MDB_txn* txn = nullptr;
  check("mdb_txn_begin", mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
  MDB_cursor* cursor = nullptr;
  int rc = mdb_cursor_open(txn, kFreePages, &cursor);
  if (rc == MDB_SUCCESS) {
    MDB_val key;
    MDB_val pages;
    while ((rc = mdb_cursor_get(cursor, &key, &pages, MDB_NEXT)) == MDB_SUCCESS) {
      std::size_t count = 0;  // the first word of each list is its length
      std::memcpy(&count, pages.mv_data, sizeof count);
      use.free_bytes += count * stat.ms_psize;
    }
    mdb_cursor_close(cursor);
  }
  mdb_txn_abort(txn);
  if (rc != MDB_NOTFOUND) fail("mdb_cursor_get", rc);
  return use;
}

void Environment::forget_dead_readers() const {
  int dead = 0;
  check("mdb_reader_check", mdb_reader_check(env_, &dead));
}

Pages Environment::pages() const {
  mdb_filehandle_t file = -1;
  check("mdb_env_get_fd", mdb_env_get_fd(env_, &file));
  return Pages(file);
}

void Environment::flush() const {
  const int rc = mdb_env_sync(env_, 1);
  if (rc != MDB_SUCCESS) throw CommitError(std::string("mdb_env_sync: ") + mdb_strerror(rc));
}

void Environment::copy_to(const std::string& folder) const {
  check("mdb_env_copy2", mdb_env_copy2(env_, folder.c_str(), MDB_CP_COMPACT));
  const std::string path = folder + "/data.mdb";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!flushed) throw StoreError("fsync " + path + ": " + std::strerror(error));
}

Txn::Txn(const Environment& environment, bool writes) {
  check("mdb_txn_begin", mdb_txn_begin(environment.get(), nullptr, writes ? 0 : MDB_RDONLY, &txn_));
}

Txn::~Txn() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

Table Txn::make_table(const char* name) {
  MDB_dbi table = 0;
  check("mdb_dbi_open", mdb_dbi_open(txn_, name, MDB_CREATE, &table));
  return table;
}

Table Txn::open_table(const char* name) {
  MDB_dbi table = 0;
  const int rc = mdb_dbi_open(txn_, name, 0, &table);
  if (rc == MDB_NOTFOUND) throw CorruptError(std::string("table ") + name + " is missing");
  check("mdb_dbi_open", rc);
  unsigned flags = 0;
  check("mdb_dbi_flags", mdb_dbi_flags(txn_, table, &flags));
  if (flags != 0)
    throw CorruptError(std::string("table ") + name + " has flags " + std::to_string(flags));
  return table;
}

std::uint64_t Txn::number() const {
  return mdb_txn_id(txn_);
}

std::uint64_t Txn::rows_total(Table table) const {
  MDB_stat stat;
  check("mdb_stat", mdb_stat(txn_, table, &stat));
  return stat.ms_entries;
}

std::uint64_t Txn::bytes(Table table) const {
  MDB_stat stat;
  check("mdb_stat", mdb_stat(txn_, table, &stat));
  return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

bool Txn::holds(Table table, std::string_view key) const {
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int rc = mdb_get(txn_, table, &wanted, &value);
  if (rc != MDB_NOTFOUND) check("mdb_get", rc);
  return rc != MDB_NOTFOUND;
}

void WriteTxn::commit() {
  WINDLASS_ASSERT(txn_ != nullptr);
  const int rc = mdb_txn_commit(std::exchange(txn_, nullptr));
  if (rc != MDB_SUCCESS) throw CommitError(std::string("mdb_txn_commit: ") + mdb_strerror(rc));
}

Cursor::Cursor(const Txn& txn, Table table) {
  check("mdb_cursor_open", mdb_cursor_open(txn.get(), table, &cursor_));
}

Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

bool Cursor::get(int operation, std::string_view wanted) {
  MDB_val found_key = to_val(wanted);
  MDB_val found_value{};
  const int rc =
      mdb_cursor_get(cursor_, &found_key, &found_value, static_cast<MDB_cursor_op>(operation));
  if (rc == MDB_NOTFOUND) return false;
  check("mdb_cursor_get", rc);
  key_ = to_view(found_key);
  value_ = to_view(found_value);
  return true;
}

bool Cursor::find(std::string_view wanted) {
  return get(MDB_SET_KEY, wanted);
}
bool Cursor::first_from(std::string_view wanted) {
  return wanted.empty() ? first() : get(MDB_SET_RANGE, wanted);
}
bool Cursor::first() {
  return get(MDB_FIRST, {});
}
bool Cursor::last() {
  return get(MDB_LAST, {});
}
bool Cursor::next() {
  return get(MDB_NEXT, {});
}
bool Cursor::previous() {
  return get(MDB_PREV, {});
}

int Cursor::write(std::string_view new_key, std::string_view new_value, unsigned flags) {
  MDB_val key_val = to_val(new_key);
  MDB_val value_val = to_val(new_value);
  const int rc = mdb_cursor_put(cursor_, &key_val, &value_val, flags);
  if (rc == MDB_KEYEXIST) value_ = to_view(value_val);
  return rc;
}

void Cursor::put(std::string_view new_key, std::string_view new_value) {
  check("mdb_cursor_put", write(new_key, new_value, 0));
}

bool Cursor::insert(std::string_view new_key, std::string_view new_value) {
  const int rc = write(new_key, new_value, MDB_NOOVERWRITE);
  if (rc == MDB_KEYEXIST) return false;
  check("mdb_cursor_put", rc);
  return true;
}

void Cursor::append(std::string_view new_key, std::string_view new_value) {
  check("mdb_cursor_put (append)", write(new_key, new_value, MDB_APPEND));
}

void Cursor::replace(std::string_view same_key, std::string_view new_value) {
  check("mdb_cursor_put (current)", write(same_key, new_value, MDB_CURRENT));
}

void Cursor::erase() {
  check("mdb_cursor_del", mdb_cursor_del(cursor_, 0));
}

}  // namespace windlass::scheduler::lmdb
