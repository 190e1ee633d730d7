#include "tests/support/disk_calls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <utility>

// Straight to the kernel: looking for the C library's own would allocate, and allocating may map.

namespace windlass::test {

namespace {

std::atomic<DiskWatcher*> watching{nullptr};
thread_local bool inside = false;

// Descriptors that were opened with O_DSYNC, though perhaps lazily.
constexpr int kDescriptorsMax = 4096;
std::atomic<bool> synchronous[kDescriptorsMax];

struct Inside {
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

bool watched() {
  return watching.load(std::memory_order_acquire) != nullptr && !inside;
}

bool is_file(const struct stat& status) {
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

// False when it is no file.
bool describe(DiskCall& call, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !is_file(status)) return false;
  call.file = status.st_ino;
  char path[PATH_MAX];
  const ssize_t size =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  if (size > 0) call.path.assign(path, static_cast<std::size_t>(size));
  return true;
}

// `act` does the call as the verdict has it, and returns as the kernel does.
template <class Act>
long carry_out(DiskCall& call, Act act) {
  const Inside guard;
  DiskWatcher& watcher = *watching.load(std::memory_order_acquire);
  const DiskVerdict verdict = watcher.before(call);
  if (verdict.error != 0 && !verdict.happens_first) {
    errno = verdict.error;
    return -1;
  }
  if (call.bytes.size() > verdict.bytes_max) call.bytes.resize(verdict.bytes_max);
  const long result = act(verdict);
  if (result < 0) return result;
  if (call.kind == DiskCallKind::write) call.bytes.resize(static_cast<std::size_t>(result));
  watcher.after(call);
  if (verdict.error == 0) return result;
  errno = verdict.error;
  return -1;
}

long flush(const char* name, int fd, long number) {
  DiskCall call;
  call.kind = DiskCallKind::flush;
  call.name = name;
  if (!watched() || !describe(call, fd)) return ::syscall(number, fd);
  return carry_out(
      call, [&](const DiskVerdict& verdict) { return verdict.lazily ? 0 : ::syscall(number, fd); });
}

long resize(int fd, off_t size) {
  DiskCall call;
  call.kind = DiskCallKind::resize;
  call.name = "ftruncate";
  if (!watched() || !describe(call, fd)) return ::syscall(SYS_ftruncate, fd, size);
  call.size = static_cast<std::uint64_t>(size);
  return carry_out(call, [&](const DiskVerdict&) { return ::syscall(SYS_ftruncate, fd, size); });
}

constexpr off_t kAtPosition = -1;

long write_all(const char* name, int fd, const iovec* parts, int parts_total, off_t offset) {
  DiskCall call;
  call.kind = DiskCallKind::write;
  call.name = name;
  const auto act = [&](const iovec* what, int total) {
    if (offset != kAtPosition) return ::syscall(SYS_pwritev, fd, what, total, offset, 0);
    if (total == 1) return ::syscall(SYS_write, fd, what->iov_base, what->iov_len);
    return ::syscall(SYS_writev, fd, what, total);
  };
  if (!watched() || !describe(call, fd)) return act(parts, parts_total);
  const int flags = ::fcntl(fd, F_GETFL);
  call.synchronous = fd < kDescriptorsMax && synchronous[fd];
  struct stat status {};
  ::fstat(fd, &status);
  const off_t at = offset != kAtPosition     ? offset
                   : (flags & O_APPEND) != 0 ? status.st_size
                                             : ::lseek(fd, 0, SEEK_CUR);
  call.offset = static_cast<std::uint64_t>(at);
  for (int i = 0; i < parts_total; ++i)
    call.bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return carry_out(call, [&](const DiskVerdict&) {
    const iovec whole{call.bytes.data(), call.bytes.size()};
    return act(&whole, 1);
  });
}

long open_file(const char* name, int folder, const char* path, int flags, mode_t mode) {
  const auto act = [&](const DiskVerdict& verdict) {
    const int given = verdict.lazily ? flags & ~O_DSYNC : flags;
    return ::syscall(SYS_openat, folder, path, given, mode);
  };
  if (!watched()) return act({});
  DiskCall call;
  call.kind = DiskCallKind::open;
  call.name = name;
  call.path = path;
  call.writes = (flags & O_ACCMODE) != O_RDONLY;
  call.truncates = call.writes && (flags & O_TRUNC) != 0;
  struct stat status {};
  if (::fstatat(folder, path, &status, 0) == 0) {
    if (!is_file(status)) return act({});
    call.file = status.st_ino;
  } else if ((flags & O_CREAT) == 0) {
    return act({});
  }
  return carry_out(call, [&](const DiskVerdict& verdict) {
    const long fd = act(verdict);
    if (fd >= 0) describe(call, static_cast<int>(fd));
    if (fd >= 0 && fd < kDescriptorsMax) synchronous[fd] = (flags & O_DSYNC) != 0;
    return fd;
  });
}

int opened(const char* name, int folder, const char* path, int flags, va_list more) {
  const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  const mode_t mode = makes ? va_arg(more, mode_t) : 0;
  return static_cast<int>(open_file(name, folder, path, flags, mode));
}

void* map(void* address, std::size_t size, int protection, int flags, int fd, off_t offset) {
  const auto act = [&](const DiskVerdict&) {
    return ::syscall(SYS_mmap, address, size, protection, flags, fd, offset);
  };
  DiskCall call;
  call.kind = DiskCallKind::map;
  call.name = "mmap";
  const long at = fd < 0 || !watched() || !describe(call, fd) ? act({}) : carry_out(call, act);
  return reinterpret_cast<void*>(at);  // NOLINT: as the kernel gives it
}

}  // namespace

DiskWatch::DiskWatch(DiskWatcher& watcher) : before_(watching.exchange(&watcher)) {}

DiskWatch::~DiskWatch() {
  watching.store(before_);
}

}  // namespace windlass::test

using namespace windlass::test;

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  const iovec whole{const_cast<void*>(bytes), size};
  return write_all("write", fd, &whole, 1, kAtPosition);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const iovec whole{const_cast<void*>(bytes), size};
  return write_all("pwrite", fd, &whole, 1, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}
ssize_t writev(int fd, const iovec* parts, int parts_total) {
  return write_all("writev", fd, parts, parts_total, kAtPosition);
}
ssize_t pwritev(int fd, const iovec* parts, int parts_total, off_t offset) {
  return write_all("pwritev", fd, parts, parts_total, offset);
}
ssize_t pwritev64(int fd, const iovec* parts, int parts_total, off64_t offset) {
  return write_all("pwritev", fd, parts, parts_total, offset);
}

int fdatasync(int fd) {
  return static_cast<int>(flush("fdatasync", fd, SYS_fdatasync));
}
int fsync(int fd) {
  return static_cast<int>(flush("fsync", fd, SYS_fsync));
}

int ftruncate(int fd, off_t size) noexcept {
  return static_cast<int>(resize(fd, size));
}
int ftruncate64(int fd, off64_t size) noexcept {
  return static_cast<int>(resize(fd, size));
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = opened("open", AT_FDCWD, path, flags, more);
  va_end(more);
  return fd;
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = opened("open", AT_FDCWD, path, flags, more);
  va_end(more);
  return fd;
}
int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = opened("openat", folder, path, flags, more);
  va_end(more);
  return fd;
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  return map(address, size, protection, flags, fd, offset);
}
void* mmap64(void* address, size_t size, int protection, int flags, int fd,
             off64_t offset) noexcept {
  return map(address, size, protection, flags, fd, offset);
}

int rename(const char* from, const char* to) noexcept {
  const auto act = [&](const DiskVerdict&) {
    return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  };
  if (!watched()) return static_cast<int>(act({}));
  DiskCall call;
  call.kind = DiskCallKind::rename;
  call.name = "rename";
  call.path = from;
  call.new_path = to;
  return static_cast<int>(carry_out(call, act));
}
int unlink(const char* path) noexcept {
  const auto act = [&](const DiskVerdict&) { return ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); };
  if (!watched()) return static_cast<int>(act({}));
  DiskCall call;
  call.kind = DiskCallKind::remove;
  call.name = "unlink";
  call.path = path;
  return static_cast<int>(carry_out(call, act));
}

}  // extern "C"
