#include "worker/spool_file.h"

#include "runtime/paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace windlass::worker {
namespace {

constexpr std::uint64_t kCompactAboveBytes = 4u << 20;

int open_spool(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  return fd;
}

}  // namespace

SpoolFile::SpoolFile(std::string path) : path_(std::move(path)) {
  open();
}

void SpoolFile::open() {
  const int fd = open_spool(path_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  struct stat status {};
  if (::fstat(fd_, &status) == 0) bytes_ = static_cast<std::uint64_t>(status.st_size);
}

SpoolFile::~SpoolFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string SpoolFile::read() const {
  return runtime::read_file(path_);
}

void SpoolFile::cut(std::uint64_t bytes) {
  if (bytes == bytes_) return;
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0)
    throw std::system_error(errno, std::generic_category(), path_);
  bytes_ = bytes;
}

bool SpoolFile::append(std::string_view frames) {
  if (!unwritten_.empty()) {
    unwritten_ += frames;
    frames = unwritten_;
  }
  std::size_t done = 0;
  while (done < frames.size()) {
    const ssize_t n = ::write(fd_, frames.data() + done, frames.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes_ += done;
  std::string rest(frames.substr(done));
  unwritten_ = std::move(rest);
  return unwritten_.empty();
}

bool SpoolFile::worth_compacting() const {
  return unwritten_.empty() && bytes_ > kCompactAboveBytes + 2 * bytes_compacted_;
}

bool SpoolFile::replace(std::string_view frames) {
  const std::string next = path_ + ".new";
  const int fd = ::open(next.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  std::size_t done = 0;
  while (done < frames.size()) {
    const ssize_t n = ::write(fd, frames.data() + done, frames.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  // Flushed, unlike what is appended: the rename must not replace a whole file by a torn one.
  if (done < frames.size() || ::fdatasync(fd) != 0) {
    ::close(fd);
    ::unlink(next.c_str());
    return false;
  }
  if (std::rename(next.c_str(), path_.c_str()) != 0) {
    // It may have happened all the same. The spool is what has the name; both files hold all.
    ::close(fd);
    ::unlink(next.c_str());
    open();
    return false;
  }
  ::close(fd_);
  fd_ = fd;
  bytes_ = frames.size();
  bytes_compacted_ = bytes_;
  unwritten_.clear();
  return true;
}

}  // namespace windlass::worker
