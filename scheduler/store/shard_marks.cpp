#include "scheduler/store/shard_marks.h"

#include "scheduler/store/store_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>
#include <string_view>

namespace windlass::scheduler {

namespace {

constexpr std::string_view kPrefix = "shard-";
constexpr std::string_view kMoved = ".moved";
constexpr std::string_view kHere = ".here";

std::string mark_of(const std::string& data_folder, ShardId shard, std::string_view mark) {
  return shard_folder(data_folder, shard) + std::string(mark);
}

[[noreturn]] void fail(const std::string& what, int error) {
  throw StoreError(what + ": " + std::strerror(error));
}

void write_mark(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail("make " + path, errno);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written) fail("write " + path, error);
}

void remove_mark(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove " + path, errno);
}

// Each "shard-N" and "shard-N.mark" of the folder, with an empty mark for the former.
void each_name(const std::string& data_folder,
               const std::function<void(ShardId shard, std::string_view mark)>& visitor) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(data_folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    ShardId shard = 0;
    const char* const last = name.data() + name.size();
    const auto [rest, bad] = std::from_chars(name.data() + kPrefix.size(), last, shard);
    if (bad == std::errc()) visitor(shard, {rest, static_cast<std::size_t>(last - rest)});
  }
  if (error) throw FolderUnread("read folder " + data_folder + ": " + error.message());
}

}  // namespace

std::string shard_folder(const std::string& data_folder, ShardId shard) {
  return data_folder + "/" + std::string(kPrefix) + std::to_string(shard);
}

std::vector<ShardId> served_shards(const std::string& data_folder,
                                   const std::vector<ShardId>& configured) {
  std::set<ShardId> served(configured.begin(), configured.end());
  each_name(data_folder, [&](ShardId shard, std::string_view mark) {
    if (mark == kMoved) served.erase(shard);
    if (mark == kHere) served.insert(shard);
  });
  return {served.begin(), served.end()};
}

std::vector<ShardId> shards_in(const std::string& data_folder) {
  std::set<ShardId> shards;
  each_name(data_folder, [&](ShardId shard, std::string_view mark) {
    if (mark.empty() && !is_moved_away(data_folder, shard)) shards.insert(shard);
  });
  return {shards.begin(), shards.end()};
}

bool is_moved_away(const std::string& data_folder, ShardId shard) {
  return ::access(mark_of(data_folder, shard, kMoved).c_str(), F_OK) == 0;
}

void mark_moved_away(const std::string& data_folder, ShardId shard, const std::string& where) {
  write_mark(mark_of(data_folder, shard, kMoved), where + "\n");
  remove_mark(mark_of(data_folder, shard, kHere));
  flush_names(shard_folder(data_folder, shard));
}

void mark_brought_here(const std::string& data_folder, ShardId shard) {
  remove_mark(mark_of(data_folder, shard, kMoved));
  write_mark(mark_of(data_folder, shard, kHere), "");
  flush_names(shard_folder(data_folder, shard));
}

void unmark(const std::string& data_folder, ShardId shard) {
  remove_mark(mark_of(data_folder, shard, kMoved));
  remove_mark(mark_of(data_folder, shard, kHere));
  flush_names(shard_folder(data_folder, shard));
}

}  // namespace windlass::scheduler
