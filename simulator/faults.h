// Trouble of processes, links and clocks, each kind as often as the options say. The network's own
// (loss, delay, repetition) and the disks' are where frames and commits are.
#pragma once

#include "simulator/network.h"
#include "simulator/scheduler_process.h"
#include "simulator/worker_process.h"

#include <functional>
#include <vector>

namespace windlass::simulator {

class Faults {
 public:
  struct Victims {
    std::vector<Process*> processes;       // all of them
    std::vector<std::size_t> link_places;  // of those that have links to brokers
    std::vector<SchedulerProcess*> schedulers;
    std::vector<WorkerProcess*> workers;
  };

  Faults(World& world, Network& network, Victims victims);

  void begin();

 private:
  void plan(Duration every, std::function<void()> fault);
  void cut();
  void partition();
  void fade();

  template <class List>
  auto& one_of(List& list) {
    return list[static_cast<std::size_t>(
        random_.between(0, static_cast<std::int64_t>(list.size()) - 1))];
  }

  World& world_;
  Network& network_;
  Victims victims_;
  Random random_;
};

}  // namespace windlass::simulator
