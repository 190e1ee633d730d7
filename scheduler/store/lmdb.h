// A thin layer over LMDB: environments, transactions, tables, cursors. Every error is an exception
// that names the call. Nothing here knows what the rows mean.
//
// Flags are LMDB's defaults, because acknowledged state lies here: each commit writes its pages,
// flushes, writes the meta page and flushes again. No NOSYNC, NOMETASYNC, WRITEMAP or MAPASYNC. And
// no NOMEMINIT: fresh pages are zeroed, so that no stray memory of the process reaches the disk.
#pragma once

#include "scheduler/store/errors.h"
#include "scheduler/store/lmdb_pages.h"

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

// How a folder is opened.
enum class Opened {
  to_write,   // made when it is empty
  to_read,    // beside the owner, whose pages are kept while a transaction reads them
  as_a_copy,  // one that nobody writes: nothing in it is touched, no lock file is made
};

class Environment {
 public:
  // The folder must exist and lie on a local disk (OPERATING.md): the lock and the shared map do
  // not work over network file systems.
  Environment(const std::string& folder, std::uint64_t map_bytes, unsigned tables_max,
              Opened opened = Opened::to_write);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* get() const { return env_; }
  Use use() const;  // between transactions; costs a walk over the list of free pages
  // Frees what readers that died have kept; cheap.
  void forget_dead_readers() const;
  // Reads the file beside LMDB. For the owner, between commits.
  Pages pages() const;
  void flush() const;  // all that was written, though no transaction was committed
  // What is committed now, without its free pages, into the file data.mdb of another folder, which
  // must be empty. Flushed when it returns.
  void copy_to(const std::string& folder) const;

 private:
  MDB_env* env_ = nullptr;
};

// A transaction. Cursors over it must be gone before it commits or goes.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  // The handle lasts once the transaction is committed.
  Table make_table(const char* name);
  // Throws CorruptError when it is missing, or in an order that is not ours.
  Table open_table(const char* name);
  std::uint64_t number() const;  // of one that writes: the last commit's and one
  std::uint64_t rows_total(Table table) const;
  std::uint64_t bytes(Table table) const;  // of its pages
  // A look-up from the root of the table on. A cursor begins where it stands.
  bool holds(Table table, std::string_view key) const;
  MDB_txn* get() const { return txn_; }

 protected:
  Txn(const Environment& environment, bool writes);
  ~Txn();

  MDB_txn* txn_ = nullptr;  // null once over
};

// The one that writes.
class WriteTxn : public Txn {
 public:
  explicit WriteTxn(const Environment& environment) : Txn(environment, true) {}
  void commit();  // throws CommitError; the transaction is over either way
};

class ReadTxn : public Txn {
 public:
  explicit ReadTxn(const Environment& environment) : Txn(environment, false) {}
};

// A place in a table. Views that it hands out die with the next write of the transaction.
class Cursor {
 public:
  Cursor(const Txn& txn, Table table);
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
  bool previous();

  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

  void put(std::string_view key, std::string_view value);
  // False, and nothing written, when the key exists: its row is the row reached then.
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
