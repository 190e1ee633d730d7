#include "broker/loop.h"

#include "runtime/clock.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace windlass::broker {

namespace {

constexpr Duration kTickInterval = std::chrono::milliseconds(250);

// In one turn. The bus has the right of way: chunks of files wait behind leases and reports, not
// the other way round.
constexpr std::size_t kBusFramesInTurn = 256;
constexpr std::size_t kBulkFramesInTurn = 16;

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

}  // namespace

Loop::Loop(Forwarder& bus, Forwarder& bulk, runtime::Metrics& metrics, Gate* gate)
    : bus_(bus),
      bulk_(bulk),
      gate_(gate),
      shards_routed_(metrics.gauge(runtime::metric::broker_shards, {"routed"})),
      shards_away_(metrics.gauge(runtime::metric::broker_shards, {"away"})),
      peers_{metrics.gauge(runtime::metric::broker_peers, {"gateway"}),
             metrics.gauge(runtime::metric::broker_peers, {"worker"}),
             metrics.gauge(runtime::metric::broker_peers, {"scheduler"})} {}

void Loop::run(int stop_fd) {
  for (;;) {
    const MonoTime now = runtime::mono_now();
    const std::size_t moved = bus_.work(kBusFramesInTurn, now) + bulk_.work(kBulkFramesInTurn, now);
    // After the frames: who has spoken while we were away is not silent.
    if (tick_at_ <= now) {
      tick(now);
      if (readable(stop_fd)) return;
    }
    if (moved > 0) continue;
    wait(stop_fd, now);
    if (readable(stop_fd)) return;
  }
}

void Loop::tick(MonoTime now) {
  if (gate_ != nullptr) look_at_members();
  bus_.tick(now);
  bulk_.tick(now);
  const std::size_t routed = bus_.routes().shards_routed();
  const std::size_t total = std::max<std::size_t>(bus_.routes().shards_total(), routed);
  shards_routed_.set(static_cast<double>(routed));
  shards_away_.set(static_cast<double>(total - routed));
  const auto peers = bus_.routes().peers_by_kind();
  for (std::size_t kind = 0; kind < peers_.size(); ++kind)
    peers_[kind].set(static_cast<double>(peers[kind]));
  tick_at_ = now + kTickInterval;
}

void Loop::look_at_members() {
  if (gate_->look()) {
    bus_.close_roads();
    bulk_.close_roads();
  }
  gate_->forget_unless([this](InstanceId instance) {
    return bus_.routes().link(instance) || bulk_.routes().link(instance);
  });
}

void Loop::wait(int stop_fd, MonoTime now) {
  // A router's descriptor tells of news only, and passing a frame on may have swallowed it.
  if (bus_.router().ready() || bulk_.router().ready()) return;
  pollfd fds[] = {
      {bus_.router().fd(), POLLIN, 0}, {bulk_.router().fd(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(tick_at_ - now).count() + 1;
  if (::poll(fds, 3, static_cast<int>(std::max<std::int64_t>(left, 0))) < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "poll");
}

}  // namespace windlass::broker
