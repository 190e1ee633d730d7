#include "broker/forwarder.h"

#include <utility>

namespace windlass::broker {

namespace {

std::string_view to_string(UndeliverableReason reason) {
  switch (reason) {
    case UndeliverableReason::unknown:
      return "unknown";
    case UndeliverableReason::full:
      return "full";
    case UndeliverableReason::generation:
      return "generation";
  }
  return "unknown";
}

}  // namespace

Forwarder::Forwarder(ForwarderOptions options, runtime::Metrics& metrics, runtime::Log& log)
    : options_(std::move(options)),
      router_(options_.endpoints, options_.keys, options_.gate),
      log_(log),
      forwarded_(metrics.counter(runtime::metric::broker_frames, {options_.name, "forwarded"})),
      unroutable_(metrics.counter(runtime::metric::broker_frames, {options_.name, "unroutable"})),
      refused_(metrics.counter(runtime::metric::broker_frames, {options_.name, "refused"})),
      bytes_(metrics.counter(runtime::metric::broker_bytes, {options_.name})) {
  for (int kind = 0; kind < kFrameKindsTotal; ++kind) {
    by_kind_[static_cast<std::size_t>(kind)] = metrics.counter(
        runtime::metric::broker_forwarded, {bus::to_string(static_cast<FrameKind>(kind))});
  }
  for (int reason = 0; reason < 3; ++reason) {
    by_reason_[static_cast<std::size_t>(reason)] =
        metrics.counter(runtime::metric::broker_undeliverable,
                        {to_string(static_cast<UndeliverableReason>(reason))});
  }
}

std::size_t Forwarder::work(std::size_t frames_max, MonoTime now) {
  router_.serve_gate();
  std::size_t taken = 0;
  const std::uint64_t dropped_before = router_.dropped();
  while (taken < frames_max) {
    std::optional<bus::PassingFrame> frame = router_.receive();
    if (!frame) break;
    ++taken;
    if (options_.gate != nullptr && !options_.gate->admits(*frame)) {
      refused_.add();
      continue;
    }
    if (frame->envelope().generation != options_.generation) {
      give_back(*frame, UndeliverableReason::generation);
      continue;
    }
    routes_.heard(frame->from(), frame->envelope().source_kind, frame->from_link(), now);
    if (!std::holds_alternative<ToBroker>(frame->envelope().destination))
      pass_on(*frame);
    else if (frame->envelope().kind == FrameKind::broker_hello)
      on_hello(*frame, now);
    else
      refused_.add();
  }
  const std::uint64_t dropped = router_.dropped() - dropped_before;
  if (dropped > 0) refused_.add(static_cast<double>(dropped));
  return taken;
}

void Forwarder::pass_on(bus::PassingFrame& frame) {
  const Envelope& envelope = frame.envelope();
  std::optional<InstanceId> to;
  if (const auto* shard = std::get_if<ToShardOf>(&envelope.destination))
    to = routes_.owner(shard->shard);
  else if (const auto* instance = std::get_if<ToInstance>(&envelope.destination))
    to = instance->instance;
  const std::optional<std::uint32_t> link = to ? routes_.link(*to) : std::nullopt;
  if (!link) {
    give_back(frame, UndeliverableReason::unknown);
    return;
  }
  const double size = static_cast<double>(frame.bytes());
  switch (router_.pass_on(frame, *to, *link)) {
    case bus::Passed::yes:
      forwarded_.add();
      bytes_.add(size);
      by_kind_[static_cast<std::size_t>(envelope.kind)].add();
      break;
    case bus::Passed::unknown:
      give_back(frame, UndeliverableReason::unknown);
      if (routes_.gone(*to)) tell_all();
      break;
    case bus::Passed::full:
      give_back(frame, UndeliverableReason::full);
      break;
  }
}

void Forwarder::on_hello(const bus::PassingFrame& frame, MonoTime now) {
  const Result<HelloBody> hello = bus::read_hello(frame);
  if (!hello) {
    refused_.add();
    return;
  }
  // Only schedulers speak for shards.
  const bool scheduler = frame.envelope().source_kind == PeerKind::scheduler;
  if (scheduler && routes_.claim(frame.from(), *hello, now)) {
    log_.info("routes_changed", {{"road", options_.name},
                                 {"by", frame.from()},
                                 {"shards_routed", routes_.shards_routed()}});
    tell_all();
  } else {
    send_status(frame.from(), frame.from_link());
  }
}

void Forwarder::give_back(const bus::PassingFrame& frame, UndeliverableReason reason) {
  unroutable_.add();
  by_reason_[static_cast<std::size_t>(reason)].add();
  // A frame to a full peer is simply repeated by its sender; telling it would add to the load.
  if (reason == UndeliverableReason::full) return;
  // Nobody is told that what he did not ask for could not be told to him.
  if (std::holds_alternative<ToBroker>(frame.envelope().destination) &&
      reason != UndeliverableReason::generation)
    return;
  router_.send(
      envelope(FrameKind::undeliverable, frame.from()),
      bus::write_undeliverable({frame.envelope().destination, frame.envelope().kind, reason}),
      frame.from(), frame.from_link());
}

void Forwarder::send_status(InstanceId to, std::uint32_t link) {
  router_.send(envelope(FrameKind::broker_status, to), bus::write_status(routes_.status()), to,
               link);
}

void Forwarder::tell_all() {
  routes_.each_peer([&](InstanceId instance, std::uint32_t link) { send_status(instance, link); });
}

void Forwarder::close_roads() {
  std::vector<InstanceId> lost;
  routes_.each_peer([&](InstanceId instance, std::uint32_t) {
    if (!options_.gate->still_admitted(instance)) lost.push_back(instance);
  });
  bool changed = false;
  for (const InstanceId instance : lost) changed = routes_.gone(instance) || changed;
  if (!lost.empty())
    log_.warn("roads_closed", {{"road", options_.name}, {"processes", lost.size()}});
  if (changed) tell_all();
}

void Forwarder::tick(MonoTime now) {
  if (!routes_.tick(now)) return;
  log_.warn("routes_lost", {{"road", options_.name}, {"shards_routed", routes_.shards_routed()}});
  tell_all();
}

Envelope Forwarder::envelope(FrameKind kind, InstanceId to) const {
  Envelope out;
  out.generation = options_.generation;
  out.source = options_.instance;
  out.source_kind = PeerKind::broker;
  out.destination = ToInstance{to};
  out.kind = kind;
  return out;
}

}  // namespace windlass::broker
