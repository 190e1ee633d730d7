#include "runtime/shutdown.h"

#include "model/assert.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace windlass::runtime {
namespace {

// A signal handler can reach only this. One Shutdown exists at a time.
std::atomic<int> signal_fd{-1};
std::atomic<int> interrupts{0};

void raise_fd(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

extern "C" void windlass_on_signal(int number) {
  const int saved = errno;
  // A second Ctrl-C means "now": someone sits at the terminal and the orderly end hangs.
  if (number == SIGINT && interrupts.fetch_add(1) > 0) ::_exit(130);
  const int fd = signal_fd.load();
  if (fd >= 0) raise_fd(fd);
  errno = saved;
}

bool readable(int fd, int timeout_ms) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) > 0 && (p.revents & POLLIN) != 0;
}

}  // namespace

Shutdown::Shutdown() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  const int before = signal_fd.exchange(fd_);
  WINDLASS_ASSERT(before == -1);
  interrupts = 0;
  struct sigaction action {};
  action.sa_handler = windlass_on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  watcher_ = std::jthread([this] {
    wait();
    source_.request_stop();
  });
}

Shutdown::~Shutdown() {
  request();
  watcher_.join();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  signal_fd = -1;
  ::close(fd_);
}

bool Shutdown::requested() const {
  return readable(fd_, 0);
}

void Shutdown::request() {
  raise_fd(fd_);
}

void Shutdown::wait() const {
  while (!readable(fd_, -1)) {
  }
}

}  // namespace windlass::runtime
