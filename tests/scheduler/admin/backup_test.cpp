#include "scheduler/admin/backup.h"

#include "scheduler/store/store.h"
#include "tests/runtime/temporary_folder.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

using namespace windlass;
using namespace windlass::scheduler;
using windlass::test::TemporaryFolder;

namespace {

constexpr ShardId kShardsTotal = 2;
constexpr ClusterGeneration kGeneration = 5;
constexpr WallTime kNow{1'000'000};
const std::string kDocument = "a document that is found again in the file";

StoreOptions options_for(const std::string& data_folder, ShardId shard,
                         ClusterGeneration generation = kGeneration) {
  StoreOptions options;
  options.folder = data_folder + "/shard-" + std::to_string(shard);
  options.shard = shard;
  options.shards_total = kShardsTotal;
  options.generation = generation;
  options.map_bytes_max = 1ULL << 30;
  return options;
}

OpenTask task_of(JobSeq job, TaskSeq task) {
  OpenTask open;
  open.record.key = {job, task};
  open.record.id = "t" + std::to_string(task);
  return open;
}

JobRecord job_of(JobSeq seq, const std::string& id, std::uint64_t incarnation) {
  JobRecord job;
  job.account = "windlass";
  job.seq = seq;
  job.incarnation = incarnation;
  job.spec.id = id;
  return job;
}

// An id whose home is the shard.
std::string id_of_home(ShardId home, const std::string& prefix) {
  for (int i = 0;; ++i) {
    const std::string id = prefix + std::to_string(i);
    if (shard_of("windlass", id, kShardsTotal) == home) return id;
  }
}

// Two shards: a pool with a node, a job with three tasks on shard 0.
struct Cluster {
  TemporaryFolder base;
  const std::string data = base.path() + "/data";
  const std::string backup = base.path() + "/backup";
  const std::string restored = base.path() + "/restored";
  const std::string job_id = id_of_home(1, "job");

  Cluster() {
    for (ShardId shard = 0; shard < kShardsTotal; ++shard) {
      Store store(options_for(data, shard));
      store.claim();
      const auto batch = store.begin();
      ShardCounters counters;
      counters.events = 100;
      batch->put_counters(counters);
      batch->put_session({.id = 7});
      const auto other = static_cast<ShardId>(1 - shard);
      batch->put_outbox({other, {}});
      batch->put_progress({.shard = other, .sent_last = 4});
      if (shard == 0) {
        PoolRecord pool;
        pool.seq = 1;
        pool.spec.id = "pool";
        batch->put_pool(pool);
        NodeRecord node;
        node.seq = 1;
        node.pool = 1;
        node.id = "tvmps_1_d";
        batch->put_node(node);
        batch->put_job(job_of(1, job_id, 9));
        for (TaskSeq task = 1; task <= 3; ++task) batch->add_task(task_of(1, task), kDocument);
        batch->complete_task(task_of(1, 2).record);
      }
      batch->commit();
    }
  }

  std::vector<FolderFacts> back_up() const {
    return scheduler::back_up({data}, backup, [](const FolderFacts&) {});
  }
};

template <class Row>
std::vector<Row> rows_of(Batch& batch, void (Batch::*each)(const std::function<void(Row)>&)) {
  std::vector<Row> rows;
  (batch.*each)([&](Row row) { rows.push_back(std::move(row)); });
  return rows;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler_backup, Cluster)

BOOST_AUTO_TEST_CASE(a_backup_has_what_was_committed) {
  const auto shards = back_up();
  BOOST_TEST_REQUIRE(shards.size() == 2u);
  BOOST_TEST(shards[0].shard == 0u);
  BOOST_TEST(shards[0].shards_total == kShardsTotal);
  BOOST_TEST(shards[0].generation == kGeneration);
  BOOST_TEST(shards[0].events == 100u);
  BOOST_TEST(shards[0].jobs == 1u);
  BOOST_TEST(shards[0].open_tasks == 2u);
  BOOST_TEST(shards[0].completed_tasks == 1u);
  BOOST_TEST((check_backup(backup) == shards));
}

BOOST_AUTO_TEST_CASE(a_backup_goes_only_into_an_empty_folder) {
  back_up();
  BOOST_CHECK_THROW(back_up(), StoreError);
  BOOST_CHECK_THROW(scheduler::back_up({base.path() + "/nothing"}, base.path() + "/other",
                                       [](const FolderFacts&) {}),
                    StoreError);
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_found) {
  back_up();
  const std::string path = backup + "/shard-0/data.mdb";
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto at = bytes.find(kDocument);
  BOOST_TEST_REQUIRE(at != std::string::npos);
  bytes[at] ^= 1;
  std::ofstream(path, std::ios::binary) << bytes;
  BOOST_CHECK_THROW(check_backup(backup), CorruptError);
  BOOST_CHECK_THROW(restore({backup}, restored, kGeneration + 1, kNow), CorruptError);
  BOOST_TEST(!std::filesystem::exists(restored));
}

BOOST_AUTO_TEST_CASE(a_restore_is_a_new_generation_that_asks_for_new_nodes) {
  back_up();
  const Restored done = restore({backup}, restored, kGeneration + 1, kNow);
  BOOST_TEST(done.nodes_given_up == 1u);
  BOOST_TEST(done.reservations_made == 1u);
  BOOST_CHECK_THROW(Store(options_for(restored, 0)), WrongFolder);

  Store store(options_for(restored, 0, kGeneration + 1));
  BOOST_TEST(store.epoch() == 2u);
  const auto batch = store.begin();
  BOOST_TEST(batch->counters().events == 100u + (1ULL << 32));
  BOOST_TEST(rows_of<SessionState>(*batch, &Batch::each_session).empty());
  BOOST_TEST(rows_of<OutboxRow>(*batch, &Batch::each_outbox).empty());
  BOOST_TEST(rows_of<ShardProgress>(*batch, &Batch::each_progress).empty());
  BOOST_TEST(rows_of<NodeRecord>(*batch, &Batch::each_node).at(0).draining);
  const PoolRecord pool = rows_of<PoolRecord>(*batch, &Batch::each_pool).at(0);
  BOOST_CHECK(pool.allocation_state == AllocationState::resizing);
  BOOST_TEST(rows_of<OpenTask>(*batch, &Batch::each_open_task).size() == 2u);
  BOOST_TEST(batch->done_task({1, 2}).has_value());
  BOOST_TEST(batch->document({1, 3}) == kDocument);

  Store home(options_for(restored, 1, kGeneration + 1));
  const auto other = home.begin();
  const auto held = rows_of<Reservation>(*other, &Batch::each_reservation);
  BOOST_TEST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].job_id == job_id);
  BOOST_TEST(held[0].target == 0u);
  BOOST_TEST(other->counters().incarnations == 9u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_restored_is_refused_and_nothing_is_made) {
  back_up();
  BOOST_CHECK_THROW(restore({backup}, restored, kGeneration, kNow), WrongFolder);
  BOOST_CHECK_THROW(restore({backup, backup}, restored, kGeneration + 1, kNow), WrongFolder);
  BOOST_CHECK_THROW(restore({backup}, data, kGeneration + 1, kNow), StoreError);
  std::filesystem::remove_all(backup + "/shard-1");
  BOOST_CHECK_THROW(restore({backup}, restored, kGeneration + 1, kNow), WrongFolder);
  BOOST_TEST(!std::filesystem::exists(restored));
}

BOOST_AUTO_TEST_SUITE_END()
