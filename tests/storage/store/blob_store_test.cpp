#include "storage/store/blob_store.h"

#include "runtime/refusal.h"
#include "storage/crypto.h"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <tuple>

using namespace windlass;
using namespace windlass::storage;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/windlass-blobs-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

struct Fixture {
  Folder folder;
  std::int64_t ticks = 1'000'000'000;
  std::vector<std::string> problems;
  std::unique_ptr<BlobStore> store;

  Fixture() { open(); }
  void open() {
    store.reset();
    store = std::make_unique<BlobStore>(
        folder.path, [this] { return WallTime{ticks}; },
        [this](std::string_view text) { problems.emplace_back(text); });
  }
  std::shared_ptr<Container> container() {
    if (auto found = store->container("acct", "cont")) return *found;
    BOOST_REQUIRE(static_cast<bool>(store->create_container("acct", "cont", {})));
    return *store->container("acct", "cont");
  }
  fs::path blobs() const { return folder.path / "accounts/acct/cont/blobs"; }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(blobs())) ++count;
    return count;
  }
};

Outcome<BlobRecord> put(Container& container, const std::string& name, const std::string& text,
                        const WriteTerms& terms = {}) {
  auto upload = container.begin_blob(name);
  if (!upload) return upload.refusal();
  upload->write(std::as_bytes(std::span(text)));
  return container.commit_blob(name, *std::move(upload), terms);
}

std::string content(const Container& container, const std::string& name) {
  const auto open = container.open_blob(name);
  if (!open) return std::string(code_of(open.refusal().error));
  std::string text(open->record.size, '\0');
  open->data.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

void scatter(const fs::path& path, const std::string& text = "junk") {
  std::ofstream(path) << text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(storage_store_blob_store, Fixture)

BOOST_AUTO_TEST_CASE(all_is_there_after_a_restart) {
  const std::string long_name(900, 'n');
  const auto first = put(*container(), "a/b", "one", {.metadata = {{"k", "v"}}});
  BOOST_REQUIRE(static_cast<bool>(first));
  BOOST_REQUIRE(static_cast<bool>(put(*container(), long_name, "two")));
  open();
  BOOST_TEST(content(*container(), "a/b") == "one");
  BOOST_TEST(content(*container(), long_name) == "two");
  BOOST_TEST((*container()->blob("a/b") == *first));
  BOOST_TEST(container()->list({}).blobs.size() == 2u);
  BOOST_TEST(problems.empty());
}

BOOST_AUTO_TEST_CASE(replacing_leaves_one_record_and_one_data_file) {
  for (int i = 0; i < 5; ++i) {
    BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", std::to_string(i))));
  }
  BOOST_TEST(content(*container(), "a") == "4");
  BOOST_TEST(files() == 2u);
  BOOST_REQUIRE(static_cast<bool>(container()->delete_blob("a", {})));
  BOOST_TEST(files() == 0u);
}

BOOST_AUTO_TEST_CASE(an_upload_that_is_dropped_leaves_nothing) {
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "kept")));
  {
    auto upload = container()->begin_blob("a");
    upload->write(std::as_bytes(std::span(std::string_view("half"))));
    BOOST_TEST(files() == 3u);
    BOOST_TEST(content(*container(), "a") == "kept");
  }
  BOOST_TEST(files() == 2u);
  BOOST_REQUIRE(!put(*container(), "a", "refused", {.conditions = {.if_none_match = "*"}}));
  BOOST_TEST(files() == 2u);
  BOOST_TEST(content(*container(), "a") == "kept");
}

// The states that a crash can leave between the steps of a write.
BOOST_AUTO_TEST_CASE(leftovers_of_crashes_go_and_the_rest_stays) {
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "kept")));
  store.reset();
  scatter(blobs() / "a.00000000000000aa");      // bytes, record not yet renamed
  scatter(blobs() / "a.00000000000000aa.new");  // its record
  scatter(blobs() / "new.00000000000000ab");    // a new blob's bytes
  scatter(blobs() / "a.12.block.new");          // a block on its way
  scatter(folder.path / "accounts/acct/cont/container.new");
  fs::create_directories(folder.path / "trash/17/blobs");  // a container on its way out
  open();
  BOOST_TEST(content(*container(), "a") == "kept");
  BOOST_TEST(content(*container(), "new") == "BlobNotFound");
  BOOST_TEST(files() == 2u);
  BOOST_TEST(fs::is_empty(folder.path / "trash"));
  BOOST_TEST(problems.empty());
  // Old bytes beside a renamed record.
  const auto record = *container()->blob("a");
  store.reset();
  scatter(blobs() / "a.0000000000000001");
  open();
  BOOST_TEST(content(*container(), "a") == "kept");
  BOOST_TEST(files() == 2u);
}

BOOST_AUTO_TEST_CASE(lost_bytes_are_reported_and_not_served) {
  const auto record = put(*container(), "a", "kept");
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "b", "kept")));
  store.reset();
  for (const auto& entry : fs::directory_iterator(blobs())) {
    const std::string name = entry.path().filename();
    if (name.starts_with("a.") && !name.ends_with(".blob")) fs::remove(entry.path());
  }
  open();
  BOOST_TEST(problems.size() == 1u);
  BOOST_TEST(content(*container(), "a") == "BlobNotFound");
  BOOST_TEST(content(*container(), "b") == "kept");
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_an_error_and_not_an_answer) {
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "kept")));
  scatter(blobs() / "a.blob", "windlass-blob 1\nname a\n");
  BOOST_CHECK_THROW(std::ignore = container()->blob("a"), FileError);
}

BOOST_AUTO_TEST_CASE(generations_rise_across_restarts_and_clocks_that_step_back) {
  const auto first = put(*container(), "a", "1");
  ticks -= 500'000'000;
  const auto second = put(*container(), "a", "2");
  open();
  ticks -= 100'000'000;
  const auto third = put(*container(), "a", "3");
  BOOST_TEST(second->changed > first->changed);
  BOOST_TEST(third->changed > second->changed);
}

BOOST_AUTO_TEST_CASE(a_reader_keeps_what_it_opened) {
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "first")));
  const auto open_blob = container()->open_blob("a");
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "second")));
  std::string text(5, '\0');
  open_blob->data.read_at(0, std::as_writable_bytes(std::span(text)));
  BOOST_TEST(text == "first");
}

BOOST_AUTO_TEST_CASE(deleting_a_container_takes_uploads_with_it) {
  const auto old = container();
  auto upload = old->begin_blob("late");
  BOOST_REQUIRE(static_cast<bool>(upload));
  BOOST_REQUIRE(static_cast<bool>(store->delete_container("acct", "cont", {})));
  BOOST_TEST(!store->container("acct", "cont"));
  BOOST_REQUIRE(static_cast<bool>(store->create_container("acct", "cont", {})));
  bool refused = false;
  try {
    refused = !old->commit_blob("late", *std::move(upload), {});
  } catch (const FileError& error) {
    refused = error.error_number() == ENOENT;
  }
  BOOST_TEST(refused);
  BOOST_TEST(container()->list({}).blobs.empty());
  BOOST_TEST(files() == 0u);
  BOOST_TEST(fs::is_empty(folder.path / "trash"));
}

BOOST_AUTO_TEST_CASE(one_process_serves_a_folder) {
  BOOST_CHECK_THROW(BlobStore(
                        folder.path, [] { return WallTime{}; }, [](std::string_view) {}),
                    runtime::StartRefused);
}

BOOST_AUTO_TEST_CASE(accounts_do_not_see_each_other) {
  BOOST_REQUIRE(static_cast<bool>(put(*container(), "a", "mine")));
  BOOST_TEST(!store->container("other", "cont"));
  BOOST_TEST(store->list_containers("other", {}).containers.empty());
  BOOST_TEST(store->list_containers("acc", {}).containers.empty());
  BOOST_TEST(store->list_containers("acct", {}).containers.size() == 1u);
  BOOST_REQUIRE(static_cast<bool>(store->create_container("other", "cont", {})));
  BOOST_TEST((*store->container("other", "cont"))->list({}).blobs.empty());
}

BOOST_AUTO_TEST_CASE(blocks_wait_survive_and_join) {
  const std::string one = base64_encoded("0001");
  const std::string two = base64_encoded("0002");
  const auto stage = [&](const std::string& id, const std::string& text) {
    auto upload = container()->begin_block("b", id);
    if (!upload) return false;
    upload->write(std::as_bytes(std::span(text)));
    return static_cast<bool>(container()->commit_block("b", id, *std::move(upload), {}));
  };
  BOOST_TEST(stage(one, "<one>"));
  BOOST_TEST(stage(two, "<two>"));
  BOOST_TEST(!stage(base64_encoded("3"), "x"));  // another length
  BOOST_TEST(!stage("not base64!", "x"));
  open();
  BOOST_TEST(!stage(base64_encoded("3"), "x"));
  BOOST_TEST(container()->list({}).blobs.empty());
  BOOST_TEST(container()->block_lists("b")->uncommitted.size() == 2u);
  const auto joined = container()->commit_block_list(
      "b",
      {{BlockSource::latest, two}, {BlockSource::uncommitted, one}, {BlockSource::latest, two}},
      {});
  BOOST_REQUIRE(static_cast<bool>(joined));
  BOOST_TEST(content(*container(), "b") == "<two><one><two>");
  BOOST_TEST(container()->block_lists("b")->uncommitted.empty());
  BOOST_TEST(fs::is_empty(folder.path / "accounts/acct/cont/staged"));
  open();
  BOOST_TEST(!container()->commit_block_list("b", {{BlockSource::uncommitted, one}}, {}));
  BOOST_REQUIRE(
      static_cast<bool>(container()->commit_block_list("b", {{BlockSource::committed, one}}, {})));
  BOOST_TEST(content(*container(), "b") == "<one>");
  BOOST_TEST(files() == 2u);
}

BOOST_AUTO_TEST_CASE(many_writers_one_winner) {
  const auto shared = container();
  std::vector<std::jthread> writers;
  std::atomic<int> made = 0;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const std::string text(10'000, static_cast<char>('a' + i));
      if (put(*shared, "once", text, {.conditions = {.if_none_match = "*"}})) ++made;
      std::ignore = put(*shared, "any", text);
      std::ignore = shared->list({});
      const std::string seen = content(*shared, "any");
      if (seen != std::string(10'000, seen.front())) std::abort();
    });
  }
  writers.clear();
  BOOST_TEST(made == 1);
  BOOST_TEST(files() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
