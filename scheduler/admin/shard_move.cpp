#include "scheduler/admin/shard_move.h"

#include "scheduler/store/folder_lock.h"
#include "scheduler/store/shard_marks.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

namespace windlass::scheduler {

namespace {

namespace fs = std::filesystem;

// The scheduler looks at its marks about once a second and then closes the folder.
constexpr std::chrono::milliseconds kLookAgain{20};

std::string name_of(ShardId shard) {
  return "shard " + std::to_string(shard);
}

// Marks the shard as moved, waits for its owner to let go, and keeps others from opening it.
FolderLock take_from(ShardId shard, const std::string& data_folder, const std::string& to,
                     std::chrono::milliseconds patience) {
  const std::string folder = shard_folder(data_folder, shard);
  const bool marked_before = is_moved_away(data_folder, shard);
  mark_moved_away(data_folder, shard, to);
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      return FolderLock(folder);
    } catch (const FolderInUse& in_use) {
      if (std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(kLookAgain);  // the owner is another process
        continue;
      }
      if (!marked_before) unmark(data_folder, shard);
      throw StoreError(name_of(shard) + " is not let go by process " +
                       std::to_string(in_use.owner()) + "; it stays there");
    }
  }
}

void require_folder(const std::string& data_folder) {
  if (!fs::is_directory(data_folder)) throw StoreError(data_folder + " is not a folder");
}

void require_absent(const std::string& folder) {
  if (fs::exists(folder)) throw StoreError(folder + " exists already");
}

void require_shard(ShardId shard, const std::string& data_folder) {
  if (!fs::exists(shard_folder(data_folder, shard) + "/data.mdb"))
    throw StoreError(name_of(shard) + " is not in " + data_folder);
}

}  // namespace

void move_shard(ShardId shard, const std::string& from, const std::string& to,
                std::chrono::milliseconds patience) {
  require_folder(to);
  const std::string source = shard_folder(from, shard);
  const std::string target = shard_folder(to, shard);
  const bool half_done = !fs::exists(source) && fs::exists(target) && is_moved_away(from, shard);
  if (!half_done) {
    require_shard(shard, from);
    require_absent(target);
    const FolderLock lock = take_from(shard, from, to, patience);
    if (std::rename(source.c_str(), target.c_str()) != 0) {
      if (errno != EXDEV) {
        const int error = errno;
        unmark(from, shard);
        throw StoreError("move " + source + " to " + target + ": " + std::strerror(error));
      }
      copy_folder(source, target);
      check_copy(target);
    }
  }
  mark_brought_here(to, shard);
}

FolderFacts release_shard(ShardId shard, const std::string& data_folder, const std::string& copy,
                          std::chrono::milliseconds patience) {
  require_shard(shard, data_folder);
  require_absent(shard_folder(copy, shard));
  const FolderLock lock = take_from(shard, data_folder, copy, patience);
  copy_folder(shard_folder(data_folder, shard), shard_folder(copy, shard));
  return check_copy(shard_folder(copy, shard));
}

FolderFacts adopt_shard(ShardId shard, const std::string& copy, const std::string& data_folder) {
  require_folder(data_folder);
  require_shard(shard, copy);
  if (is_moved_away(copy, shard))
    throw StoreError(name_of(shard) + " was adopted from this copy before");
  // What was released from here has been elsewhere since; the copy is what counts.
  const std::string target = shard_folder(data_folder, shard);
  if (is_moved_away(data_folder, shard) && fs::exists(target)) fs::remove_all(target);
  require_absent(target);
  const FolderFacts facts = check_copy(shard_folder(copy, shard));
  copy_folder(shard_folder(copy, shard), target);
  check_copy(target);
  mark_moved_away(copy, shard, data_folder);
  mark_brought_here(data_folder, shard);
  return facts;
}

}  // namespace windlass::scheduler
