// The spawner's second thread: it makes processes one after the other, so that a file system that
// does not answer (an executable on a dead network mount) holds up starts only. The guard goes on
// counting leases, killing and reaping.
//
// Nothing is shared with it but the launcher and the queues. All its children are the process's, so
// they are reaped by the guard, sometimes before the lane has said their pid.
#pragma once

#include "worker/exec/launch.h"

#include "model/time.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace windlass::worker::exec {

class LaunchLane {
 public:
  struct Job {
    StartRequest request;
    JoinBy join;
    std::string mark;
    bool limit_processes_by_user = false;
  };
  struct Done {
    AttemptKey key;
    LaunchResult result;
    Now began;  // just before the process was made
  };

  explicit LaunchLane(Launcher& launcher);
  ~LaunchLane();  // waits for the launch under way; its end would kill the children it has made
  LaunchLane(const LaunchLane&) = delete;
  LaunchLane& operator=(const LaunchLane&) = delete;

  void submit(Job job);
  int fd() const { return event_; }  // readable when take() has something
  std::vector<Done> take();          // in the order of submission

 private:
  void run(const std::stop_token& stop);

  Launcher& launcher_;
  int event_ = -1;
  std::mutex mutex_;
  std::condition_variable_any work_;
  std::deque<Job> jobs_;
  std::vector<Done> done_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace windlass::worker::exec
