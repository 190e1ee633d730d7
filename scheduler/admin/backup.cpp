#include "scheduler/admin/backup.h"

#include "model/assert.h"
#include "scheduler/admin/job_ids.h"
#include "scheduler/store/shard_marks.h"
#include "scheduler/store/store.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

namespace windlass::scheduler {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kErasedRowsAtOnce = 10'000;

void require_empty(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return;
  throw StoreError(folder + " is not empty: name a new folder for each backup");
}

// The node's worker belongs to the cluster that was: its lease, which may still run, is waited for,
// then its tasks are queued again and the pool asks for another node.
std::uint64_t give_up_nodes(Batch& batch, WallTime now) {
  std::vector<NodeRecord> nodes;
  std::vector<PoolRecord> pools;
  batch.each_node([&](NodeRecord node) { nodes.push_back(std::move(node)); });
  batch.each_pool([&](PoolRecord pool) { pools.push_back(std::move(pool)); });
  for (NodeRecord& node : nodes) {
    node.draining = true;
    batch.put_node(node);
  }
  for (PoolRecord& pool : pools) {
    if (pool.allocation_state == AllocationState::steady) pool.allocation_state_time = now;
    pool.allocation_state = AllocationState::resizing;
    pool.resize_started = now;
    pool.resize_timeout_now = kInfinite;  // workers come when they are started
    batch.put_pool(pool);
  }
  return nodes.size();
}

using Stores = std::map<ShardId, std::unique_ptr<Store>>;

Stores open_copies(const std::vector<FolderFacts>& shards, const std::string& data_folder) {
  Stores stores;
  for (const FolderFacts& facts : shards) {
    StoreOptions options;
    options.folder = shard_folder(data_folder, facts.shard);
    options.shard = facts.shard;
    options.shards_total = facts.shards_total;
    options.generation = facts.generation;
    stores.emplace(facts.shard, std::make_unique<Store>(options));
  }
  return stores;
}

// All shards of one cluster, each once.
void require_whole(const std::vector<FolderFacts>& shards, ClusterGeneration generation) {
  if (shards.empty()) throw StoreError("there is no shard to restore");
  const ShardId total = shards.front().shards_total;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i].shards_total != total || shards[i].generation != shards.front().generation)
      throw WrongFolder("the backups are of different clusters or generations");
    if (shards[i].shard != i)
      throw WrongFolder(shards[i].shard < i
                            ? "shard " + std::to_string(shards[i].shard) + " is there twice"
                            : "shard " + std::to_string(i) +
                                  " is missing: name the backups of all "
                                  "control hosts");
  }
  if (shards.size() != total)
    throw WrongFolder("shard " + std::to_string(shards.size()) +
                      " is missing: name the backups of all control hosts");
  if (generation <= shards.front().generation)
    throw WrongFolder("the backup is of generation " + std::to_string(shards.front().generation) +
                      ": a restore needs a later one");
}

void copy_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (!error) fs::permissions(to, fs::perms::owner_all, error);
  if (!error) fs::copy_file(from + "/data.mdb", to + "/data.mdb", error);
  if (!error)
    fs::permissions(to + "/data.mdb", fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) throw StoreError("copy " + from + " to " + to + ": " + error.message());
}

}  // namespace

std::vector<FolderFacts> back_up(const std::vector<std::string>& data_folders,
                                 const std::string& to,
                                 const std::function<void(const FolderFacts&)>& told) {
  require_empty(to);
  std::vector<FolderFacts> done;
  for (const std::string& data_folder : data_folders) {
    for (const ShardId shard : shards_in(data_folder)) {
      const std::string copy = shard_folder(to, shard);
      copy_folder(shard_folder(data_folder, shard), copy);
      done.push_back(check_copy(copy));
      told(done.back());
    }
  }
  if (done.empty()) throw StoreError("there are no shards in " + data_folders.front());
  return done;
}

std::vector<FolderFacts> check_backup(const std::string& backup) {
  std::vector<FolderFacts> shards;
  for (const ShardId shard : shards_in(backup))
    shards.push_back(check_copy(shard_folder(backup, shard)));
  return shards;
}

Restored restore(const std::vector<std::string>& backups, const std::string& data_folder,
                 ClusterGeneration generation, WallTime now) {
  std::map<ShardId, std::string> sources;
  Restored restored;
  for (const std::string& backup : backups) {
    for (const ShardId shard : shards_in(backup)) {
      sources[shard] = shard_folder(backup, shard);
      restored.shards.push_back(check_copy(sources[shard]));
    }
  }
  std::sort(restored.shards.begin(), restored.shards.end(),
            [](const FolderFacts& a, const FolderFacts& b) { return a.shard < b.shard; });
  require_whole(restored.shards, generation);
  std::error_code error;
  if (fs::exists(data_folder, error) && !shards_in(data_folder).empty())
    throw StoreError(data_folder +
                     " has shards already: name another folder, or remove what an earlier "
                     "restore left there");

  for (const auto& [shard, source] : sources) copy_file(source, shard_folder(data_folder, shard));
  const Stores stores = open_copies(restored.shards, data_folder);

  std::vector<JobIds> shards;
  for (const auto& [shard, store] : stores) {
    JobIds ids;
    const auto batch = store->begin();
    batch->each_job([&](JobRecord job) { ids.jobs.push_back(std::move(job)); });
    batch->each_job_schedule(
        [&](JobScheduleRecord schedule) { ids.schedules.push_back(std::move(schedule)); });
    batch->each_reservation([&](Reservation held) { ids.reservations.push_back(std::move(held)); });
    shards.push_back(std::move(ids));
  }
  const JobIdsSettled settled = settle_job_ids(shards);
  for (const auto& [shard, store] : stores) {
    const JobIdChanges& changes = settled.changes.at(shard);
    const auto batch = store->begin();
    for (const Reservation& gone : changes.dropped)
      batch->erase_reservation(gone.account, gone.job_id);
    for (const Reservation& held : changes.put) batch->put_reservation(held);
    for (const JobScheduleRecord& schedule : changes.schedules) batch->put_job_schedule(schedule);
    for (const JobSeq job : changes.superseded) {
      while (batch->erase_tasks(job, kErasedRowsAtOnce)) {
      }
      batch->erase_job(job);
    }
    restored.nodes_given_up += give_up_nodes(*batch, now);
    ShardCounters counters = batch->counters();
    counters.incarnations = std::max(counters.incarnations, changes.incarnations);
    batch->put_counters(counters);
    batch->start_generation(generation);
    batch->commit();
  }
  for (const auto& [shard, store] : stores) give_to_owner_above(store->options().folder);
  restored.reservations_dropped = settled.dropped;
  restored.reservations_made = settled.made;
  restored.jobs_superseded = settled.superseded;
  return restored;
}

}  // namespace windlass::scheduler
