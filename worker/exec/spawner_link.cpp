#include "worker/exec/spawner_link.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace windlass::worker::exec {

namespace {

// Our own program by its real name, so that process lists read well; by /proc when an upgrade has
// replaced the file meanwhile.
std::string resolved(const std::string& program) {
  if (program != "/proc/self/exe") return program;
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlink(program.c_str(), target.data(), target.size() - 1);
  if (size <= 0) return program;
  std::string path(target.data(), static_cast<std::size_t>(size));
  return path.ends_with(" (deleted)") ? program : path;
}

}  // namespace

int connect_to_spawner(const std::string& folder) {
  const int folder_fd = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) return -1;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // By way of the open folder, because its path may be longer than an address takes.
  std::snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/spawner.sock",
                folder_fd);
  const bool connected =
      fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(folder_fd);
  if (connected) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int launch_spawner(const std::string& program, const std::vector<std::string>& arguments,
                   const std::string& folder) {
  const std::string path = resolved(program);
  std::string name = path;
  std::vector<char*> argv = {name.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const std::string log = folder + "/spawner.log";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  pid_t pid = 0;
  const int error = posix_spawn(&pid, path.c_str(), &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    throw std::runtime_error("cannot launch the spawner " + path + ": " +
                             std::generic_category().message(error));
  }
  return pid;
}

}  // namespace windlass::worker::exec
