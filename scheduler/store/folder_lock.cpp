#include "scheduler/store/folder_lock.h"

#include "scheduler/store/errors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace windlass::scheduler {

namespace {

// OFD locks have no pid in the kernel, so the owner writes its own into the file; what stands there
// is only for the words of a refusal.
int pid_in(int fd) {
  char text[32] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  return got > 0 ? std::atoi(text) : 0;
}

void write_pid(int fd, const std::string& path) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    // A full disk must not keep the shard from opening: the lock itself is held.
    if (errno != ENOSPC) throw StoreError("write " + path + ": " + std::strerror(errno));
  }
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const std::string path = folder + "/owner";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw StoreError("open " + path + ": " + std::strerror(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd_, F_OFD_SETLK, &whole) != 0) {
    const int reason = errno;
    const int owner = pid_in(fd_);
    ::close(fd_);
    if (reason != EAGAIN && reason != EACCES)
      throw StoreError("lock " + path + ": " + std::strerror(reason));
    std::string message = "the shard's folder " + folder + " is in use";
    if (owner != 0) message += " by process " + std::to_string(owner);
    throw FolderInUse(message, owner);
  }
  try {
    write_pid(fd_, path);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

FolderLock::~FolderLock() {
  ::close(fd_);
}

}  // namespace windlass::scheduler
