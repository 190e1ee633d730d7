#include "worker/exec/launch_lane.h"

#include "worker/exec/boot_clock.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace windlass::worker::exec {

LaunchLane::LaunchLane(Launcher& launcher) : launcher_(launcher) {
  event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  // Signals are blocked by now, and the thread inherits that.
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

LaunchLane::~LaunchLane() {
  thread_.request_stop();
  thread_.join();
  close(event_);
}

void LaunchLane::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  work_.notify_one();
}

std::vector<LaunchLane::Done> LaunchLane::take() {
  std::uint64_t count = 0;
  if (read(event_, &count, sizeof(count)) < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

void LaunchLane::run(const std::stop_token& stop) {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!work_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    Done done{.key = job.request.key, .result = {}, .began = boottime_now()};
    done.result = launcher_.launch(job.request, job.join, job.mark, job.limit_processes_by_user);
    bool tell = false;
    {
      const std::lock_guard lock(mutex_);
      tell = done_.empty();
      done_.push_back(std::move(done));
    }
    const std::uint64_t one = 1;
    if (tell && write(event_, &one, sizeof(one)) < 0) return;
  }
}

}  // namespace windlass::worker::exec
