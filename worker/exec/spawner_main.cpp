#include "worker/exec/spawner_main.h"

#include "worker/exec/boot_clock.h"
#include "worker/exec/small_file.h"
#include "worker/exec/spawner.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace windlass::worker::exec {

namespace {

// A lane sleeps most of the time: until the child that it made runs the command.
constexpr unsigned kLanesForAProcessor = 2;

constexpr const char* kSocketName = "spawner.sock";
constexpr const char* kLockName = "spawner.lock";
constexpr const char* kRecordName = "spawner.cgroup";
constexpr Duration kClearLongest = std::chrono::seconds(60);

struct Arguments {
  std::string folder;
  std::string cgroups = "auto";
  std::int64_t idle_exit_seconds = 60;
  bool foreground = false;
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::generic_category().message(error));
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  const auto value = [&](int& i) -> std::string {
    if (i + 1 >= argc) throw std::runtime_error(std::string(argv[i]) + " wants a value");
    return argv[++i];
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--spawner") continue;
    if (flag == "--folder") {
      arguments.folder = value(i);
    } else if (flag == "--cgroups") {
      arguments.cgroups = value(i);
    } else if (flag == "--idle-exit-seconds") {
      arguments.idle_exit_seconds = std::stoll(value(i));
    } else if (flag == "--foreground") {
      arguments.foreground = true;
    } else {
      throw std::runtime_error("unknown flag " + std::string(flag));
    }
  }
  if (arguments.folder.empty()) throw std::runtime_error("--folder is missing");
  return arguments;
}

// One line on stderr, which is the folder's spawner.log unless in the foreground.
void log_line(const std::string& text) {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
  const std::string line = std::string("ts=") + stamp +
                           " role=spawner pid=" + std::to_string(getpid()) + ' ' + text + '\n';
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nobody left to tell
}

// Names cgroups and marks of this folder, wherever it is mounted.
std::string folder_mark() {
  struct stat info {};
  if (stat(".", &info) != 0) fail("stat", errno);
  char text[40];
  std::snprintf(text, sizeof(text), "%llx-%llx", static_cast<unsigned long long>(info.st_dev),
                static_cast<unsigned long long>(info.st_ino));
  return text;
}

// Nobody but us removes the lock, unless the whole folder goes.
bool folder_gone() {
  struct stat info {};
  return stat(kLockName, &info) != 0 && errno == ENOENT;
}

// Held for life by the open file. False: another spawner lives.
bool take_lock() {
  const int fd = open(kLockName, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail(kLockName, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    fail(kLockName, errno);
  }
  const std::string pid = std::to_string(getpid()) + '\n';
  if (ftruncate(fd, 0) != 0 || write(fd, pid.data(), pid.size()) < 0) fail(kLockName, errno);
  return true;
}

int listen_here() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket", errno);
  // Relative to the folder: whole paths may be longer than an address takes.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", kSocketName);
  unlink(kSocketName);
  const mode_t before = umask(0177);
  const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  umask(before);
  if (bound != 0) fail(kSocketName, error);
  if (listen(fd, 16) != 0) fail("listen", errno);
  return fd;
}

// What a spawner that was killed could not take along: processes that left their parents. Nothing
// is started, and nobody is answered, before they are gone.
void clear_leftovers(const std::string& mark) {
  const Now start = boottime_now();
  // The record is ours, but it decides what gets killed: it must name a folder of our making.
  std::string cgroup = read_small_file(kRecordName).value_or("");
  while (!cgroup.empty() && cgroup.back() == '\n') cgroup.pop_back();
  const bool ours = cgroup.starts_with('/') && cgroup.ends_with("/windlass-" + mark) &&
                    cgroup.find("/../") == std::string::npos;
  bool said = false;
  while (true) {
    const bool cgroup_clear = !ours || clear_cgroups(cgroup);
    const bool marks_clear = clear_marked(mark);
    if (cgroup_clear && marks_clear) break;
    if (!said) log_line("event=leftovers_killed");
    said = true;
    if (boottime_now().mono - start.mono > kClearLongest) {
      log_line("event=leftovers_remain level=error hint=\"processes that cannot be killed\"");
      break;
    }
    usleep(5000);
  }
}

void write_record(const std::string& content) {
  const std::string line = content + '\n';
  const int fd = open(kRecordName, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) fail(kRecordName, errno);
  const bool written = write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  close(fd);
  if (!written) fail(kRecordName, EIO);
}

// Each running attempt costs descriptors here, none of which tasks see.
std::optional<std::uint64_t> raise_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) {
    return std::nullopt;
  }
  const std::uint64_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return before;
}

void calm_signals() {
  // By system call: glibc refuses two numbers that it uses itself, which tasks would inherit as
  // ignored from whoever started the worker. All zero is the default action in the kernel's layout.
  const std::array<std::uint64_t, 4> default_action{};
  for (int signal = 1; signal < NSIG; ++signal) {
    syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr, sizeof(std::uint64_t));
  }
  sigset_t all;
  sigfillset(&all);
  // Faults must not be blocked: the kernel would still end us, but sanitizers could not say why.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fault);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

int serve(const Arguments& arguments) {
  if (chdir(arguments.folder.c_str()) != 0) fail(arguments.folder, errno);
  if (!take_lock()) return 0;
  calm_signals();
  umask(022);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("PR_SET_CHILD_SUBREAPER", errno);
  const std::string mark = folder_mark();
  clear_leftovers(mark);

  const std::optional<std::uint64_t> descriptors_soft = raise_descriptors();
  Launcher launcher(descriptors_soft);  // tries whether cgroups can be joined
  std::string why_not;
  std::unique_ptr<Cgroups> cgroups =
      Cgroups::open(arguments.cgroups, "windlass-" + mark, launcher, why_not);
  write_record(cgroups ? cgroups->path() : "none");
  std::unique_ptr<Containment> containment;
  if (cgroups) {
    containment = std::make_unique<CgroupContainment>(std::move(cgroups));
  } else {
    containment = std::make_unique<DescentContainment>(why_not, mark);
  }
  log_line("event=spawner_started containment=\"" + containment->description() + '"');

  CoreLimits limits;
  limits.idle_exit = std::chrono::seconds(arguments.idle_exit_seconds);
  Spawner spawner({.listener = listen_here(),
                   .limits = limits,
                   .lanes = kLanesForAProcessor * std::thread::hardware_concurrency(),
                   .descriptors_soft = descriptors_soft,
                   .containment = containment.get(),
                   .log = log_line,
                   .folder_gone = folder_gone});
  // Last, because it closes /proc/self to a spawner that is not root: tasks that run as the same
  // user must not look into this process or steer it.
  prctl(PR_SET_DUMPABLE, 0);
  spawner.run();
  unlink(kSocketName);
  containment.reset();
  log_line("event=spawner_ended");
  return 0;
}

}  // namespace

int spawner_main(int argc, char** argv) {
  try {
    const Arguments arguments = parse(argc, argv);
    // Whatever the one who launched us had open is not ours, nor the tasks'.
    syscall(SYS_close_range, 3U, UINT_MAX, 0);
    prctl(PR_SET_NAME, "windlass-spawn");  // to be told from the worker, whose program it is
    if (!arguments.foreground) {
      const pid_t child = fork();  // small and alone: this is still the first thing that happens
      if (child < 0) fail("fork", errno);
      if (child > 0) _exit(0);
      setsid();
    }
    const int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) fail("/dev/null", errno);
    if (null != STDIN_FILENO) close(null);
    return serve(arguments);
  } catch (const std::exception& error) {
    log_line("event=spawner_failed level=error error=\"" + std::string(error.what()) + '"');
    return 1;
  }
}

}  // namespace windlass::worker::exec
