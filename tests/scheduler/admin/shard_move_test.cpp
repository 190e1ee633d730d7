#include "scheduler/admin/shard_move.h"

#include "scheduler/store/shard_marks.h"
#include "scheduler/store/store.h"
#include "tests/runtime/temporary_folder.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <optional>

using namespace windlass;
using namespace windlass::scheduler;
using windlass::test::TemporaryFolder;

namespace {

constexpr ShardId kShard = 3;
constexpr std::chrono::milliseconds kNoPatience{0};
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(30);
using Shards = std::vector<ShardId>;

// One host with two data folders; shard 3 lies in the first.
struct Host {
  TemporaryFolder base;
  const std::string first = made("first");
  const std::string second = made("second");
  const std::string copy = made("copy");

  Host() { Store(options(first)).claim(); }

  std::string made(const std::string& name) const {
    std::filesystem::create_directory(base.path() + "/" + name);
    return base.path() + "/" + name;
  }
  StoreOptions options(const std::string& data_folder) const {
    StoreOptions out;
    out.folder = shard_folder(data_folder, kShard);
    out.shard = kShard;
    out.shards_total = 8;
    out.generation = 1;
    out.map_bytes_max = 1ULL << 30;
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler_shard_move, Host)

BOOST_AUTO_TEST_CASE(a_moved_shard_is_served_from_its_new_folder_only) {
  BOOST_CHECK((served_shards(first, {2, 3}) == Shards{2, 3}));
  BOOST_CHECK_THROW(served_shards(first + "/not-there", {2}), FolderUnread);
  move_shard(kShard, first, second, kPatience);
  BOOST_CHECK((served_shards(first, {2, 3}) == Shards{2}));
  BOOST_CHECK((served_shards(second, {5}) == Shards{3, 5}));
  Store store(options(second));
  BOOST_TEST(store.claim() == 2u);
}

BOOST_AUTO_TEST_CASE(it_can_go_back) {
  move_shard(kShard, first, second, kPatience);
  move_shard(kShard, second, first, kPatience);
  BOOST_CHECK((served_shards(first, {2}) == Shards{2, 3}));
  BOOST_CHECK((served_shards(second, {3}) == Shards{}));
}

BOOST_AUTO_TEST_CASE(an_owner_that_does_not_let_go_keeps_it) {
  const Store store(options(first));
  BOOST_CHECK_THROW(move_shard(kShard, first, second, kNoPatience), StoreError);
  BOOST_CHECK((served_shards(first, {3}) == Shards{3}));
  BOOST_CHECK((served_shards(second, {}) == Shards{}));
}

BOOST_AUTO_TEST_CASE(a_move_that_was_cut_short_is_ended_by_the_next) {
  // As if the power went after the rename: marked as moved, and not yet as brought.
  mark_moved_away(first, kShard, second);
  std::filesystem::rename(shard_folder(first, kShard), shard_folder(second, kShard));
  move_shard(kShard, first, second, kPatience);
  BOOST_CHECK((served_shards(second, {}) == Shards{3}));
  // And before it: marked only.
  mark_moved_away(second, kShard, first);
  move_shard(kShard, second, first, kPatience);
  BOOST_CHECK((served_shards(first, {}) == Shards{3}));
}

BOOST_AUTO_TEST_CASE(a_released_shard_is_adopted_once) {
  const FolderFacts released = release_shard(kShard, first, copy, kPatience);
  BOOST_CHECK((served_shards(first, {3}) == Shards{}));
  BOOST_CHECK(adopt_shard(kShard, copy, second) == released);
  BOOST_CHECK((served_shards(second, {}) == Shards{3}));
  BOOST_CHECK_THROW(adopt_shard(kShard, copy, made("third")), StoreError);
  Store store(options(second));
  BOOST_TEST(store.claim() == released.epoch + 1);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  BOOST_CHECK_THROW(move_shard(4, first, second, kPatience), StoreError);
  BOOST_CHECK_THROW(move_shard(kShard, second, first, kPatience), StoreError);
  BOOST_CHECK_THROW(release_shard(4, first, copy, kPatience), StoreError);
  BOOST_CHECK_THROW(adopt_shard(kShard, copy, second), StoreError);
  BOOST_CHECK((served_shards(first, {3, 4}) == Shards{3, 4}));
}

BOOST_AUTO_TEST_SUITE_END()
