// Random operations and restarts against a plain map: the container must always agree with it.
#include "storage/crypto.h"
#include "storage/store/blob_store.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <random>

using namespace windlass;
using namespace windlass::storage;
namespace bdata = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

struct Expected {
  std::string content;
  Metadata metadata;
  std::string etag;
};

class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {
    char name[] = "/tmp/windlass-blobs-XXXXXX";
    folder_ = ::mkdtemp(name);
    open();
    BOOST_REQUIRE(static_cast<bool>(store_->create_container("acct", "cont", {})));
  }
  ~Walk() {
    store_.reset();
    fs::remove_all(folder_);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void step() {
    const std::string name = kNames[pick(std::size(kNames))];
    switch (pick(8)) {
      case 0:
      case 1:
        put(name);
        break;
      case 2:
        put_if(name);
        break;
      case 3:
        stage(name);
        break;
      case 4:
        commit_blocks(name);
        break;
      case 5:
        edit(name);
        break;
      case 6:
        remove(name);
        break;
      default:
        open();
    }
    compare();
  }

 private:
  static constexpr const char* kNames[] = {"a", "a/b", "..", "%2F", "\xC3\xBC"};

  std::size_t pick(std::size_t count) { return random_() % count; }
  std::string text() { return std::string(pick(3000), static_cast<char>('a' + pick(26))); }
  std::shared_ptr<Container> container() { return *store_->container("acct", "cont"); }

  void open() {
    store_.reset();
    store_ = std::make_unique<BlobStore>(
        folder_, [this] { return WallTime{ticks_ += static_cast<std::int64_t>(pick(3)) - 1}; },
        [](std::string_view problem) { BOOST_ERROR(std::string(problem)); });
  }

  Outcome<BlobRecord> write(const std::string& name, const std::string& content,
                            const WriteTerms& terms) {
    auto upload = container()->begin_blob(name);
    upload->write(std::as_bytes(std::span(content)));
    return container()->commit_blob(name, *std::move(upload), terms);
  }

  void wrote(const std::string& name, std::string content, const BlobRecord& record) {
    etags_.insert(etag_of(record.changed));
    ++writes_;
    expected_[name] = {std::move(content), record.metadata, etag_of(record.changed)};
    staged_.erase(name);
  }

  void put(const std::string& name) {
    const std::string content = text();
    wrote(name, content, *write(name, content, {.metadata = {{"n", std::to_string(writes_)}}}));
  }

  void put_if(const std::string& name) {
    const std::string content = text();
    WriteTerms terms;
    bool allowed = false;
    switch (pick(4)) {
      case 0:
        terms.conditions.if_none_match = "*";
        allowed = !expected_.contains(name);
        break;
      case 1:
        terms.conditions.if_match = "\"0x1\"";
        break;
      case 2:
        terms.may_overwrite = false;
        allowed = !expected_.contains(name);
        break;
      default:
        if (!expected_.contains(name)) return;
        terms.conditions.if_match = expected_[name].etag;
        allowed = true;
    }
    const auto record = write(name, content, terms);
    BOOST_TEST(static_cast<bool>(record) == allowed);
    if (record) wrote(name, content, *record);
  }

  void stage(const std::string& name) {
    const std::string id = base64_encoded(std::to_string(pick(4)));
    const std::string content = text() + ".";
    auto upload = container()->begin_block(name, id);
    upload->write(std::as_bytes(std::span(content)));
    BOOST_TEST(static_cast<bool>(container()->commit_block(name, id, *std::move(upload), {})));
    staged_[name][id] = content;
  }

  void commit_blocks(const std::string& name) {
    std::vector<BlockChoice> choices;
    std::string content;
    for (const auto& [id, bytes] : staged_[name]) {
      if (pick(3) == 0) continue;
      choices.push_back({BlockSource::latest, id});
      content += bytes;
    }
    const auto record = container()->commit_block_list(name, choices, {});
    BOOST_REQUIRE(static_cast<bool>(record));
    wrote(name, content, *record);
  }

  void edit(const std::string& name) {
    const auto record = container()->edit_blob(name, {}, [&](BlobRecord& changed) {
      changed.metadata = {{"e", "1"}};
    });
    BOOST_TEST(static_cast<bool>(record) == expected_.contains(name));
    if (!record) return;
    etags_.insert(etag_of(record->changed));
    ++writes_;
    expected_[name].metadata = {{"e", "1"}};
    expected_[name].etag = etag_of(record->changed);
  }

  void remove(const std::string& name) {
    const bool done = static_cast<bool>(container()->delete_blob(name, {}));
    BOOST_TEST(done == expected_.contains(name));
    if (done) staged_.erase(name);
    expected_.erase(name);
  }

  void compare() {
    BOOST_TEST(etags_.size() == writes_);  // none was given twice
    const BlobList list = container()->list({});
    BOOST_TEST(list.blobs.size() == expected_.size());
    auto at = expected_.begin();
    for (const ListedBlob& blob : list.blobs) {
      BOOST_TEST(blob.record.name == at->first);
      BOOST_TEST(etag_of(blob.record.changed) == at->second.etag);
      BOOST_TEST((blob.record.metadata == at->second.metadata));
      const auto open_blob = container()->open_blob(at->first);
      BOOST_REQUIRE(static_cast<bool>(open_blob));
      std::string content(open_blob->record.size, '\0');
      open_blob->data.read_at(0, std::as_writable_bytes(std::span(content)));
      BOOST_TEST((content == at->second.content));
      ++at;
    }
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "accounts/acct/cont/blobs")) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    BOOST_TEST(files == 2 * expected_.size());
    for (const auto& [name, blocks] : staged_) {
      const auto lists = container()->block_lists(name);
      BOOST_TEST((lists ? lists->uncommitted.size() : 0) == blocks.size());
    }
  }

  std::mt19937 random_;
  fs::path folder_;
  std::int64_t ticks_ = 1'000'000;
  std::unique_ptr<BlobStore> store_;
  std::map<std::string, Expected> expected_;
  std::map<std::string, std::map<std::string, std::string>> staged_;
  std::set<std::string> etags_;
  std::size_t writes_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(storage_store_model)

BOOST_DATA_TEST_CASE(the_store_agrees_with_a_map, bdata::xrange(1u, 9u), seed) {
  Walk walk(seed);
  for (int i = 0; i < 120; ++i) walk.step();
}

BOOST_AUTO_TEST_SUITE_END()
