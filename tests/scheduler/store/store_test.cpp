#include "scheduler/store/store.h"

#include "scheduler/store/folder_copy.h"
#include "schema/codec/task_document.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/support/map_rows.h"
#include "tests/support/random_model.h"

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <filesystem>
#include <set>

using namespace windlass;
using namespace windlass::scheduler;
using windlass::test::MapRows;
using windlass::test::RandomModel;
using windlass::test::TemporaryFolder;

namespace {

constexpr ShardId kShard = 3;

StoreOptions options_for(const std::string& folder) {
  StoreOptions options;
  options.folder = folder;
  options.generation = 5;
  options.shard = kShard;
  options.shards_total = 8;
  options.map_bytes_max = 1ULL << 30;
  return options;
}

TaskRecord record_of(const TaskKey& key, const std::string& id) {
  TaskRecord record;
  record.key = key;
  record.id = id;
  return record;
}
OpenTask task_of(const TaskKey& key, const std::string& id) {
  return {record_of(key, id), {}, {}};
}
std::string id_of(TaskSeq task) {
  return "Task-" + std::to_string(task);
}

// Everything that can be read, in the order in which it is read.
struct Contents {
  ShardCounters counters;
  std::vector<PoolRecord> pools;
  std::vector<NodeRecord> nodes;
  std::vector<JobRecord> jobs;
  std::vector<JobScheduleRecord> job_schedules;
  std::vector<CertificateRecord> certificates;
  std::vector<OpenTask> open;
  std::vector<ClaimRecord> claims;
  std::vector<LingeringAttempt> lingering;
  std::vector<Reservation> reservations;
  std::vector<OutboxRow> outbox;
  std::vector<ShardProgress> progress;
  std::vector<std::pair<JobSeq, std::string>> ids;
  std::vector<TaskSeq> seqs;
  std::vector<std::optional<TaskRecord>> done;
  std::vector<std::string> documents;
  bool operator==(const Contents&) const = default;
};

template <class Value>
auto into(std::vector<Value>& values) {
  return [&values](Value value) { values.push_back(std::move(value)); };
}

Contents contents_of(Rows& rows, JobSeq jobs_end) {
  Contents all;
  all.counters = rows.counters();
  rows.each_pool(into(all.pools));
  rows.each_node(into(all.nodes));
  rows.each_job(into(all.jobs));
  rows.each_job_schedule(into(all.job_schedules));
  rows.each_certificate(into(all.certificates));
  rows.each_open_task(into(all.open));
  rows.each_claim(into(all.claims));
  rows.each_lingering(into(all.lingering));
  rows.each_reservation(into(all.reservations));
  rows.each_outbox(into(all.outbox));
  rows.each_progress(into(all.progress));
  for (JobSeq job = 0; job < jobs_end; ++job) {
    rows.scan_task_ids(job, "", [&](std::string_view id, TaskSeq task) {
      all.ids.emplace_back(job, id);
      all.seqs.push_back(task);
      all.done.push_back(rows.done_task({job, task}));
      all.documents.push_back(rows.document({job, task}));
      return true;
    });
  }
  return all;
}

constexpr JobSeq kJobsEnd = 4;

// Random work on the store and on the maps at once; both must hold the same, always.
class Twins {
 public:
  explicit Twins(RandomModel& random) : random_(random) {}

  void step(Batch& batch, MapRows& maps) {
    for (Rows* rows : {static_cast<Rows*>(&batch), static_cast<Rows*>(&maps)}) {
      RandomModel same = random_;
      change(*rows, same);
      if (rows == &maps) random_ = same;
    }
    settle();
  }

 private:
  void change(Rows& rows, RandomModel& random) {
    grown_ = grown_before_;
    const std::uint64_t small = random.below(12);
    switch (random.below(18)) {
      case 0:
        return rows.put_counters(random.counters());
      case 1:
        return rows.put_pool(random.pool(small));
      case 2:
        return rows.erase_pool(small);
      case 3:
        return rows.put_node(random.node(small));
      case 4:
        return rows.erase_node(small);
      case 5:
        if (random.flag()) {
          return random.flag() ? rows.put_job_schedule(random.job_schedule(small))
                               : rows.erase_job_schedule(small);
        }
        return random.flag() ? rows.put_job(random.job(small)) : rows.erase_job(small);
      case 6:
        if (random.flag()) {
          const std::string thumbprint = "Cert" + std::to_string(small);
          return random.flag() ? rows.put_certificate(random.certificate("Acct", thumbprint))
                               : rows.erase_certificate("acct", thumbprint);
        }
        return random.flag() ? rows.put_claim(random.claim(small)) : rows.erase_claim(small);
      case 7: {
        const AttemptId id{kShard, {small, random.below(3)}, 1};
        return random.flag() ? rows.put_lingering(random.lingering(id)) : rows.erase_lingering(id);
      }
      case 8: {
        const std::string account = "Acc" + std::to_string(small % 3);
        const std::string job = "Job-" + std::to_string(small);
        return random.flag() ? rows.put_reservation(random.reservation(account, job))
                             : rows.erase_reservation(account, job);
      }
      case 9: {
        const auto to = static_cast<ShardId>(small % 3);
        return random.flag() ? rows.put_outbox(random.outbox(to, small))
                             : rows.erase_outbox(to, small);
      }
      case 10:
        return rows.put_progress(random.progress(static_cast<ShardId>(small)));
      default:
        return change_tasks(rows, random);
    }
  }

  void change_tasks(Rows& rows, RandomModel& random) {
    const JobSeq job = random.below(kJobsEnd);
    if (random.below(3) == 0) {
      // Sometimes in the order of ids, sometimes not; documents from none to several pages.
      const TaskKey key{job, ++grown_.next[job]};
      OpenTask task = random.open_task(key);
      task.record.id = (random.flag() ? "A-" : "b-") + std::to_string(random.bits());
      grown_.open[key] = task.record.id;
      return rows.add_task(task, std::string(random.below(3) * random.below(4000), 'd'));
    }
    if (random.below(20) == 0) {
      erase_all(rows, job, 1 + random.below(4));
      return;
    }
    const bool open = random.flag();
    auto& keys = open ? grown_.open : grown_.done;
    if (keys.empty()) return;
    auto chosen = keys.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(keys.size())));
    const auto [key, id] = *chosen;
    OpenTask task = random.open_task(key);
    task.record.id = id;
    switch (random.below(4)) {
      case 0:
        keys.erase(key);
        return rows.erase_task(key, lower_cased(id));
      case 1:
        return open ? rows.put_open_task(task) : rows.put_done_task(task.record);
      default:
        keys.erase(key);
        (open ? grown_.done : grown_.open)[key] = id;
        return open ? rows.complete_task(task.record) : rows.reopen_task(task);
    }
  }

  void erase_all(Rows& rows, JobSeq job, std::size_t rows_max) {
    std::size_t most = 0;  // of one table
    for (auto* keys : {&grown_.open, &grown_.done})
      most += std::erase_if(*keys, [&](const auto& task) { return task.first.job == job; });
    std::size_t calls = 0;
    while (rows.erase_tasks(job, rows_max)) ++calls;
    BOOST_REQUIRE(calls == (most + rows_max - 1) / rows_max);
  }

  // Both sides start each step from the same knowledge of which tasks there are.
  void settle() { grown_before_ = grown_; }

  struct Grown {
    std::map<TaskKey, std::string> open;
    std::map<TaskKey, std::string> done;
    std::map<JobSeq, TaskSeq> next;
  };

  RandomModel& random_;
  Grown grown_;
  Grown grown_before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_store)

RC_BOOST_PROP(the_store_holds_what_maps_hold_through_commits_and_restarts, (std::uint64_t seed)) {
  RandomModel random(seed);
  Twins twins(random);
  TemporaryFolder folder;
  MapRows maps;
  for (int start = 0; start < 3; ++start) {
    Store store(options_for(folder.path()));
    for (int commit = 0; commit < 3; ++commit) {
      const auto batch = store.begin();
      RC_ASSERT(contents_of(*batch, kJobsEnd) == contents_of(maps, kJobsEnd));
      for (std::uint64_t steps = random.below(60); steps > 0; --steps) twins.step(*batch, maps);
      RC_ASSERT(contents_of(*batch, kJobsEnd) == contents_of(maps, kJobsEnd));
      batch->commit();
    }
    check_copy(folder.path());  // the sums of all tables, which grew with each write
  }
}

BOOST_AUTO_TEST_CASE(rows_that_append_and_rows_that_come_between_are_read_in_key_order) {
  TemporaryFolder folder;
  Store store(options_for(folder.path()));
  const auto batch = store.begin();
  // Two jobs grow at once, so every second row lies before the end of its table.
  for (TaskSeq task = 1; task <= 2000; ++task) {
    for (const JobSeq job : {7, 2}) batch->add_task(task_of({job, task}, id_of(task)), "doc");
  }
  std::vector<TaskKey> keys;
  batch->each_open_task([&](OpenTask task) { keys.push_back(task.record.key); });
  BOOST_TEST(keys.size() == 4000);
  BOOST_TEST(std::is_sorted(keys.begin(), keys.end()));

  std::vector<std::string> ids;
  batch->scan_task_ids(2, "", [&](std::string_view id, TaskSeq) {
    ids.emplace_back(id);
    return true;
  });
  BOOST_TEST(ids.size() == 2000);
  BOOST_TEST(std::is_sorted(ids.begin(), ids.end()));
}

BOOST_AUTO_TEST_CASE(a_scan_starts_strictly_after_and_stops_when_told) {
  TemporaryFolder folder;
  Store store(options_for(folder.path()));
  const auto batch = store.begin();
  for (TaskSeq task = 1; task <= 5; ++task) batch->add_task(task_of({1, task}, id_of(task)), "");
  std::vector<std::string> seen;
  batch->scan_task_ids(1, "task-2", [&](std::string_view id, TaskSeq) {
    seen.emplace_back(id);
    return seen.size() < 2;
  });
  BOOST_TEST(seen == (std::vector<std::string>{"task-3", "task-4"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_batch_that_is_abandoned_leaves_nothing) {
  TemporaryFolder folder;
  Store store(options_for(folder.path()));
  {
    const auto batch = store.begin();
    batch->add_task(task_of({1, 1}, "t"), "doc");
    batch->put_counters({.events = 9});
  }
  const auto batch = store.begin();
  BOOST_TEST(!batch->find_task(1, "t").has_value());
  BOOST_TEST(batch->counters().events == 0);
}

BOOST_AUTO_TEST_CASE(a_batch_that_changed_nothing_does_not_flush) {
  TemporaryFolder folder;
  int commits = 0;
  StoreOptions options = options_for(folder.path());
  options.before_commit = [&] { ++commits; };
  Store store(options);
  const auto write = [&](EventNumber events) {
    const auto batch = store.begin();
    batch->put_counters({.events = events});
    batch->commit();
  };
  write(1);
  BOOST_TEST(commits == 1);
  write(1);
  BOOST_TEST(commits == 1);
  write(2);
  BOOST_TEST(commits == 2);
}

BOOST_AUTO_TEST_CASE(each_claim_raises_the_epoch_for_good) {
  TemporaryFolder folder;
  for (ShardEpoch expected = 1; expected <= 3; ++expected) {
    Store store(options_for(folder.path()));
    BOOST_TEST(store.epoch() == expected - 1);
    BOOST_TEST(store.claim() == expected);
    BOOST_TEST(store.epoch() == expected);
  }
}

BOOST_AUTO_TEST_CASE(sessions_and_answers_are_kept_until_they_are_erased) {
  TemporaryFolder folder;
  RandomModel random(1);
  const SessionState first = random.session(1);
  const SessionState second = random.session(2);
  {
    Store store(options_for(folder.path()));
    const auto batch = store.begin();
    batch->put_session(second);
    batch->put_session(first);
    for (Sequence sequence = 1; sequence <= 10; ++sequence) {
      batch->put_answer(1, sequence, "one");
      batch->put_answer(2, sequence, std::string(sequence * 1000, 'x'));
    }
    batch->erase_answers(2, 7);
    batch->commit();
  }
  Store store(options_for(folder.path()));
  const auto batch = store.begin();
  std::vector<SessionState> sessions;
  batch->each_session([&](SessionState session) { sessions.push_back(session); });
  BOOST_TEST((sessions == std::vector<SessionState>{first, second}));
  BOOST_TEST(!batch->answer(2, 7).has_value());
  BOOST_TEST(batch->answer(2, 8).value_or("").size() == 8000);
  BOOST_TEST(batch->answer(1, 7).value_or("") == "one");
  batch->erase_session(1);
  BOOST_TEST(!batch->answer(1, 7).has_value());
  BOOST_TEST(batch->answer(2, 10).has_value());
}

// ---- the folder ----

BOOST_AUTO_TEST_CASE(a_second_owner_is_refused_and_told_who_the_first_is) {
  TemporaryFolder folder;
  {
    Store store(options_for(folder.path()));
    BOOST_CHECK_EXCEPTION(Store(options_for(folder.path())), FolderInUse, [](const auto& e) {
      return e.owner() == ::getpid() &&
             std::string(e.what()).find(std::to_string(::getpid())) != std::string::npos;
    });
  }
  BOOST_CHECK_NO_THROW(Store(options_for(folder.path())));
}

BOOST_AUTO_TEST_CASE(the_folder_of_another_shard_or_cluster_is_refused) {
  TemporaryFolder folder;
  { Store store(options_for(folder.path())); }
  const auto refused = [&](auto change) {
    StoreOptions options = options_for(folder.path());
    change(options);
    BOOST_CHECK_THROW(Store{options}, WrongFolder);
  };
  refused([](StoreOptions& options) { options.shard = 4; });
  refused([](StoreOptions& options) { options.shards_total = 64; });
  refused([](StoreOptions& options) { options.generation = 6; });
  BOOST_CHECK_NO_THROW(Store(options_for(folder.path())));
}

BOOST_AUTO_TEST_CASE(a_new_folder_is_for_its_owner_only) {
  TemporaryFolder folder;
  const std::string deep = folder.path() + "/shards/3";
  Store store(options_for(deep));
  using std::filesystem::perms;
  BOOST_TEST((std::filesystem::status(deep).permissions() == perms::owner_all));
}

BOOST_AUTO_TEST_CASE(pages_of_numbers_come_back_in_order_and_go_with_their_job) {
  TemporaryFolder folder;
  Store store(options_for(folder.path()));
  NumberPage some;
  some.satisfied.set(0).set(7).set(kNumbersPerPage - 1);
  NumberPage failed = some;
  failed.failed.set(8);
  {
    const auto batch = store.begin();
    BOOST_TEST((batch->number_page(1, 3) == NumberPage()));
    batch->put_number_page(1, 300, failed);
    batch->put_number_page(1, 3, failed);
    batch->put_number_page(1, 3, some);
    batch->put_number_page(2, 4, some);
    batch->commit();
  }
  const auto batch = store.begin();
  BOOST_TEST((batch->number_page(1, 3) == some));
  BOOST_TEST((batch->number_page(1, 300) == failed));
  std::vector<std::uint32_t> pages;
  batch->each_number_page(1, 0, UINT32_MAX, [&](auto page, const auto&) { pages.push_back(page); });
  BOOST_TEST(pages == (std::vector<std::uint32_t>{3, 300}));
  pages.clear();
  batch->each_number_page(1, 4, 299, [&](auto page, const auto&) { pages.push_back(page); });
  BOOST_TEST(pages.empty());
  BOOST_TEST(batch->erase_tasks(1, 10));
  BOOST_TEST((batch->number_page(1, 3) == NumberPage()));
  BOOST_TEST((batch->number_page(2, 4) == some));
}

BOOST_AUTO_TEST_CASE(what_a_task_wished_is_read_from_its_document) {
  TemporaryFolder folder;
  Store store(options_for(folder.path()));
  TaskDocument document;
  document.command_line = "/bin/true";
  document.depends_on_ids = {"a", "B"};
  document.affinity_id = "TVM:n";
  document.depends_on_ranges = {{1, 3}};
  OpenTask task;
  task.record.id = "t";
  task.record.key = {1, 1};
  const auto batch = store.begin();
  batch->add_task(task, encode_task_document(document));
  const TaskWishes wishes = batch->wishes(task.record.key);
  BOOST_TEST(wishes.depends_on_ids == document.depends_on_ids);
  BOOST_TEST(wishes.affinity_id == document.affinity_id);
  BOOST_TEST((wishes.depends_on_ranges == document.depends_on_ranges));
  BOOST_TEST(batch->wishes({1, 2}).depends_on_ids.empty());
}

BOOST_AUTO_TEST_SUITE_END()
