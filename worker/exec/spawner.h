// The spawner's shell: sockets, signals, clocks and processes around the decisions of
// spawner_core.h. One thread, one epoll; processes are made by lanes beside it.
#pragma once

#include "worker/exec/containment.h"
#include "worker/exec/launch_lanes.h"
#include "worker/exec/launches.h"
#include "worker/exec/spawner_core.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace windlass::worker::exec {

class Spawner {
 public:
  struct Parts {
    int listener = -1;  // bound, listening, not blocking; owned from here on
    CoreLimits limits;
    unsigned lanes = 1;                             // threads that make processes
    std::optional<std::uint64_t> descriptors_soft;  // as in Launcher
    Containment* containment = nullptr;
    std::function<void(const std::string&)> log;  // one line: event=... field=...
    std::function<bool()> folder_gone;            // so no worker will ever find us again
  };
  explicit Spawner(Parts parts);
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Until nothing is left to do. All signals must be blocked.
  void run();

 private:
  void accept_worker();
  void drop_worker(const std::string& why);
  void read_worker();
  // Handles some of the frames that are read; the rest waits for the next turn, so that ends are
  // noticed while thousands of starts are queued.
  void handle_frames();
  void handle(const Request& request, Effects& effects);
  void feed_lanes();
  void take_from_lanes();
  void read_signals();
  void reap();
  void carry_out(Effects& effects);
  void write_worker();
  void arm_timer();
  void look_for_folder(Now now);
  bool may_read() const;     // the worker takes what it is owed
  bool input_waits() const;  // and has sent more than was handled

  Parts parts_;
  SpawnerCore core_;
  int epoll_ = -1;
  int signals_ = -1;
  int timer_ = -1;
  int worker_ = -1;  // the connection; -1: none
  bool greeted_ = false;
  FrameReader input_;
  bool frames_left_ = false;  // input_ may hold a whole frame
  std::string output_;
  std::size_t output_sent_ = 0;
  std::uint32_t watched_ = 0;  // EPOLL* events of the connection
  MonoTime timer_at_{INT64_MAX};
  MonoTime folder_look_at_{INT64_MAX};  // while no worker is connected
  bool children_changed_ = false;
  std::unordered_map<int, AttemptKey> leaders_;  // by pid, not yet reaped
  LaunchLanes lanes_;
  std::deque<StartRequest> waiting_;  // for a lane
  Launches launches_;                 // handed to lanes
};

}  // namespace windlass::worker::exec
