// What a broker does with a frame: hear of its sender, pass it on, answer a hello, give back what
// cannot be passed on, tell everybody when roads change. Pure; frames and sockets are behind Road.
#pragma once

#include "broker/core/routes.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace windlass::broker {

enum class PassResult : std::uint8_t {
  passed,
  unknown,  // no such process is connected
  full      // its queue is full; the frame is dropped, its sender will repeat it
};

// How the switch reaches processes. One call a frame.
class Road {
 public:
  virtual ~Road() = default;
  // Hands on the frame that is being taken.
  virtual PassResult pass_on(InstanceId to, std::uint32_t link) = 0;
  // The body of the frame that is being taken; nothing when it cannot be read.
  virtual std::optional<HelloBody> hello() = 0;
  virtual void say(const Envelope& envelope, const StatusBody& body, InstanceId to,
                   std::uint32_t link) = 0;
  virtual void say(const Envelope& envelope, const Undeliverable& body, InstanceId to,
                   std::uint32_t link) = 0;
};

struct FrameOutcome {
  enum class What : std::uint8_t { passed, given_back, hello, refused };
  What what = What::refused;
  UndeliverableReason reason = UndeliverableReason::unknown;  // given_back: why
  bool roads_changed = false;
};

class FrameSwitch {
 public:
  // `instance`: the broker's own, in frames that it makes. The road outlives the switch.
  FrameSwitch(ClusterGeneration generation, InstanceId instance, Road& road)
      : generation_(generation), instance_(instance), road_(road) {}

  FrameOutcome take(InstanceId from, std::uint32_t link, const Envelope& envelope, MonoTime now);

  // Lets silence have its consequences. True: roads have changed, and everybody was told.
  bool tick(MonoTime now);

  // These processes have lost their place.
  void close(const std::vector<InstanceId>& lost);

  const Routes& routes() const { return routes_; }

 private:
  FrameOutcome pass_on(InstanceId from, std::uint32_t link, const Envelope& envelope);
  FrameOutcome on_hello(InstanceId from, std::uint32_t link, const Envelope& envelope,
                        MonoTime now);
  FrameOutcome give_back(InstanceId from, std::uint32_t link, const Envelope& envelope,
                         UndeliverableReason reason);
  void send_status(InstanceId to, std::uint32_t link);
  void tell_all();
  Envelope envelope_to(FrameKind kind, InstanceId to) const;

  const ClusterGeneration generation_;
  const InstanceId instance_;
  Road& road_;
  Routes routes_;
};

}  // namespace windlass::broker
