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
      switch_(options_.generation, options_.instance, *this),
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
    passing_ = &*frame;
    const std::size_t size = frame->bytes();
    const FrameOutcome outcome =
        switch_.take(frame->from(), frame->from_link(), frame->envelope(), now);
    count(outcome, frame->envelope().kind, size);
    if (outcome.what == FrameOutcome::What::hello && outcome.roads_changed) {
      log_.info("routes_changed", {{"road", options_.name},
                                   {"by", frame->from()},
                                   {"shards_routed", routes().shards_routed()}});
    }
  }
  const std::uint64_t dropped = router_.dropped() - dropped_before;
  if (dropped > 0) refused_.add(static_cast<double>(dropped));
  return taken;
}

void Forwarder::count(const FrameOutcome& outcome, FrameKind kind, std::size_t size) {
  switch (outcome.what) {
    case FrameOutcome::What::passed:
      forwarded_.add();
      bytes_.add(static_cast<double>(size));
      by_kind_[static_cast<std::size_t>(kind)].add();
      break;
    case FrameOutcome::What::given_back:
      unroutable_.add();
      by_reason_[static_cast<std::size_t>(outcome.reason)].add();
      break;
    case FrameOutcome::What::refused:
      refused_.add();
      break;
    case FrameOutcome::What::hello:
      break;
  }
}

PassResult Forwarder::pass_on(InstanceId to, std::uint32_t link) {
  switch (router_.pass_on(*passing_, to, link)) {
    case bus::Passed::yes:
      return PassResult::passed;
    case bus::Passed::full:
      return PassResult::full;
    case bus::Passed::unknown:
      break;
  }
  return PassResult::unknown;
}

std::optional<HelloBody> Forwarder::hello() {
  Result<HelloBody> hello = bus::read_hello(*passing_);
  if (!hello) return std::nullopt;
  return std::move(*hello);
}

void Forwarder::say(const Envelope& envelope, const StatusBody& body, InstanceId to,
                    std::uint32_t link) {
  router_.send(envelope, bus::write_status(body), to, link);
}

void Forwarder::say(const Envelope& envelope, const Undeliverable& body, InstanceId to,
                    std::uint32_t link) {
  router_.send(envelope, bus::write_undeliverable(body), to, link);
}

void Forwarder::close_roads() {
  std::vector<InstanceId> lost;
  routes().each_peer([&](InstanceId instance, std::uint32_t) {
    if (!options_.gate->still_admitted(instance)) lost.push_back(instance);
  });
  switch_.close(lost);
  if (!lost.empty())
    log_.warn("roads_closed", {{"road", options_.name}, {"processes", lost.size()}});
}

void Forwarder::tick(MonoTime now) {
  if (!switch_.tick(now)) return;
  log_.warn("routes_lost", {{"road", options_.name}, {"shards_routed", routes().shards_routed()}});
}

}  // namespace windlass::broker
