#include "loadtest/commit_watch.h"

#include <lmdb.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace windlass::loadtest {
namespace {

constexpr unsigned kTablesMax = 64;
constexpr const char* kEndedTasks = "done_tasks";  // scheduler/store/keys.h

void check(const char* call, int rc) {
  if (rc != MDB_SUCCESS) throw std::runtime_error(std::string(call) + ": " + mdb_strerror(rc));
}

}  // namespace

CommitWatch::CommitWatch(const std::string& cluster) {
  for (const auto& entry : std::filesystem::directory_iterator(cluster + "/scheduler")) {
    if (!entry.path().filename().string().starts_with("shard-")) continue;
    Shard& shard = shards_.emplace_back();
    check("mdb_env_create", mdb_env_create(&shard.environment));
    check("mdb_env_set_maxdbs", mdb_env_set_maxdbs(shard.environment, kTablesMax));
    check("mdb_env_open",
          mdb_env_open(shard.environment, entry.path().c_str(), MDB_RDONLY | MDB_NOTLS, 0600));
    MDB_txn* txn = nullptr;
    check("mdb_txn_begin", mdb_txn_begin(shard.environment, nullptr, MDB_RDONLY, &txn));
    check("mdb_dbi_open", mdb_dbi_open(txn, kEndedTasks, 0, &shard.table));
    check("mdb_txn_commit", mdb_txn_commit(txn));  // keeps the table open
  }
  if (shards_.empty()) throw std::runtime_error("no shards in " + cluster + "/scheduler");
}

CommitWatch::~CommitWatch() {
  for (const Shard& shard : shards_) mdb_env_close(shard.environment);
}

std::uint64_t CommitWatch::completed_total() const {
  std::uint64_t total = 0;
  for (const Shard& shard : shards_) {
    MDB_txn* txn = nullptr;
    check("mdb_txn_begin", mdb_txn_begin(shard.environment, nullptr, MDB_RDONLY, &txn));
    MDB_stat stat;
    const int rc = mdb_stat(txn, shard.table, &stat);
    mdb_txn_abort(txn);
    check("mdb_stat", rc);
    total += stat.ms_entries;
  }
  return total;
}

std::uint64_t settled_total(const CommitWatch& commits) {
  constexpr int kEqualLooks = 10;
  std::uint64_t total = commits.completed_total();
  for (int equal = 0; equal < kEqualLooks;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::uint64_t now = commits.completed_total();
    equal = now == total ? equal + 1 : 0;
    total = now;
  }
  return total;
}

}  // namespace windlass::loadtest
