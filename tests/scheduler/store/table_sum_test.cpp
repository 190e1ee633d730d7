// The sums of the tables, kept with each commit: what they find, and folders that have none yet.
#include "scheduler/store/table_sum.h"

#include "scheduler/store/folder_copy.h"
#include "scheduler/store/keys.h"
#include "scheduler/store/meta_table.h"
#include "scheduler/store/store.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/support/random_model.h"

#include <lmdb.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::scheduler;
using windlass::test::RandomModel;
using windlass::test::TemporaryFolder;

namespace {

StoreOptions options_for(const std::string& folder) {
  StoreOptions options;
  options.folder = folder;
  options.generation = 5;
  options.shard = 3;
  options.shards_total = 8;
  options.map_bytes_max = 1ULL << 30;
  return options;
}

// Two rows and more in each table.
void fill(const std::string& folder) {
  Store store(options_for(folder));
  store.claim();
  RandomModel random(1);
  const auto batch = store.begin();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    batch->put_pool(random.pool(i));
    batch->put_node(random.node(i));
    batch->put_job(random.job(i));
    batch->put_job_node(random.job_node(i, i));
    batch->put_job_schedule(random.job_schedule(i));
    batch->put_certificate(random.certificate("acct", "cert" + std::to_string(i)));
    batch->put_claim(random.claim(i));
    batch->put_lingering(random.lingering({3, {1, i}, 1}));
    batch->put_reservation(random.reservation("acct", "job" + std::to_string(i)));
    batch->put_outbox(random.outbox(1, i));
    batch->put_progress(random.progress(static_cast<ShardId>(i)));
    batch->put_session(random.session(i));
    batch->put_answer(1, i, "answer");
    NumberPage page;
    page.satisfied.set(i);
    batch->put_number_page(1, static_cast<std::uint32_t>(i), page);
    for (std::uint64_t task = 1; task <= 2; ++task) {
      OpenTask open = random.open_task({i, task});
      open.record.id = "t" + std::to_string(task);
      batch->add_task(open, "document");
    }
    batch->complete_task(random.open_task({i, 2}).record);
  }
  batch->commit();
}

// Work on the folder that no batch does: the last commit's sums stay as they are.
void damage(const std::string& folder, TableName name,
            const std::function<void(lmdb::Cursor&)>& change) {
  const lmdb::Environment environment(folder, 1ULL << 30, kTablesTotal);
  lmdb::WriteTxn txn(environment);
  TableSums sums;
  {
    TableSum meta_sum;
    const lmdb::Table meta = txn.open_table("meta");
    sums = *MetaTable(txn, meta, meta_sum).commit(txn.number() - 1)->sums;
    {
      lmdb::Cursor cursor(txn, txn.open_table(kTableNames[static_cast<std::size_t>(name)]));
      change(cursor);
    }
    bool changed = false;
    TableSum ignored;
    RowTable rows(txn, meta, "meta", ignored, changed);
    note_commit(rows, txn.number(), sums);
  }
  txn.commit();
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const CorruptError& error) {
    return error.what();
  }
  return "";
}

// As a start reads them.
void read_whole_tables(Store& store) {
  const auto batch = store.begin();
  const auto nothing = [](const auto&) {};
  batch->each_pool(nothing);
  batch->each_node(nothing);
  batch->each_job(nothing);
  batch->each_job_node(nothing);
  batch->each_job_schedule(nothing);
  batch->each_certificate(nothing);
  batch->each_claim(nothing);
  batch->each_lingering(nothing);
  batch->each_reservation(nothing);
  batch->each_outbox(nothing);
  batch->each_progress(nothing);
  batch->each_session(nothing);
  batch->each_open_task(nothing);
}

// A start does not read how many tasks ever ended.
bool is_read_at_start(TableName name) {
  switch (name) {
    case TableName::task_ids:
    case TableName::documents:
    case TableName::done_tasks:
    case TableName::answers:
    case TableName::log:
    case TableName::task_numbers:
      return false;
    default:
      return true;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_store_sums)

BOOST_AUTO_TEST_CASE(a_sum_does_not_depend_on_order_and_forgets_what_is_gone) {
  TableSum sum;
  sum.add("\1aaaa one");
  sum.add("\1bbbb two");
  TableSum other;
  other.add("\1bbbb two");
  other.add("\1cccc three");
  other.add("\1aaaa one");
  BOOST_TEST((sum != other));
  other.remove("\1cccc three");
  BOOST_TEST((sum == other));
  BOOST_CHECK_THROW(sum.add("\1aaa"), CorruptError);
}

BOOST_AUTO_TEST_CASE(one_row_in_the_place_of_another_and_two_that_change_are_seen) {
  TableSum sum;
  sum.add("\1aaaa one");
  sum.add("\1bbbb two");
  TableSum other;
  other.add("\1aaab one");
  other.add("\1bbba two");
  BOOST_TEST(sum.rows == other.rows);
  BOOST_TEST(sum.weights != other.weights);
  TableSum longer;
  longer.add("\1aaaa one ");
  longer.add("\1bbbb two");
  BOOST_TEST(sum.weights != longer.weights);
}

BOOST_DATA_TEST_CASE(rows_that_are_not_those_of_the_commit_are_refused,
                     boost::unit_test::data::xrange(kTablesTotal), index) {
  const auto name = static_cast<TableName>(index);
  if (name == TableName::log) return;   // nothing but the journal fills it
  if (name == TableName::meta) return;  // its rows are missed by their names
  const std::string table = std::string("table ") + kTableNames[index] + " has ";
  const struct {
    const char* what;
    std::function<void(lmdb::Cursor&)> change;
  } damages[] = {
      {"a row is gone",
       [](lmdb::Cursor& cursor) {
         BOOST_REQUIRE(cursor.last());
         cursor.erase();
       }},
      {"a row is older",
       [](lmdb::Cursor& cursor) {
         // Sealed, as it might have been before: the sum is all that tells.
         BOOST_REQUIRE(cursor.last());
         const std::string key(cursor.key());
         const std::string body(cursor.value().substr(RowBytes::kHeaderBytes));
         RowBytes older;
         older.begin() += body + '\0';
         cursor.replace(key, older.seal(key));
       }},
      {"a row has come back",
       [](lmdb::Cursor& cursor) {
         BOOST_REQUIRE(cursor.last());
         const std::string key = std::string(cursor.key()) + '\1';
         const std::string body(cursor.value().substr(RowBytes::kHeaderBytes));
         RowBytes again;
         again.begin() += body;
         cursor.append(key, again.seal(key));
       }},
  };
  for (const auto& [what, change] : damages) {
    TemporaryFolder folder;
    fill(folder.path());
    BOOST_CHECK_NO_THROW(check_copy(folder.path()));
    damage(folder.path(), name, change);
    BOOST_TEST_CONTEXT(kTableNames[index] << ": " << what) {
      const std::string checked = refusal([&] { check_copy(folder.path()); });
      BOOST_TEST(checked.starts_with(table), checked);
      BOOST_TEST(checked.find("restore a backup") != std::string::npos, checked);
      const std::string started = refusal([&] {
        Store store(options_for(folder.path()));
        read_whole_tables(store);
      });
      if (is_read_at_start(name)) BOOST_TEST(started != "");
      if (!is_read_at_start(name)) BOOST_TEST(started == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(another_number_among_those_of_the_folder_is_refused) {
  TemporaryFolder folder;
  fill(folder.path());
  damage(folder.path(), TableName::meta, [&](lmdb::Cursor& cursor) {
    RowBytes row;
    row.begin() += Key().number(9);
    cursor.put("epoch", row.seal("epoch"));
  });
  BOOST_TEST(refusal([&] { Store(options_for(folder.path())); }).starts_with("table meta has "));
  BOOST_TEST(refusal([&] { check_copy(folder.path()); }).starts_with("table meta has "));
}

BOOST_AUTO_TEST_CASE(a_folder_without_sums_gets_them_when_it_is_opened) {
  TemporaryFolder folder;
  fill(folder.path());
  FolderFacts facts = check_copy(folder.path());
  facts.rows -= 9;  // of the tables that there were not yet
  const auto make_old = [&] {
    const lmdb::Environment environment(folder.path(), 1ULL << 30, kTablesTotal);
    lmdb::WriteTxn txn(environment);
    {
      bool changed = false;
      TableSum ignored;
      RowTable meta(txn, txn.open_table("meta"), "meta", ignored, changed);
      meta.begin_row() += Key().number(kFolderFormatWithoutSums);
      meta.put("format");
      meta.begin_row() += Key().number(txn.number());
      meta.put("commit");
    }
    for (std::size_t i = tables_of(kFolderFormatWithoutSums); i < kTablesTotal; ++i) {
      BOOST_REQUIRE(mdb_drop(txn.get(), txn.open_table(kTableNames[i]), 1) == 0);
    }
    txn.commit();
  };
  make_old();
  BOOST_TEST((check_copy(folder.path()) == facts));  // an old backup is one still
  {
    Store store(options_for(folder.path()));
    read_whole_tables(store);
    const auto batch = store.begin();
    batch->erase_pool(1);
    batch->commit();
  }
  BOOST_TEST(check_copy(folder.path()).pools == facts.pools - 1);
  damage(folder.path(), TableName::documents, [](lmdb::Cursor& cursor) {
    BOOST_REQUIRE(cursor.first());
    cursor.erase();
  });
  BOOST_CHECK_THROW(check_copy(folder.path()), CorruptError);

  make_old();  // damage that was there before stays unseen: nothing says what was
  { Store store(options_for(folder.path())); }
  BOOST_CHECK_NO_THROW(check_copy(folder.path()));
}

// As the version before left it: sums, but not of the table that it did not have.
void make_without_certificates(const std::string& folder) {
  const lmdb::Environment environment(folder, 1ULL << 30, kTablesTotal);
  lmdb::WriteTxn txn(environment);
  const lmdb::Table meta = txn.open_table("meta");
  TableSum meta_sum;
  TableSums sums = *MetaTable(txn, meta, meta_sum).commit(txn.number() - 1)->sums;
  bool changed = false;
  {
    RowTable rows(txn, meta, "meta", meta_sum, changed);
    rows.begin_row() += Key().number(kFolderFormatWithoutCertificates);
    rows.put("format");
    sums[static_cast<std::size_t>(TableName::meta)] = meta_sum;
    std::string& row = rows.begin_row();
    row += Key().number(txn.number());
    for (std::size_t i = 0; i < tables_of(kFolderFormatWithoutCertificates); ++i)
      row += Key().number(sums[i].rows).number(sums[i].weights);
    rows.put("commit");
  }
  BOOST_REQUIRE(mdb_drop(txn.get(), txn.open_table("certificates"), 1) == 0);
  txn.commit();
}

BOOST_AUTO_TEST_CASE(a_folder_without_certificates_gets_the_table_and_keeps_its_sums) {
  TemporaryFolder folder;
  fill(folder.path());
  FolderFacts facts = check_copy(folder.path());
  facts.rows -= 3;
  make_without_certificates(folder.path());
  BOOST_TEST((check_copy(folder.path()) == facts));  // an old backup is one still
  {
    Store store(options_for(folder.path()));
    read_whole_tables(store);
    const auto batch = store.begin();
    batch->put_certificate(RandomModel(2).certificate("acct", "cert"));
    batch->commit();
  }
  facts.rows += 1;
  BOOST_TEST((check_copy(folder.path()) == facts));
  { Store store(options_for(folder.path())); }

  // What was damaged before is found: its sums were kept.
  make_without_certificates(folder.path());
  {
    const lmdb::Environment environment(folder.path(), 1ULL << 30, kTablesTotal);
    lmdb::WriteTxn txn(environment);
    {
      lmdb::Cursor cursor(txn, txn.open_table("pools"));
      BOOST_REQUIRE(cursor.first());
      cursor.erase();
    }
    bool changed = false;
    TableSum ignored;
    {
      RowTable meta(txn, txn.open_table("meta"), "meta", ignored, changed);
      std::string commit(*meta.find("commit"));
      commit.replace(0, 8, Key().number(txn.number()));
      meta.begin_row() += commit;
      meta.put("commit");
    }
    txn.commit();
  }
  BOOST_CHECK_THROW(check_copy(folder.path()), CorruptError);
}

BOOST_AUTO_TEST_CASE(a_folder_of_another_format_is_refused) {
  for (const std::uint64_t format : {kFolderFormatWithoutSums - 1, kFolderFormat + 1}) {
    TemporaryFolder folder;
    fill(folder.path());
    damage(folder.path(), TableName::meta, [&](lmdb::Cursor& cursor) {
      RowBytes row;
      row.begin() += Key().number(format);
      cursor.put("format", row.seal("format"));
    });
    BOOST_CHECK_THROW(Store(options_for(folder.path())), WrongFolder);
    BOOST_CHECK_THROW(check_copy(folder.path()), WrongFolder);
  }
}

BOOST_AUTO_TEST_SUITE_END()
