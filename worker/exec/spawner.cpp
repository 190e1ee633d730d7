#include "worker/exec/spawner.h"

#include "worker/exec/boot_clock.h"
#include "worker/exec/process_table.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <random>
#include <system_error>

namespace windlass::worker::exec {

namespace {

constexpr std::size_t kFramesPerTurn = 64;
constexpr std::size_t kUnderWayMax = 4;  // launches handed over and not reported, for each lane
constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::uint64_t kBlockBytes = 512;  // getrusage(2)
constexpr Duration kFolderLookInterval = std::chrono::seconds(1);
// More than this unsent, and the worker is not listened to until it reads.
constexpr std::size_t kOutputBytesMax = 16U << 20;

int checked(const char* what, int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

Duration to_duration(const timeval& time) {
  return Duration{static_cast<std::int64_t>(time.tv_sec) * 10'000'000 + time.tv_usec * 10};
}

Welcome describe_self(const Containment& containment) {
  std::random_device random;
  const std::uint64_t instance = (static_cast<std::uint64_t>(random()) << 32) | random();
  return {.instance = instance, .pid = getpid(), .mechanism = containment.description()};
}

}  // namespace

Spawner::Spawner(Parts parts)
    : parts_(std::move(parts)),
      core_(parts_.limits, describe_self(*parts_.containment), boottime_now()),
      lanes_(parts_.lanes, parts_.descriptors_soft) {
  epoll_ = checked("epoll_create1", epoll_create1(EPOLL_CLOEXEC));
  sigset_t all;
  sigfillset(&all);
  signals_ = checked("signalfd", signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC));
  timer_ = checked("timerfd_create", timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  for (const int fd : {parts_.listener, signals_, timer_, lanes_.fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event));
  }
}

Spawner::~Spawner() {
  for (const int fd : {worker_, timer_, signals_, epoll_, parts_.listener}) {
    if (fd >= 0) close(fd);
  }
}

void Spawner::run() {
  std::array<epoll_event, 8> events{};
  while (!core_.finished(boottime_now())) {
    arm_timer();
    const int timeout = input_waits() ? 0 : -1;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
    if (count < 0 && errno != EINTR) checked("epoll_wait", count);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == parts_.listener) {
        accept_worker();
      } else if (fd == signals_) {
        read_signals();
      } else if (fd == timer_) {
        std::uint64_t expirations = 0;
        if (read(timer_, &expirations, sizeof(expirations)) > 0) timer_at_ = MonoTime{INT64_MAX};
      } else if (fd == lanes_.fd()) {
        take_from_lanes();
      } else if (fd == worker_) {
        read_worker();
      }
    }
    if (children_changed_) reap();
    handle_frames();
    const Now now = boottime_now();
    Effects effects;
    core_.tick(now, effects);
    carry_out(effects);
    look_for_folder(now);
    feed_lanes();
    write_worker();
  }
}

// ---- the worker's connection -------------------------------------------------------------------

void Spawner::accept_worker() {
  const int fd = accept4(parts_.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      (peer.uid != 0 && peer.uid != geteuid())) {
    parts_.log("event=connection_refused uid=" + std::to_string(peer.uid));
    close(fd);
    return;
  }
  // The newest worker is the worker: the one before has died or is about to notice.
  if (worker_ >= 0) drop_worker("replaced by a new one");
  worker_ = fd;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event));
  watched_ = event.events;
  core_.worker_connected();
  folder_look_at_ = MonoTime{INT64_MAX};
  parts_.log("event=worker_connected pid=" + std::to_string(peer.pid));
}

void Spawner::drop_worker(const std::string& why) {
  close(worker_);
  worker_ = -1;
  greeted_ = false;
  input_ = FrameReader();
  frames_left_ = false;
  output_.clear();
  output_sent_ = 0;
  watched_ = 0;
  const Now now = boottime_now();
  core_.worker_gone(now);
  folder_look_at_ = now.mono + kFolderLookInterval;
  parts_.log("event=worker_gone reason=\"" + why +
             "\" running=" + std::to_string(core_.attempts_running()) +
             " unacknowledged=" + std::to_string(core_.attempts_unacknowledged()));
}

void Spawner::read_worker() {
  if (frames_left_ || !may_read()) return;  // what it sends meanwhile waits in the socket
  static thread_local std::array<char, kReadBytes> buffer;
  const ssize_t size = recv(worker_, buffer.data(), buffer.size(), 0);
  if (size > 0) {
    input_.append({buffer.data(), static_cast<std::size_t>(size)});
    frames_left_ = true;
  } else if (size == 0) {
    drop_worker("it closed the connection");
  } else if (errno != EAGAIN && errno != EINTR) {
    drop_worker(std::generic_category().message(errno));
  }
}

bool Spawner::may_read() const {
  return output_.size() - output_sent_ < kOutputBytesMax;
}

bool Spawner::input_waits() const {
  return frames_left_ && may_read();
}

void Spawner::handle_frames() {
  if (!input_waits()) return;
  for (std::size_t i = 0; i < kFramesPerTurn; ++i) {
    const auto frame = input_.next();
    if (!frame) {
      frames_left_ = false;
      if (input_.broken()) drop_worker("a frame is too long");
      return;
    }
    const auto request = decode_request(*frame);
    if (!request) {
      drop_worker("a frame is malformed");
      return;
    }
    Effects effects;
    handle(*request, effects);
    carry_out(effects);
    if (worker_ < 0) return;
  }
}

void Spawner::handle(const Request& request, Effects& effects) {
  const Now now = boottime_now();
  if (const auto* hello = std::get_if<Hello>(&request)) {
    if (hello->version != kProtocolVersion) {
      parts_.log("event=worker_refused version=" + std::to_string(hello->version));
      // The answer says what we are; a worker of another version drains and leaves.
    }
    greeted_ = true;
    core_.hello(effects);
  } else if (!greeted_) {
    drop_worker("it did not say hello");
  } else if (const auto* s = std::get_if<StartRequest>(&request)) {
    if (core_.start(*s, now, effects)) waiting_.push_back(*s);
  } else if (const auto* k = std::get_if<KillRequest>(&request)) {
    core_.kill(*k, now, effects);
  } else if (const auto* l = std::get_if<LeaseRequest>(&request)) {
    core_.lease(*l, now, effects);
  } else if (const auto* a = std::get_if<AcknowledgeRequest>(&request)) {
    core_.acknowledge(*a);
  } else if (const auto* d = std::get_if<ShutDownRequest>(&request)) {
    parts_.log("event=shut_down running=" + std::to_string(core_.attempts_running()));
    core_.shut_down(*d, now, effects);
  }
}

void Spawner::write_worker() {
  while (worker_ >= 0 && output_sent_ < output_.size()) {
    const ssize_t sent =
        send(worker_, output_.data() + output_sent_, output_.size() - output_sent_, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      drop_worker(std::generic_category().message(errno));
      return;
    }
    output_sent_ += static_cast<std::size_t>(sent);
  }
  if (output_sent_ == output_.size()) {
    output_.clear();
    output_sent_ = 0;
  }
  if (worker_ < 0) return;
  epoll_event event{};
  event.events = (output_.empty() ? 0U : EPOLLOUT) | (may_read() ? EPOLLIN : 0U);
  event.data.fd = worker_;
  if (event.events == watched_) return;
  checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_MOD, worker_, &event));
  watched_ = event.events;
}

// ---- processes ---------------------------------------------------------------------------------

void Spawner::read_signals() {
  std::array<signalfd_siginfo, 16> infos{};
  const ssize_t size = read(signals_, infos.data(), sizeof(infos));
  if (size <= 0) return;
  const std::size_t count = static_cast<std::size_t>(size) / sizeof(signalfd_siginfo);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t signal = infos[i].ssi_signo;
    if (signal == SIGCHLD) children_changed_ = true;
    if (signal != SIGTERM) continue;  // hang-ups and interrupts are meant for the worker
    parts_.log("event=shut_down reason=SIGTERM from=" + std::to_string(infos[i].ssi_pid));
    Effects effects;
    core_.shut_down({.grace = kDefaultGrace}, boottime_now(), effects);
    carry_out(effects);
  }
}

// Only a few at a time, so that what is still here can be called off, and cgroups are taken by
// those who use them.
void Spawner::feed_lanes() {
  while (!waiting_.empty() && launches_.under_way() < kUnderWayMax * lanes_.count()) {
    StartRequest request = std::move(waiting_.front());
    waiting_.pop_front();
    std::optional<StartFailed> failed = core_.called_off(request.key);
    LaunchLanes::Job job;
    if (!failed) {
      try {
        job.join = parts_.containment->prepare(request);
      } catch (const std::exception& error) {
        failed = {.key = request.key, .failure = StartFailure::resources, .message = error.what()};
      }
    }
    if (failed) {
      Effects effects;
      core_.launch_failed(*failed, effects);
      carry_out(effects);
      continue;
    }
    job.mark = parts_.containment->mark(request.key);
    job.limit_processes_by_user = !parts_.containment->limits_processes();
    job.request = std::move(request);
    job.number = launches_.begin();
    lanes_.submit(std::move(job));
  }
}

void Spawner::take_from_lanes() {
  for (const LaunchLanes::Done& done : lanes_.take()) {
    const int pid = done.result.pid;
    const std::optional<LeaderEnd> end = launches_.reported(done.number, pid);
    Effects effects;
    if (pid == 0) {
      parts_.containment->gave_up(done.key);
      core_.launch_failed(done.result.failed, effects);
      carry_out(effects);
      continue;
    }
    parts_.containment->began(done.key, pid);
    core_.launched(done.key, pid, done.began, boottime_now(), effects);
    if (!end) {
      leaders_.emplace(pid, done.key);
      carry_out(effects);
    } else {
      // Gone already, so nothing may be sent to its number.
      parts_.containment->leader_ended(done.key);
      carry_out(effects);
      core_.leader_ended(done.key, *end, boottime_now(), effects);
      carry_out(effects);
    }
  }
}

// We are everybody's last parent, so whoever dies is reaped here: the commands' own processes, and
// what they left behind.
void Spawner::reap() {
  children_changed_ = false;
  bool orphans = false;
  while (true) {
    // Looked at before it is reaped: with it goes what /proc says of it.
    siginfo_t dead{};
    if (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) != 0 || dead.si_pid == 0) break;
    LeaderEnd end;
    if (leaders_.contains(dead.si_pid) || launches_.under_way() > 0)
      count_calls(dead.si_pid, end.usage);
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(dead.si_pid, &status, WNOHANG, &usage);
    if (pid <= 0) continue;
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.exit_code = WIFSIGNALED(status) ? 128 + end.signal : WEXITSTATUS(status);
    end.usage.user_cpu_time = to_duration(usage.ru_utime);
    end.usage.kernel_cpu_time = to_duration(usage.ru_stime);
    end.usage.read_bytes = static_cast<std::uint64_t>(usage.ru_inblock) * kBlockBytes;
    end.usage.write_bytes = static_cast<std::uint64_t>(usage.ru_oublock) * kBlockBytes;
    const auto leader = leaders_.find(pid);
    if (leader == leaders_.end()) {
      launches_.reaped(pid, end);
      parts_.containment->orphan_reaped(pid);
      orphans = true;
      continue;
    }
    const AttemptKey key = leader->second;
    leaders_.erase(leader);
    parts_.containment->leader_ended(key);
    Effects effects;
    core_.leader_ended(key, end, boottime_now(), effects);
    carry_out(effects);
  }
  if (orphans) {
    Effects effects;
    core_.orphan_reaped(effects);
    carry_out(effects);
  }
}

void Spawner::carry_out(Effects& effects) {
  for (std::size_t i = 0; i < effects.actions.size(); ++i) {  // it grows meanwhile
    const Action action = effects.actions[i];
    switch (action.kind) {
      case Action::Kind::terminate:
        parts_.containment->terminate(action.key);
        break;
      case Action::Kind::kill:
        parts_.containment->kill(action.key);
        break;
      case Action::Kind::check_empty:
        if (parts_.containment->empty(action.key)) {
          parts_.containment->over(action.key);
          core_.group_empty(action.key, effects);
        } else {
          core_.group_occupied(action.key, boottime_now(), effects);
        }
        break;
    }
  }
  if (worker_ >= 0 && greeted_) {
    for (const Reply& reply : effects.replies) {
      if (!append_frame(output_, reply)) parts_.log("event=reply_too_long");
    }
  }
  effects = {};
}

// Only ever moved to an earlier time by a system call: a wake-up too many costs less than setting
// the timer for each task.
void Spawner::arm_timer() {
  const MonoTime next =
      std::min(core_.next_deadline().value_or(MonoTime{INT64_MAX}), folder_look_at_);
  if (next >= timer_at_) return;
  timer_at_ = next;
  const std::int64_t ticks = std::max<std::int64_t>(timer_at_.ticks, 1);
  itimerspec when{};
  when.it_value.tv_sec = ticks / 10'000'000;
  when.it_value.tv_nsec = ticks % 10'000'000 * 100;
  checked("timerfd_settime", timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr));
}

// Without its folder the spawner cannot be found by any worker: nobody will renew a lease, stop a
// task or hear of an end. It ends what it runs and goes.
void Spawner::look_for_folder(Now now) {
  if (worker_ >= 0 || now.mono < folder_look_at_) return;
  folder_look_at_ = now.mono + kFolderLookInterval;
  if (!parts_.folder_gone()) return;
  parts_.log("event=shut_down reason=\"the folder is gone\"");
  folder_look_at_ = MonoTime{INT64_MAX};
  Effects effects;
  core_.shut_down({.grace = kDefaultGrace}, now, effects);
  carry_out(effects);
}

}  // namespace windlass::worker::exec
