// A thin layer over LMDB: environments, transactions, tables, cursors. Every error is an exception
// that names the call. Nothing here knows what the rows mean.
//
// Flags are LMDB's defaults, because acknowledged state lies here: each commit writes its pages,
// flushes, writes the meta page and flushes again. No NOSYNC, NOMETASYNC, WRITEMAP or MAPASYNC. And
// no NOMEMINIT: fresh pages are zeroed, so that no stray memory of the process reaches the disk.
#pragma once

#include "scheduler/store/errors.h"

#include <cstdint>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace windlass::scheduler::lmdb {

using Table = unsigned;  // LMDB's handle

struct Use {
  std::uint64_t map_bytes = 0;   // what the map may hold
  std::uint64_t file_bytes = 0;  // how far the file is in use
  std::uint64_t free_bytes = 0;  // pages inside the file that wait to be used again
};

class Environment {
 public:
  // The folder must exist and lie on a local disk (OPERATING.md): the lock and the shared map do
  // not work over network file systems.
  Environment(const std::string& folder, std::uint64_t map_bytes, unsigned tables_max);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* get() const { return env_; }
  Use use() const;  // between transactions; costs a walk over the list of free pages

 private:
  MDB_env* env_ = nullptr;
};

// The one write transaction. Cursors over it must be gone before it commits or goes.
class WriteTxn {
 public:
  explicit WriteTxn(const Environment& environment);
  ~WriteTxn();
  WriteTxn(const WriteTxn&) = delete;
  WriteTxn& operator=(const WriteTxn&) = delete;

  Table open_table(const char* name);  // made when missing; the handle lasts once committed
  std::uint64_t rows_total(Table table) const;
  std::uint64_t bytes(Table table) const;  // of its pages
  void commit();                           // throws CommitError; the transaction is over either way
  MDB_txn* get() const { return txn_; }

 private:
  MDB_txn* txn_ = nullptr;  // null once over
};

// A place in a table. Views that it hands out die with the next write of the transaction.
class Cursor {
 public:
  Cursor(const WriteTxn& txn, Table table);
  ~Cursor();
  Cursor(Cursor&& other) noexcept : cursor_(other.cursor_) { other.cursor_ = nullptr; }
  Cursor& operator=(Cursor&&) = delete;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // Each is false when there is no such row; otherwise key() and value() are of the row reached.
  bool find(std::string_view key);
  bool first_from(std::string_view key);  // the first at or after the key
  bool first();
  bool last();
  bool next();

  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

  void put(std::string_view key, std::string_view value);
  // False, and nothing written, when the key exists.
  bool insert(std::string_view key, std::string_view value);
  // The key must be past the last one.
  void append(std::string_view key, std::string_view value);
  // Another value for the row reached, whose key this is (from the caller's memory: the page that
  // key() looks into moves).
  void replace(std::string_view key, std::string_view value);
  // Removes the row reached; next() then reaches the one after it.
  void erase();

 private:
  bool get(int operation, std::string_view key);
  int write(std::string_view key, std::string_view value, unsigned flags);

  MDB_cursor* cursor_ = nullptr;
  std::string_view key_;
  std::string_view value_;
};

}  // namespace windlass::scheduler::lmdb
