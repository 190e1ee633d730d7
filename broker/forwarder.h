// One road through the broker: a router and what is known of who is on it. The bus and the bulk
// road are two of these, which know nothing of each other.
#pragma once

#include "broker/core/frame_switch.h"
#include "broker/gate.h"
#include "bus/router.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <array>
#include <cstdint>
#include <optional>
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

class Forwarder : private Road {
 public:
  Forwarder(ForwarderOptions options, runtime::Metrics& metrics, runtime::Log& log);

  // Takes up to `frames_max` frames and passes them on. Returns how many there were.
  std::size_t work(std::size_t frames_max, MonoTime now);

  // Lets silence have its consequences; call every kTickInterval or so.
  void tick(MonoTime now);

  // Members have lost their place: their roads are closed.
  void close_roads();

  bus::Router& router() { return router_; }
  const Routes& routes() const { return switch_.routes(); }

 private:
  PassResult pass_on(InstanceId to, std::uint32_t link) override;
  std::optional<HelloBody> hello() override;
  void say(const Envelope& envelope, const StatusBody& body, InstanceId to,
           std::uint32_t link) override;
  void say(const Envelope& envelope, const Undeliverable& body, InstanceId to,
           std::uint32_t link) override;
  void count(const FrameOutcome& outcome, FrameKind kind, std::size_t size);

  const ForwarderOptions options_;
  bus::Router router_;
  FrameSwitch switch_;
  bus::PassingFrame* passing_ = nullptr;  // the frame that the switch takes
  runtime::Log& log_;
  runtime::Counter forwarded_;
  runtime::Counter unroutable_;
  runtime::Counter refused_;
  runtime::Counter bytes_;
  std::array<runtime::Counter, kFrameKindsTotal> by_kind_;
  std::array<runtime::Counter, 3> by_reason_;
};

}  // namespace windlass::broker
