#include "tests/client/run_program.h"

#include "runtime/paths.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace windlass::test {
namespace {

int opened(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + path);
  return fd;
}

std::string content(const std::string& path) {
  return std::filesystem::exists(path) ? runtime::read_file(path) : "";
}

}  // namespace

Running::Running(const std::vector<std::string>& arguments, const Variables& variables,
                 const std::string& input) {
  folder_ = (std::filesystem::temp_directory_path() / "windlass-run-XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  runtime::write_file_atomically(folder_ + "/in", input);
  const int in = opened(folder_ + "/in", O_RDONLY);
  const int out = opened(folder_ + "/out", O_WRONLY | O_CREAT);
  const int err = opened(folder_ + "/err", O_WRONLY | O_CREAT);
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    for (const auto& [name, value] : variables) {
      if (value.empty())
        ::unsetenv(name.c_str());
      else
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(in);
  ::close(out);
  ::close(err);
}

Running::~Running() {
  if (!waited_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Running::signal(int number) const {
  ::kill(pid_, number);
}

std::string Running::out() const {
  return content(folder_ + "/out");
}

std::string Running::err() const {
  return content(folder_ + "/err");
}

Ended Running::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  waited_ = true;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out(), err()};
}

Ended run(const std::vector<std::string>& arguments, const Variables& variables,
          const std::string& input) {
  return Running(arguments, variables, input).wait();
}

std::string program_path(const std::string& name) {
  return runtime::program_folder() + "/" + name;
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace windlass::test
