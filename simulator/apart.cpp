#include "simulator/apart.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <utility>

namespace windlass::simulator {

namespace {

void write_all(int fd, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t size = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (size <= 0) std::_Exit(4);
    done += static_cast<std::size_t>(size);
  }
}

}  // namespace

Apart::Apart(const std::function<void(std::ostream&)>& work, Stderr errors) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(stdout);
  child_ = ::fork();
  if (child_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child_ == 0) {
    ::close(ends[0]);
    if (errors == Stderr::is_said) ::dup2(ends[1], STDERR_FILENO);
    std::ostringstream out;
    work(out);
    std::fflush(stdout);
    write_all(ends[1], out.str());
    std::_Exit(0);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Apart::Apart(Apart&& other) noexcept
    : pipe_(std::exchange(other.pipe_, -1)), child_(std::exchange(other.child_, -1)) {}

Apart::~Apart() {
  if (pipe_ >= 0) ::close(pipe_);
  if (child_ > 0) ::waitpid(child_, nullptr, 0);
}

Apart::End Apart::wait() {
  End end;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::read(pipe_, buffer, sizeof buffer)) > 0)
    end.said.append(buffer, static_cast<std::size_t>(size));
  ::waitpid(std::exchange(child_, -1), &end.status, 0);
  return end;
}

}  // namespace windlass::simulator
