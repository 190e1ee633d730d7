// One road through the broker: a router and what is known of who is on it. The bus and the bulk
// road are two of these, which know nothing of each other.
#pragma once

#include "broker/core/routes.h"
#include "broker/gate.h"
#include "bus/router.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace windlass::broker {

struct ForwarderOptions {
  std::string name;  // "bus" or "bulk", in metrics and log
  std::vector<std::string> endpoints;
  bus::RouterKeys keys;
  Gate* gate = nullptr;  // with keys; outlives the forwarder
  ClusterGeneration generation = 1;
  InstanceId instance = 0;  // the broker's own, in frames that it makes
};

class Forwarder {
 public:
  Forwarder(ForwarderOptions options, runtime::Metrics& metrics, runtime::Log& log);

  // Takes up to `frames_max` frames and passes them on. Returns how many there were.
  std::size_t work(std::size_t frames_max, MonoTime now);

  // Lets silence have its consequences; call every kTickInterval or so.
  void tick(MonoTime now);

  // Members have lost their place: their roads are closed.
  void close_roads();

  bus::Router& router() { return router_; }
  const Routes& routes() const { return routes_; }

 private:
  void pass_on(bus::PassingFrame& frame);
  void on_hello(const bus::PassingFrame& frame, MonoTime now);
  void give_back(const bus::PassingFrame& frame, UndeliverableReason reason);
  void send_status(InstanceId to, std::uint32_t link);
  void tell_all();
  Envelope envelope(FrameKind kind, InstanceId to) const;

  const ForwarderOptions options_;
  bus::Router router_;
  Routes routes_;
  runtime::Log& log_;
  runtime::Counter forwarded_;
  runtime::Counter unroutable_;
  runtime::Counter refused_;
  runtime::Counter bytes_;
  std::array<runtime::Counter, kFrameKindsTotal> by_kind_;
  std::array<runtime::Counter, 3> by_reason_;
};

}  // namespace windlass::broker
