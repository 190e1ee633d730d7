#include "broker/core/frame_switch.h"

#include <variant>

namespace windlass::broker {

FrameOutcome FrameSwitch::take(InstanceId from, std::uint32_t link, const Envelope& envelope,
                               MonoTime now) {
  if (envelope.generation != generation_)
    return give_back(from, link, envelope, UndeliverableReason::generation);
  routes_.heard(from, envelope.source_kind, link, now);
  if (!std::holds_alternative<ToBroker>(envelope.destination)) return pass_on(from, link, envelope);
  if (envelope.kind == FrameKind::broker_hello) return on_hello(from, link, envelope, now);
  return {};
}

FrameOutcome FrameSwitch::pass_on(InstanceId from, std::uint32_t from_link,
                                  const Envelope& envelope) {
  std::optional<InstanceId> to;
  if (const auto* shard = std::get_if<ToShardOf>(&envelope.destination))
    to = routes_.owner(shard->shard);
  else if (const auto* instance = std::get_if<ToInstance>(&envelope.destination))
    to = instance->instance;
  const std::optional<std::uint32_t> link = to ? routes_.link(*to) : std::nullopt;
  if (!link) return give_back(from, from_link, envelope, UndeliverableReason::unknown);
  switch (road_.pass_on(*to, *link)) {
    case PassResult::passed:
      return {.what = FrameOutcome::What::passed};
    case PassResult::full:
      return give_back(from, from_link, envelope, UndeliverableReason::full);
    case PassResult::unknown:
      break;
  }
  FrameOutcome outcome = give_back(from, from_link, envelope, UndeliverableReason::unknown);
  outcome.roads_changed = routes_.gone(*to);
  if (outcome.roads_changed) tell_all();
  return outcome;
}

FrameOutcome FrameSwitch::on_hello(InstanceId from, std::uint32_t link, const Envelope& envelope,
                                   MonoTime now) {
  const std::optional<HelloBody> hello = road_.hello();
  if (!hello) return {};
  // Only schedulers speak for shards.
  const bool scheduler = envelope.source_kind == PeerKind::scheduler;
  const bool changed = scheduler && routes_.claim(from, *hello, now);
  if (changed)
    tell_all();
  else
    send_status(from, link);
  return {.what = FrameOutcome::What::hello, .roads_changed = changed};
}

FrameOutcome FrameSwitch::give_back(InstanceId from, std::uint32_t link, const Envelope& envelope,
                                    UndeliverableReason reason) {
  const FrameOutcome outcome{.what = FrameOutcome::What::given_back, .reason = reason};
  // A frame to a full peer is simply repeated by its sender; telling it would add to the load.
  if (reason == UndeliverableReason::full) return outcome;
  // Nobody is told that what he did not ask for could not be told to him.
  if (std::holds_alternative<ToBroker>(envelope.destination) &&
      reason != UndeliverableReason::generation)
    return outcome;
  road_.say(envelope_to(FrameKind::undeliverable, from),
            Undeliverable{envelope.destination, envelope.kind, reason}, from, link);
  return outcome;
}

bool FrameSwitch::tick(MonoTime now) {
  if (!routes_.tick(now)) return false;
  tell_all();
  return true;
}

void FrameSwitch::close(const std::vector<InstanceId>& lost) {
  bool changed = false;
  for (const InstanceId instance : lost) changed = routes_.gone(instance) || changed;
  if (changed) tell_all();
}

void FrameSwitch::send_status(InstanceId to, std::uint32_t link) {
  road_.say(envelope_to(FrameKind::broker_status, to), routes_.status(), to, link);
}

void FrameSwitch::tell_all() {
  routes_.each_peer([&](InstanceId instance, std::uint32_t link) { send_status(instance, link); });
}

Envelope FrameSwitch::envelope_to(FrameKind kind, InstanceId to) const {
  Envelope out;
  out.generation = generation_;
  out.source = instance_;
  out.source_kind = PeerKind::broker;
  out.destination = ToInstance{to};
  out.kind = kind;
  return out;
}

}  // namespace windlass::broker
