#include "worker/node_users/tool.h"

#include "worker/files/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

namespace windlass::worker {
namespace {

constexpr int kPatienceMs = 30'000;
constexpr std::size_t kSaidBytesMax = 1024;

// Files in memory, so that neither side waits for the other.
struct Streams {
  Fd input{memfd_create("input", MFD_CLOEXEC)};
  Fd output{memfd_create("output", MFD_CLOEXEC)};
};

bool fill(const Fd& file, std::string_view text) {
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
         ::lseek(file.get(), 0, SEEK_SET) == 0;
}

std::string content_of(const Fd& file) {
  std::string text(kSaidBytesMax, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

int start(const std::vector<std::string>& argv, const Streams& streams, pid_t& pid) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char language[] = "LC_ALL=C";
  char* environment[] = {path, language, nullptr};

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, streams.input.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, streams.output.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, streams.output.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error =
      posix_spawn(&pid, argv[0].c_str(), &files, &attributes, words.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// Its wait status.
int end_of(pid_t pid) {
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{handle.get(), POLLIN, 0};
  if (handle && ::poll(&ended, 1, kPatienceMs) == 0) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

ToolEnd run_tool(const std::vector<std::string>& argv, std::string_view input) {
  const Streams streams;
  if (!streams.input || !streams.output || !fill(streams.input, input))
    return {false, std::strerror(errno)};
  pid_t pid = 0;
  if (const int error = start(argv, streams, pid); error != 0)
    return {false, argv[0] + ": " + std::strerror(error)};
  const int status = end_of(pid);
  ToolEnd end{WIFEXITED(status) && WEXITSTATUS(status) == 0, content_of(streams.output)};
  if (!end.succeeded && end.said.empty())
    end.said = argv[0] + (WIFEXITED(status) ? " ended with " + std::to_string(WEXITSTATUS(status))
                                            : " was killed by " + std::to_string(WTERMSIG(status)));
  return end;
}

}  // namespace windlass::worker
