// The broker's loop: two roads, one thread, frames in turn.
#pragma once

#include "broker/forwarder.h"
#include "runtime/metrics.h"

namespace windlass::broker {

class Loop {
 public:
  Loop(Forwarder& bus, Forwarder& bulk, runtime::Metrics& metrics, Gate* gate = nullptr);

  // Until `stop_fd` is readable.
  void run(int stop_fd);

 private:
  void tick(MonoTime now);
  void look_at_members();
  void wait(int stop_fd, MonoTime now);

  Forwarder& bus_;
  Forwarder& bulk_;
  Gate* gate_;  // null: the roads are open
  runtime::Gauge shards_routed_;
  runtime::Gauge shards_away_;
  std::array<runtime::Gauge, 3> peers_;
  MonoTime tick_at_;
};

}  // namespace windlass::broker
