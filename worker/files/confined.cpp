#include "worker/files/confined.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace windlass::worker {
namespace {

constexpr int kDepthMax = 128;
constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY;

unsigned char type_of(int folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat status {};
  if (fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  if (S_ISDIR(status.st_mode)) return DT_DIR;
  if (S_ISREG(status.st_mode)) return DT_REG;
  return S_ISLNK(status.st_mode) ? DT_LNK : DT_UNKNOWN;
}

int remove_below(int top, int folder, const std::string& name, int depth, int& hoisted) {
  if (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return errno;
  if (depth >= kDepthMax) {
    // Moved up, so that remove_tree finds it again at the top.
    const std::string other = ".deep-" + std::to_string(hoisted++);
    return renameat(folder, name.c_str(), top, other.c_str()) == 0 ? 0 : errno;
  }
  constexpr int kFlags = kOpenFolder | O_NOFOLLOW | O_CLOEXEC;
  Fd inside(openat(folder, name.c_str(), kFlags));
  if (!inside && errno == EACCES) {
    // Ours, but closed to its owner by whoever ran in it.
    fchmodat(folder, name.c_str(), 0700, 0);
    inside = Fd(openat(folder, name.c_str(), kFlags));
  }
  if (!inside) return errno;
  int failure = 0;
  for (int pass = 0; pass < 3; ++pass) {  // reading and removing at once may skip entries
    failure = 0;
    each_entry(inside.get(), [&](const char* entry, unsigned char) {
      int code = remove_below(top, inside.get(), entry, depth + 1, hoisted);
      if (code == EACCES && fchmod(inside.get(), 0700) == 0)
        code = remove_below(top, inside.get(), entry, depth + 1, hoisted);
      if (code != 0) failure = code;
      return true;
    });
    if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  }
  return failure != 0 ? failure : errno;
}

}  // namespace

Fd open_beneath(int folder, const std::string& path, int flags, mode_t mode, Links links) {
  if (path.find('\0') != std::string::npos) {
    errno = EINVAL;
    return Fd();
  }
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  if (links == Links::refuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  const char* text = path.empty() ? "." : path.c_str();
  long fd = -1;
  do {  // EAGAIN: something moved while the kernel looked
    fd = syscall(SYS_openat2, folder, text, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return Fd(static_cast<int>(fd));
}

Fd open_folder(const std::string& path) {
  return Fd(open(path.c_str(), kOpenFolder | O_CLOEXEC));
}

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

namespace {

// A folder that is there already, but was not given away: whoever made it was killed in between.
bool finish_giving(const Fd& folder, mode_t mode, const Owner& owner) {
  if (!owner.given()) return true;
  struct stat status {};
  if (fstat(folder.get(), &status) != 0) return false;
  if (status.st_uid == owner.uid || status.st_uid != geteuid()) return true;
  return fchown(folder.get(), owner.uid, owner.gid) == 0 && fchmod(folder.get(), mode) == 0;
}

}  // namespace

Fd make_folders(int folder, const std::string& path, mode_t mode, const Owner& owner) {
  // Usually it is there.
  Fd last = open_beneath(folder, path, kOpenFolder, 0, Links::refuse);
  if (last && !finish_giving(last, mode, owner)) return Fd();
  if (last || errno != ENOENT) return last;
  last = open_beneath(folder, ".", kOpenFolder, 0, Links::refuse);
  for (const std::string& part : path_parts(path)) {
    if (!last) return last;
    if (part == "..") {
      errno = EXDEV;
      return Fd();
    }
    const bool made = mkdirat(last.get(), part.c_str(), mode) == 0;
    if (!made && errno != EEXIST) return Fd();
    Fd next = open_beneath(last.get(), part, kOpenFolder, 0, Links::refuse);
    if (!next) return Fd();
    // chown first: it clears bits. The mode again, because the umask took some away.
    if (made && owner.given() && fchown(next.get(), owner.uid, owner.gid) != 0) return Fd();
    if (made && fchmod(next.get(), mode) != 0) return Fd();
    last = std::move(next);
  }
  return last;
}

int remove_tree(int folder, const std::string& name) {
  int hoisted = 0;
  int code = remove_below(folder, folder, name, 0, hoisted);
  for (int i = 0; i < hoisted; ++i) {
    const int other = remove_below(folder, folder, ".deep-" + std::to_string(i), 0, hoisted);
    if (code == 0) code = other;
  }
  return code;
}

int each_entry(int folder, const std::function<bool(const char*, unsigned char)>& visit) {
  const int copy = openat(folder, ".", kOpenFolder | O_CLOEXEC);
  if (copy < 0) return errno;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy), closedir);
  if (!stream) {
    const int code = errno;
    close(copy);
    return code;
  }
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) return errno;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (!visit(entry->d_name, type_of(folder, *entry))) return 0;
  }
}

}  // namespace windlass::worker
