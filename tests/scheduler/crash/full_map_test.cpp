// The map is full, or cannot be used again because somebody reads for long: the shard refuses, or
// stops, and loses nothing.
#include "scheduler/store/batch_impl.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/scheduler/crash/child.h"
#include "tests/scheduler/crash/history.h"
#include "tests/support/disk_calls.h"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <csignal>

using namespace windlass;
using namespace windlass::scheduler;
using namespace windlass::test;

namespace {

// Lets the other side of a fork go on.
class Gate {
 public:
  Gate() { BOOST_REQUIRE(::pipe(ends_) == 0); }
  ~Gate() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  void open() { BOOST_REQUIRE(::write(ends_[1], "x", 1) == 1); }
  void wait() {
    char one = 0;
    BOOST_REQUIRE(::read(ends_[0], &one, 1) == 1);
  }

 private:
  int ends_[2] = {};
};

// Of every row that the transaction sees, with its checks.
std::uint64_t rows_seen(const lmdb::ReadTxn& txn, const std::vector<lmdb::Table>& tables) {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < kTablesTotal; ++i) {
    bool changed = false;
    TableSum none;
    rows += RowTable(txn, tables[i], kTableNames[i], none, changed).counted().rows;
  }
  return rows;
}

// Reads a folder beside its owner, in one transaction: before and after `until` has happened.
int read_for_long(const std::string& folder, Gate& reading, Gate& until) {
  const lmdb::Environment environment(folder, stored_shard_options(folder).map_bytes_max,
                                      kTablesTotal, lmdb::Opened::to_read);
  lmdb::ReadTxn txn(environment);
  std::vector<lmdb::Table> tables;
  for (const char* name : kTableNames) tables.push_back(txn.open_table(name));
  const std::uint64_t rows = rows_seen(txn, tables);
  reading.open();
  until.wait();
  return rows_seen(txn, tables) == rows ? 0 : 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_full_map)

BOOST_AUTO_TEST_CASE(a_full_map_stops_the_shard_and_a_larger_one_lets_it_go_on) {
  const LazyDisk lazy;
  const TemporaryFolder work;
  const std::string folder = work.path() + "/shard-3";
  StoreOptions options = stored_shard_options(folder);
  options.map_bytes_max = 800 << 10;
  options.journal_bytes_max = 1 << 30;  // it is what grows
  History history;
  bool refused_in_time = false;
  std::string said;
  try {
    StoredShard shard(options, 1, history.hooks());
    for (int i = 0; i < 1'000; ++i) {
      shard.turn();
      if (!shard.space().accepts_new_work()) refused_in_time = true;
    }
  } catch (const StoreError& error) {
    said = error.what();
  }
  BOOST_TEST(refused_in_time);  // the scheduler takes no new work from then on
  BOOST_TEST(said.find("MDB_MAP_FULL") != std::string::npos, said);
  BOOST_TEST(history.verdict(contents_of(folder), history.acknowledged(), history.begun()) == "");

  StoredShard shard(stored_shard_options(folder), 2, history.hooks());
  for (int i = 0; i < 50; ++i) shard.turn();
  BOOST_TEST(shard.broken() == std::vector<std::string>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_reads_for_long_sees_one_moment_and_who_died_reading_holds_nothing_up) {
  const LazyDisk lazy;
  const TemporaryFolder work;
  const std::string folder = work.path() + "/shard-3";
  StoredShard shard(stored_shard_options(folder), 1);
  for (int i = 0; i < 60; ++i) shard.turn();
  const auto used = [&] { return shard.space().map_used_bytes + shard.space().file_free_bytes; };

  Gate reading;
  Gate until;
  std::fflush(nullptr);
  const pid_t reader = ::fork();
  BOOST_REQUIRE(reader >= 0);
  if (reader == 0) ::_exit(read_for_long(folder, reading, until));
  reading.wait();
  const std::uint64_t before = used();
  for (int i = 0; i < 150; ++i) shard.turn();
  const std::uint64_t kept = used() - before;
  until.open();
  int status = 0;
  BOOST_REQUIRE(::waitpid(reader, &status, 0) == reader);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0), "the reader saw the writers");
  BOOST_TEST(shard.broken() == std::vector<std::string>(), boost::test_tools::per_element());

  const pid_t killed = ::fork();
  BOOST_REQUIRE(killed >= 0);
  if (killed == 0) ::_exit(read_for_long(folder, reading, until));
  reading.wait();
  BOOST_REQUIRE(::kill(killed, SIGKILL) == 0);
  BOOST_REQUIRE(::waitpid(killed, &status, 0) == killed);
  const std::uint64_t without = used();  // looks for dead readers
  for (int i = 0; i < 150; ++i) shard.turn();
  const std::uint64_t grown = used() - without;
  BOOST_TEST(grown < kept / 4, "grown by " << grown << ", and by " << kept << " beside a reader");
}

BOOST_AUTO_TEST_SUITE_END()
