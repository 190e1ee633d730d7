#include "simulator/broker_process.h"

#include "schema/codec/envelope.h"

namespace windlass::simulator {

namespace {
constexpr Duration kTickInterval = std::chrono::milliseconds(250);
}  // namespace

BrokerProcess::BrokerProcess(World& world, Network& network, std::size_t broker, std::size_t place)
    : Process(world, "broker-" + std::to_string(broker), place),
      network_(network),
      broker_(broker) {}

void BrokerProcess::boot(Now) {
  switch_.emplace(ClusterGeneration{1}, world_.random.bits() | 1,
                  static_cast<broker::Road&>(*this));
  tick_at_ = {};
  network_.broker_up(broker_, *this);
}

void BrokerProcess::die() {
  network_.broker_down(broker_);
  arrived_.clear();
  switch_.reset();
}

void BrokerProcess::arrive(InstanceId from, std::uint32_t link, Frame frame) {
  arrived_.push_back({from, link, std::move(frame)});
  wake();
}

void BrokerProcess::turn(Now now) {
  while (!arrived_.empty()) {
    const Arrived arrived = std::move(arrived_.front());
    arrived_.pop_front();
    const Result<Envelope> envelope = decode_envelope(arrived.frame.envelope);
    if (!envelope || envelope->source != arrived.from) {
      world_.violated("protocol", name() + " was given a frame that it cannot read");
      continue;
    }
    passing_ = &arrived.frame;
    const broker::FrameOutcome outcome =
        switch_->take(arrived.from, arrived.link, *envelope, now.mono);
    if (outcome.roads_changed)
      tell("roads changed: " + std::to_string(switch_->routes().shards_routed()) + " shards");
  }
  if (tick_at_ <= now.mono) {
    if (switch_->tick(now.mono)) tell("roads lost");
    tick_at_ = now.mono + kTickInterval;
  }
}

std::optional<MonoTime> BrokerProcess::next_turn(Now) {
  return tick_at_;
}

broker::PassResult BrokerProcess::pass_on(InstanceId to, std::uint32_t link) {
  return network_.pass_on(broker_, to, link, *passing_);
}

std::optional<HelloBody> BrokerProcess::hello() {
  Result<HelloBody> hello = decode_hello_body(passing_->body);
  if (!hello) return std::nullopt;
  return std::move(*hello);
}

void BrokerProcess::say(const Envelope& envelope, const StatusBody& body, InstanceId to,
                        std::uint32_t link) {
  network_.pass_on(broker_, to, link, Frame{encode(envelope), encode(body)});
}

void BrokerProcess::say(const Envelope& envelope, const Undeliverable& body, InstanceId to,
                        std::uint32_t link) {
  network_.pass_on(broker_, to, link, Frame{encode(envelope), encode(body)});
}

}  // namespace windlass::simulator
