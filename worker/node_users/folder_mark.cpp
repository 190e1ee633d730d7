#include "worker/node_users/folder_mark.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace windlass::worker {

std::optional<std::string> folder_mark(const std::string& path) {
  struct statx status {};
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status) != 0)
    return errno == ENOENT ? std::optional<std::string>("") : std::nullopt;
  return std::to_string(status.stx_ino) + "." + std::to_string(status.stx_btime.tv_sec) + "." +
         std::to_string(status.stx_btime.tv_nsec);
}

}  // namespace windlass::worker
