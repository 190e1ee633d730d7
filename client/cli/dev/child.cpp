#include "client/cli/dev/child.h"

#include "runtime/paths.h"
#include "runtime/process_info.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

extern char** environ;

namespace windlass::cli::dev {
namespace {

constexpr char kMarkerName[] = "WINDLASS_DEV_CLUSTER";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The environment with the marker set anew.
std::vector<std::string> marked_environment(const std::string& marker) {
  std::vector<std::string> variables;
  const std::string prefix = std::string(kMarkerName) + "=";
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, prefix.c_str(), prefix.size()) != 0) variables.emplace_back(*at);
  }
  variables.push_back(prefix + marker);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec in a process with threads: system calls only.
[[noreturn]] void become(char* const* arguments, char* const* environment, int log, int null,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);  // it died before we asked to be told
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

bool ended_within(int pidfd, std::chrono::milliseconds time) {
  pollfd p{pidfd, POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int n = ::poll(&p, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (n > 0) return true;
    if (n == 0) return false;
    if (errno != EINTR) return false;
  }
}

int parent_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream whole;
  whole << file.rdbuf();
  const std::string stat = whole.str();
  const auto close = stat.rfind(')');
  if (close == std::string::npos) return 0;
  std::istringstream fields(stat.substr(close + 1));
  std::string state;
  int parent = 0;
  fields >> state >> parent;
  return parent;
}

template <class Wanted>
std::vector<ProcessId> processes(Wanted wanted) {
  std::vector<ProcessId> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it("/proc", ignored), end; it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const int pid = std::atoi(name.c_str());
    if (pid == ::getpid() || !wanted(pid)) continue;
    if (const std::uint64_t started = runtime::start_of_process(pid); started != 0)
      found.push_back({pid, started});
  }
  return found;
}

}  // namespace

bool ProcessId::alive() const {
  return pid > 0 && started != 0 && runtime::start_of_process(pid) == started;
}

ProcessId start_child(const ChildSpec& spec) {
  std::vector<std::string> arguments = spec.arguments;
  std::vector<std::string> environment = marked_environment(spec.marker);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  if (::access(arguments[0].c_str(), X_OK) != 0) fail(arguments[0]);
  const int log = ::open(spec.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) fail(spec.log_file);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(argument_pointers.data(), environment_pointers.data(), log, null, parent);
  const int saved = errno;
  ::close(log);
  ::close(null);
  if (pid < 0) {
    errno = saved;
    fail("fork");
  }
  ::setpgid(pid, pid);  // in both, so that it holds whoever comes first
  return {pid, runtime::start_of_process(pid)};
}

bool stop_process(const ProcessId& process, std::chrono::milliseconds grace) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
  if (pidfd < 0) return true;
  // The pid may have been given to someone else between our note and now: only now it is held fast.
  const bool ours = process.alive();
  bool by_itself = true;
  if (ours) {
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, nullptr, 0);
    by_itself = ended_within(pidfd, grace);
    if (!by_itself) {
      ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
      ended_within(pidfd, std::chrono::seconds(10));
    }
  }
  ::close(pidfd);
  ::waitpid(process.pid, nullptr, WNOHANG);  // when it is our child
  return by_itself;
}

void write_pid_file(const std::string& path, const ProcessId& process) {
  runtime::write_file_atomically(
      path, std::to_string(process.pid) + " " + std::to_string(process.started) + "\n", 0600);
}

std::optional<ProcessId> read_pid_file(const std::string& path) {
  std::ifstream file(path);
  ProcessId process;
  if (!(file >> process.pid >> process.started)) return std::nullopt;
  return process;
}

std::vector<ProcessId> marked_processes(const std::string& marker) {
  const std::string entry = std::string(kMarkerName) + "=" + marker;
  return processes([&](int pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    std::error_code gone;
    // Only programs of ours: a task, or a shell that started us, may have inherited the marker.
    const std::filesystem::path program = std::filesystem::read_symlink(folder + "/exe", gone);
    if (!program.filename().string().starts_with("windlass-")) return false;
    std::ifstream file(folder + "/environ", std::ios::binary);
    std::string variable;
    while (std::getline(file, variable, '\0')) {
      if (variable == entry) return true;
    }
    return false;
  });
}

std::vector<ProcessId> children_of_self() {
  const int self = ::getpid();
  return processes([&](int pid) { return parent_of(pid) == self; });
}

}  // namespace windlass::cli::dev
