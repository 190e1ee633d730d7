#include "worker/exec/launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

// The child runs on memory it shares with its suspended parent. The sanitizers' bookkeeping knows
// nothing of that, so they stay out.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WINDLASS_IN_CHILD __attribute__((no_sanitize("address", "undefined", "thread")))
#else
#define WINDLASS_IN_CHILD
#endif

namespace windlass::worker::exec {

namespace {

constexpr std::size_t kStackBytes = 256U << 10;
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

enum class Step : std::uint8_t {
  join,
  descriptors,
  stdout_file,
  stderr_file,
  limits,
  user,
  folder,
  guard,
  program
};

// Everything the child needs, made before it exists: it may not allocate.
struct Plan {
  const char* const* argv = nullptr;
  const char* const* envp = nullptr;
  const char* const* candidates = nullptr;  // paths to try, in order, ended by null
  const char* folder = nullptr;
  const char* stdout_path = nullptr;
  const char* stderr_path = nullptr;  // null: the same file as stdout
  const TaskUser* user = nullptr;     // null: stays
  const ResourceLimit* limits = nullptr;
  std::size_t limit_count = 0;
  int tasks_fd = -1;
  bool no_new_privileges = true;
  pid_t spawner = 0;
  bool only_join = false;

  // Written by the child.
  Step failed_step = Step::join;
  int error = 0;
  bool program_seen = false;  // some candidate exists, so it is not "not found"
};

// Straight system calls: glibc's wrappers of set*id talk to other threads' descriptors, and some
// wrappers are intercepted by sanitizers.
template <class... Arguments>
WINDLASS_IN_CHILD long sys(long number, Arguments... arguments) {
  return syscall(number, arguments...);
}

WINDLASS_IN_CHILD int fail(Plan& plan, Step step) {
  plan.failed_step = step;
  plan.error = errno != 0 ? errno : EIO;
  return 127;
}

// Opens an output file as descriptor `fd` (which is closed and the lowest free one). The folder may
// belong to the task's user, who may have put anything there: symbolic links are not followed, and
// what is not a plain file of one name is removed instead of written to.
WINDLASS_IN_CHILD bool open_output(const char* path, int fd, const TaskUser* user) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  for (int round = 0; round < 2; ++round) {
    const int flags = round == 0 ? kFlags : kFlags | O_EXCL;
    const long opened = sys(SYS_openat, AT_FDCWD, path, flags, 0644);
    struct stat info {};
    if (opened == fd && sys(SYS_fstat, fd, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_nlink == 1) {
      if (info.st_size > 0 && sys(SYS_ftruncate, fd, 0L) != 0) return false;
      if (user != nullptr && (info.st_uid != user->uid || info.st_gid != user->gid) &&
          sys(SYS_fchown, fd, user->uid, user->gid) != 0) {
        return false;
      }
      return sys(SYS_fcntl, fd, F_SETFL, 0) == 0;  // O_NONBLOCK was for a planted fifo only
    }
    if (opened < 0 && errno != ELOOP && errno != ENXIO) return false;
    if (opened >= 0) sys(SYS_close, opened);
    if (round > 0) break;
    if (sys(SYS_unlinkat, AT_FDCWD, path, 0) != 0 && errno != ENOENT) return false;
  }
  if (errno == 0) errno = EEXIST;
  return false;
}

WINDLASS_IN_CHILD int run_child(Plan& plan) {
  if (plan.tasks_fd >= 0 && sys(SYS_write, plan.tasks_fd, "0", 1UL) != 1) {
    return fail(plan, Step::join);
  }
  if (plan.only_join) return 0;

  // A table of our own with three descriptors: the spawner's was shared until here, so that a
  // spawner with thousands of them pays nothing for copies.
  if (sys(SYS_close_range, 3U, UINT_MAX, CLOSE_RANGE_UNSHARE) != 0) {
    return fail(plan, Step::descriptors);
  }
  sys(SYS_setsid);
  sys(SYS_close, 1);
  if (!open_output(plan.stdout_path, 1, plan.user)) return fail(plan, Step::stdout_file);
  sys(SYS_close, 2);
  if (plan.stderr_path == nullptr) {
    if (sys(SYS_dup, 1) != 2) return fail(plan, Step::stderr_file);
  } else if (!open_output(plan.stderr_path, 2, plan.user)) {
    return fail(plan, Step::stderr_file);
  }

  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    const ResourceLimit& limit = plan.limits[i];
    const struct rlimit64 value { limit.soft, limit.hard };
    if (sys(SYS_prlimit64, 0, limit.resource, &value, nullptr) != 0) {
      return fail(plan, Step::limits);
    }
  }
  if (plan.user != nullptr) {
    const TaskUser& user = *plan.user;
    if (sys(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 ||
        sys(SYS_setresgid, user.gid, user.gid, user.gid) != 0 ||
        sys(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
      return fail(plan, Step::user);
    }
  }
  if (sys(SYS_chdir, plan.folder) != 0) return fail(plan, Step::folder);
  if (plan.no_new_privileges && sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) {
    return fail(plan, Step::guard);
  }
  if (sys(SYS_prctl, PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L) != 0) {
    return fail(plan, Step::guard);
  }
  if (sys(SYS_getppid) != plan.spawner) return fail(plan, Step::guard);  // it died meanwhile

  const std::uint64_t no_signals = 0;
  sys(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof(no_signals));
  // As execvp: go on where the name is not there, remember where it may not be run.
  int error = ENOENT;
  for (const char* const* path = plan.candidates; *path != nullptr; ++path) {
    sys(SYS_execve, *path, plan.argv, plan.envp);
    const int now = errno;
    if (now == ENOENT || now == ENOTDIR) {
      // A script whose interpreter is missing says ENOENT too, yet the program was found.
      if (sys(SYS_faccessat, AT_FDCWD, *path, F_OK) == 0) plan.program_seen = true;
      continue;
    }
    plan.program_seen = true;
    error = now;
    if (now != EACCES) break;
  }
  errno = error;
  return fail(plan, Step::program);
}

// Both return the pid, or -1 with errno. The caller runs on when the child has begun the command or
// ended.
constexpr int kCloneFlags = CLONE_VM | CLONE_VFORK | CLONE_FILES;

WINDLASS_IN_CHILD int run_child_of(void* plan) {
  return run_child(*static_cast<Plan*>(plan));
}

long clone_plainly(void* stack, Plan& plan) {
  return clone(run_child_of, static_cast<char*>(stack) + kStackBytes, kCloneFlags | SIGCHLD, &plan);
}

// clone3, for a birth inside a cgroup. glibc has no call for it, and syscall() cannot be used: the
// child needs another stack than the one its parent sleeps on.
long clone_into([[maybe_unused]] clone_args& arguments, [[maybe_unused]] Plan& plan) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  register void* child_plan __asm__("r12") = &plan;
  register int (*child_function)(Plan&) __asm__("r13") = run_child;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r12, %%rdi\n\t"
      "call *%%r13\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit_number], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof(arguments)), "r"(child_plan),
        "r"(child_function), [exit_number] "i"(SYS_exit)
      : "rcx", "r11", "memory", "cc");
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
#else
  errno = ENOSYS;
  return -1;
#endif
}

// The plain call where it does: container engines refuse the other one, whose arguments their
// filters cannot see. But ThreadSanitizer takes it for a fork, and from then on no longer sees the
// locks of the thread that called, whose memory the child shares.
#if defined(__SANITIZE_THREAD__)
constexpr bool kPlainClone = false;
#else
constexpr bool kPlainClone = true;
#endif

long make_child(void* stack, int cgroup_fd, Plan& plan) {
  const bool into_cgroup = cgroup_fd >= 0;
  if (!into_cgroup && kPlainClone) return clone_plainly(stack, plan);
  clone_args arguments{};
  arguments.flags = kCloneFlags | (into_cgroup ? CLONE_INTO_CGROUP : 0);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uint64_t>(stack);
  arguments.stack_size = kStackBytes;
  if (into_cgroup) arguments.cgroup = static_cast<std::uint64_t>(cgroup_fd);
  return clone_into(arguments, plan);
}

std::vector<std::string> program_paths(const StartRequest& request) {
  const std::string& name = request.arguments[0];
  if (name.find('/') != std::string::npos) return {name};
  std::string_view search = kDefaultPath;
  for (const std::string& entry : request.environment) {
    if (entry.starts_with("PATH=")) search = std::string_view(entry).substr(5);
  }
  std::vector<std::string> paths;
  while (true) {
    const std::size_t colon = search.find(':');
    const std::string_view folder = search.substr(0, colon);
    paths.push_back(folder.empty() ? name : std::string(folder) + '/' + name);
    if (colon == std::string_view::npos) return paths;
    search.remove_prefix(colon + 1);
  }
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  result.reserve(texts.size() + 2);
  for (const std::string& text : texts) result.push_back(text.c_str());
  return result;
}

bool holds_nul(const StartRequest& request) {
  const auto bad = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& text : request.arguments) {
    if (bad(text)) return true;
  }
  for (const std::string& text : request.environment) {
    if (bad(text)) return true;
  }
  return bad(request.working_folder) || bad(request.stdout_path) || bad(request.stderr_path);
}

std::string explain(int error, const std::string& what) {
  return what + ": " + std::generic_category().message(error);
}

StartFailed describe(const StartRequest& request, const Plan& plan) {
  StartFailed failed{.key = request.key, .error_number = plan.error};
  switch (plan.failed_step) {
    case Step::join:
      failed.failure = StartFailure::resources;
      failed.message = explain(plan.error, "cannot enter the cgroup");
      break;
    case Step::descriptors:
      failed.failure = StartFailure::resources;
      failed.message = explain(plan.error, "cannot close descriptors");
      break;
    case Step::stdout_file:
      failed.failure = StartFailure::output_file;
      failed.message = explain(plan.error, request.stdout_path);
      break;
    case Step::stderr_file:
      failed.failure = StartFailure::output_file;
      failed.message = explain(plan.error, request.stderr_path);
      break;
    case Step::limits:
      failed.failure = StartFailure::refused;
      failed.message = explain(plan.error, "cannot set a resource limit");
      break;
    case Step::user:
      failed.failure = StartFailure::user;
      failed.message = explain(
          plan.error, "cannot become user " + std::to_string(request.user ? request.user->uid : 0));
      break;
    case Step::folder:
      failed.failure = StartFailure::working_folder;
      failed.message = explain(plan.error, request.working_folder);
      break;
    case Step::guard:
      failed.failure = StartFailure::resources;
      failed.message = explain(plan.error, "cannot put the process under guard");
      break;
    case Step::program:
      failed.failure =
          plan.program_seen ? StartFailure::not_executable : StartFailure::program_not_found;
      if (plan.error == EAGAIN || plan.error == ENOMEM) failed.failure = StartFailure::resources;
      failed.message = explain(plan.error, request.arguments[0]);
      break;
  }
  return failed;
}

}  // namespace

Launcher::Launcher(std::optional<std::uint64_t> descriptors_soft)
    : descriptors_soft_(descriptors_soft) {
  void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory for the stack of new processes");
  stack_ = memory;
}

Launcher::~Launcher() {
  munmap(stack_, kStackBytes);
}

LaunchResult Launcher::launch(const StartRequest& request, JoinBy join, const std::string& mark,
                              bool limit_processes_by_user) {
  LaunchResult result;
  if (holds_nul(request)) {
    result.failed = {.key = request.key,
                     .failure = StartFailure::refused,
                     .error_number = EINVAL,
                     .message = "The command line or the environment holds a NUL character."};
    return result;
  }
  const std::vector<std::string> paths = program_paths(request);
  std::vector<const char*> candidates = pointers(paths);
  candidates.push_back(nullptr);
  std::vector<const char*> argv = pointers(request.arguments);
  argv.push_back(nullptr);
  std::vector<const char*> envp = pointers(request.environment);
  if (!mark.empty()) envp.push_back(mark.c_str());
  envp.push_back(nullptr);

  std::vector<ResourceLimit> limits;
  if (descriptors_soft_) {
    struct rlimit own {};
    getrlimit(RLIMIT_NOFILE, &own);
    limits.push_back({RLIMIT_NOFILE, *descriptors_soft_, own.rlim_max});
  }
  if (limit_processes_by_user && request.processes_max > 0) {
    struct rlimit own {};
    getrlimit(RLIMIT_NPROC, &own);
    const std::uint64_t wanted = request.processes_max;
    const std::uint64_t allowed = wanted < own.rlim_max ? wanted : own.rlim_max;
    limits.push_back({RLIMIT_NPROC, allowed, allowed});
  }
  limits.insert(limits.end(), request.limits.begin(), request.limits.end());

  Plan plan{.argv = argv.data(),
            .envp = envp.data(),
            .candidates = candidates.data(),
            .folder = request.working_folder.c_str(),
            .stdout_path = request.stdout_path.c_str(),
            .limits = limits.data(),
            .limit_count = limits.size(),
            .tasks_fd = join.tasks_fd,
            .no_new_privileges = request.no_new_privileges,
            .spawner = getpid()};
  if (request.stderr_path != request.stdout_path) plan.stderr_path = request.stderr_path.c_str();
  // A spawner that is not root runs tasks as itself; the user is then a mistake unless it is that.
  const bool same_user = request.user && geteuid() != 0 && request.user->uid == geteuid();
  if (request.user && !same_user) plan.user = &*request.user;

  const long pid = make_child(stack_, join.cgroup_fd, plan);
  if (pid < 0) {
    const int error = errno;
    result.failed = {.key = request.key,
                     .failure = StartFailure::resources,
                     .error_number = error,
                     .message = explain(error, "cannot make a process")};
    return result;
  }
  if (plan.error != 0) {
    waitpid(static_cast<pid_t>(pid), nullptr, 0);
    result.failed = describe(request, plan);
    return result;
  }
  result.pid = static_cast<int>(pid);
  return result;
}

int Launcher::try_to_join(JoinBy join) {
  Plan plan{.tasks_fd = join.tasks_fd, .only_join = true};
  const long pid = make_child(stack_, join.cgroup_fd, plan);
  if (pid < 0) return errno;
  int status = 0;
  waitpid(static_cast<pid_t>(pid), &status, 0);
  if (plan.error == 0 && status != 0) return ECANCELED;  // killed at birth
  return plan.error;
}

}  // namespace windlass::worker::exec
