#include "runtime/folder_lock.h"

#include "runtime/process_info.h"
#include "runtime/refusal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace windlass::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// A killed process keeps the lock until the last of its threads, and of its children that had not
// come to their exec, has noticed.
constexpr std::chrono::seconds kDyingPatience{5};
constexpr int kDyingPollMs = 10;

std::string lock_path(const std::string& folder) {
  return folder + "/lock";
}

struct flock whole_file_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

int pid_written_in(int fd) {
  char text[32] = {};
  if (::pread(fd, text, sizeof text - 1, 0) <= 0) return 0;
  return std::atoi(text);
}

// Whether the lock was taken, at last.
bool take_lock(int fd) {
  const auto deadline = Clock::now() + kDyingPatience;
  struct flock lock = whole_file_lock();
  while (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    if (!is_ending(pid_written_in(fd)) || Clock::now() > deadline) return false;
    ::poll(nullptr, 0, kDyingPollMs);
  }
  return true;
}

std::string failure(std::string_view what, const std::string& path) {
  return std::string(what) + " " + path + ": " + std::strerror(errno);
}

}  // namespace

FolderLock::FolderLock(const std::string& folder, std::string_view flag) {
  std::error_code made;
  const bool existed = std::filesystem::exists(folder);
  std::filesystem::create_directories(folder, made);
  if (made) {
    throw StartRefused("cannot make the data folder " + folder + ": " + made.message() +
                       "\nChoose another:  " + std::string(flag) + " DIR");
  }
  if (!existed) ::chmod(folder.c_str(), 0700);
  const std::string path = lock_path(folder);
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw StartRefused(failure("cannot open", path));
  if (!take_lock(fd_)) {
    const int pid = pid_written_in(fd_);
    ::close(fd_);
    fd_ = -1;
    const std::string who = std::to_string(pid);
    throw StartRefused("the data folder " + folder + " is in use by pid " + who + " (" +
                       command_of_process(pid) + ").\nStop it:  kill " + who +
                       "\nor choose another folder:  " + std::string(flag) + " DIR");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
    const std::string message = failure("cannot write", path);
    ::close(fd_);
    throw StartRefused(message);
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

int owner_of_folder(const std::string& folder) {
  const int fd = ::open(lock_path(folder).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock = whole_file_lock();
  const bool held = ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  const int pid = held ? pid_written_in(fd) : 0;
  ::close(fd);
  return is_ending(pid) ? 0 : pid;
}

}  // namespace windlass::runtime
