// A broker: the production's switch of frames over simulated links.
#pragma once

#include "broker/core/frame_switch.h"
#include "simulator/network.h"
#include "simulator/process.h"

#include <deque>
#include <optional>

namespace windlass::simulator {

class BrokerProcess final : public Process, private FrameReceiver, private broker::Road {
 public:
  BrokerProcess(World& world, Network& network, std::size_t broker, std::size_t place);

 private:
  struct Arrived {
    InstanceId from = 0;
    std::uint32_t link = 0;
    Frame frame;
  };

  void boot(Now now) override;
  void turn(Now now) override;
  void die() override;
  std::optional<MonoTime> next_turn(Now now) override;

  void arrive(InstanceId from, std::uint32_t link, Frame frame) override;

  broker::PassResult pass_on(InstanceId to, std::uint32_t link) override;
  std::optional<HelloBody> hello() override;
  void say(const Envelope& envelope, const StatusBody& body, InstanceId to,
           std::uint32_t link) override;
  void say(const Envelope& envelope, const Undeliverable& body, InstanceId to,
           std::uint32_t link) override;

  Network& network_;
  const std::size_t broker_;
  std::optional<broker::FrameSwitch> switch_;
  std::deque<Arrived> arrived_;
  const Frame* passing_ = nullptr;
  MonoTime tick_at_{};
};

}  // namespace windlass::simulator
