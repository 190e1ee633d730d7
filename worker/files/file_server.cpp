#include "worker/files/file_server.h"

#include "worker/files/node_folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace windlass::worker {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY;
constexpr std::size_t kDepthMax = 128;

Error file_error(ErrorCode code, const std::string& path, const char* reason) {
  return Error{code, {}, {{"FilePath", path}, {"Reason", reason}}};
}

// What a failed open or stat tells the client. Links that lead out are "not found": whether there
// is something behind them is nobody's business.
Error from_errno(int error_number, const std::string& path) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case EINVAL:
    case ENAMETOOLONG:
      return file_error(ErrorCode::file_not_found, path, "There is no such file.");
    default:
      return file_error(ErrorCode::io_error, path, std::strerror(error_number));
  }
}

WallTime wall_time(const statx_timestamp& time) {
  return WallTime{time.tv_sec * 10'000'000 + time.tv_nsec / 100};
}

bool look_at(int folder, const char* name, FileProperties& out) {
  struct statx status {};
  const int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
  if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) return false;
  out.is_directory = S_ISDIR(status.stx_mode);
  out.content_length = out.is_directory ? 0 : status.stx_size;
  out.last_modified = wall_time(status.stx_mtime);
  if ((status.stx_mask & STATX_BTIME) != 0) out.creation_time = wall_time(status.stx_btime);
  out.mode = status.stx_mode & 07777;
  return true;
}

// The smallest names after `after`, found by looking at all: requests keep nothing between two
// pages, and folders give their entries in no order.
class Listing {
 public:
  explicit Listing(const FileRequest& request)
      : request_(request), entries_max_(std::clamp<std::size_t>(request.entries_max, 1, 1000)) {}

  int visit(int folder, const std::string& prefix, std::size_t depth) {
    int code = 0;
    const int failure = each_entry(folder, [&](const char* entry, unsigned char type) {
      if (++visits_ > kListVisitsMax) {
        code = E2BIG;
        return false;
      }
      const std::string name = prefix + entry;
      consider(folder, entry, name);
      if (request_.recursive && type == DT_DIR && depth < kDepthMax && may_hold(name + "/")) {
        const Fd below = open_beneath(folder, entry, kOpenFolder, 0, Links::refuse);
        if (below) code = visit(below.get(), name + "/", depth + 1);
      }
      return code == 0;
    });
    return code != 0 ? code : failure;
  }

  void write(FileReply& reply) {
    reply.more = more_;
    for (auto& [name, properties] : found_) reply.entries.push_back(properties);
  }

 private:
  void consider(int folder, const char* entry, const std::string& name) {
    if (!name.starts_with(request_.name_prefix) || name <= request_.after) return;
    const bool full = found_.size() == entries_max_;
    if (full && found_.rbegin()->first < name) {
      more_ = true;
      return;
    }
    FileProperties properties;
    if (!look_at(folder, entry, properties)) return;  // gone meanwhile
    properties.name = name;
    found_.emplace(name, std::move(properties));
    if (!full) return;
    found_.erase(std::prev(found_.end()));
    more_ = true;
  }

  bool may_hold(const std::string& prefix) const {
    const std::string& wanted = request_.name_prefix;
    return wanted.starts_with(prefix) || prefix.starts_with(wanted);
  }

  const FileRequest& request_;
  const std::size_t entries_max_;
  std::size_t visits_ = 0;
  bool more_ = false;
  std::map<std::string, FileProperties> found_;
};

std::optional<Error> read_bytes(int file, const FileRequest& request, std::string& data) {
  const std::size_t wanted = std::min(request.bytes_max, kFileChunkBytesMax);
  if (request.offset > static_cast<std::uint64_t>(INT64_MAX) - wanted) return std::nullopt;
  data.resize(wanted);
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t n =
        pread(file, data.data() + have, wanted - have, static_cast<off_t>(request.offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return from_errno(errno, request.path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  data.resize(have);
  return std::nullopt;
}

std::optional<Error> remove(int node, const std::string& path, bool recursive) {
  std::vector<std::string> parts = path_parts(path);
  if (parts.empty() || parts.back() == "..")
    return file_error(ErrorCode::file_not_found, path, "This folder itself cannot be removed.");
  const std::string name = std::move(parts.back());
  parts.pop_back();
  std::string parent;
  for (const std::string& part : parts) parent += part + "/";
  const Fd folder = open_beneath(node, parent, kOpenFolder, 0, Links::follow_inside);
  if (!folder) return from_errno(errno, path);
  FileProperties properties;
  if (!look_at(folder.get(), name.c_str(), properties)) return from_errno(errno, path);
  if (!properties.is_directory) {
    if (unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return from_errno(errno, path);
    return std::nullopt;
  }
  if (recursive) {
    const int code = remove_tree(folder.get(), name);
    if (code != 0) return from_errno(code, path);
    return std::nullopt;
  }
  if (unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0) return std::nullopt;
  if (errno == ENOTEMPTY || errno == EEXIST)
    return file_error(ErrorCode::operation_invalid_for_current_state, path,
                      "The directory is not empty; recursive=true removes it.");
  return from_errno(errno, path);
}

}  // namespace

FileServer::FileServer(std::string nodes_folder) : nodes_folder_(std::move(nodes_folder)) {}

FileReply FileServer::answer(const FileRequest& request) const {
  FileReply reply;
  reply.id = request.id;
  const auto fail = [&](Error error) {
    reply.error = std::move(error);
    return reply;
  };
  if (!valid_node_name(request.node_id))
    return fail(file_error(ErrorCode::node_not_found, request.node_id, "No such node here."));
  const Fd node = open_folder(nodes_folder_ + "/" + request.node_id);
  if (!node)
    return fail(file_error(ErrorCode::node_not_found, request.node_id, "No such node here."));

  // Below the folder of the request, not only below the node: a task's files are a task's.
  const Fd folder = open_beneath(node.get(), request.folder, kOpenFolder, 0, Links::refuse);
  if (!folder) return fail(from_errno(errno, request.folder));
  if (request.path.starts_with('/'))
    return fail(file_error(ErrorCode::file_not_found, request.path, "The path is absolute."));
  std::string path;
  for (const std::string& part : path_parts(request.path)) path += (path.empty() ? "" : "/") + part;

  if (request.action == FileAction::remove) {
    if (auto error = remove(folder.get(), path, request.recursive)) return fail(std::move(*error));
    return reply;
  }
  // O_NONBLOCK: a task may have left a FIFO; O_NOCTTY: or worse.
  const Fd file =
      open_beneath(folder.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, Links::follow_inside);
  if (!file) return fail(from_errno(errno, request.path));
  if (!look_at(file.get(), "", reply.properties)) return fail(from_errno(errno, request.path));
  reply.properties.name = path;

  if (request.action == FileAction::list) {
    if (!reply.properties.is_directory)
      return fail(file_error(ErrorCode::file_not_found, request.path, "This is not a directory."));
    Listing listing(request);
    const int code = listing.visit(file.get(), path.empty() ? "" : path + "/", 0);
    if (code != 0) return fail(from_errno(code, request.path));
    listing.write(reply);
    return reply;
  }
  if (request.action == FileAction::properties) return reply;
  if (reply.properties.is_directory)
    return fail(file_error(ErrorCode::operation_invalid_for_current_state, request.path,
                           "A directory has no content."));
  struct stat status {};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(file_error(ErrorCode::io_error, request.path, "This is not a regular file."));
  if (auto error = read_bytes(file.get(), request, reply.data)) return fail(std::move(*error));
  return reply;
}

}  // namespace windlass::worker
