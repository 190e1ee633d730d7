#include "worker/exec/launch_lanes.h"

#include "worker/exec/boot_clock.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace windlass::worker::exec {

LaunchLanes::LaunchLanes(unsigned count, std::optional<std::uint64_t> descriptors_soft) {
  event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  // Signals are blocked by now, and the threads inherit that.
  for (unsigned lane = std::clamp(count, 1U, kLanesMax); lane > 0; --lane) {
    threads_.emplace_back([this, launcher = std::make_unique<Launcher>(descriptors_soft)](
                              const std::stop_token& stop) { run(stop, *launcher); });
  }
}

LaunchLanes::~LaunchLanes() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  close(event_);
}

void LaunchLanes::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  work_.notify_one();
}

std::vector<LaunchLanes::Done> LaunchLanes::take() {
  std::uint64_t count = 0;
  if (read(event_, &count, sizeof(count)) < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

void LaunchLanes::run(const std::stop_token& stop, Launcher& launcher) {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!work_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    Done done{.number = job.number, .key = job.request.key, .result = {}, .began = boottime_now()};
    done.result = launcher.launch(job.request, job.join, job.mark, job.limit_processes_by_user);
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
