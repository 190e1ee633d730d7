// The spawner's other threads: each makes one process at a time. So a file system that does not
// answer (an executable on a dead network mount) holds up starts only, while the guard goes on
// counting leases, killing and reaping; and a maker that sleeps until its child runs the command,
// as vfork has it, leaves no processor without work.
//
// Nothing is shared with them but the queues, and each has a launcher of its own. All their
// children are the process's, so they are reaped by the guard, sometimes before their pid was said
// here.
#pragma once

#include "worker/exec/launch.h"

#include "model/time.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace windlass::worker::exec {

inline constexpr unsigned kLanesMax = 8;

class LaunchLanes {
 public:
  struct Job {
    std::uint64_t number = 0;  // the caller's, told again when it is done
    StartRequest request;
    JoinBy join;
    std::string mark;
    bool limit_processes_by_user = false;
  };
  struct Done {
    std::uint64_t number = 0;
    AttemptKey key;
    LaunchResult result;
    Now began;  // just before the process was made
  };

  // `count` is made 1 to kLanesMax. `descriptors_soft` as in Launcher.
  LaunchLanes(unsigned count, std::optional<std::uint64_t> descriptors_soft);
  ~LaunchLanes();  // waits for launches under way; a thread's end would kill the children it made
  LaunchLanes(const LaunchLanes&) = delete;
  LaunchLanes& operator=(const LaunchLanes&) = delete;

  std::size_t count() const { return threads_.size(); }
  void submit(Job job);
  int fd() const { return event_; }  // readable when take() has something
  std::vector<Done> take();          // in any order

 private:
  void run(const std::stop_token& stop, Launcher& launcher);

  int event_ = -1;
  std::mutex mutex_;
  std::condition_variable_any work_;
  std::deque<Job> jobs_;
  std::vector<Done> done_;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace windlass::worker::exec
