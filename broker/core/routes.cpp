#include "broker/core/routes.h"

#include <algorithm>

namespace windlass::broker {

void Routes::heard(InstanceId instance, PeerKind kind, std::uint32_t link, MonoTime now) {
  Peer& peer = peers_[instance];
  peer.kind = kind;
  peer.link = std::max(peer.link, link);
  peer.heard_at = now;
}

bool Routes::claim(InstanceId instance, const HelloBody& hello, MonoTime) {
  bool changed = false;
  if (hello.shards_total != 0 && hello.shards_total != shards_total_) {
    shards_total_ = hello.shards_total;
    changed = true;
  }
  for (const ShardClaim& claim : hello.claims) {
    Route& route = routes_[claim.shard];
    if (claim.epoch < route.epoch) continue;
    if (claim.epoch == route.epoch && route.owner != 0) continue;  // epochs are unique: ours
    route = {claim.epoch, instance};
    changed = true;
  }
  // What a process no longer names it has let go.
  for (auto& [shard, route] : routes_) {
    if (route.owner != instance) continue;
    const bool named = std::any_of(hello.claims.begin(), hello.claims.end(),
                                   [id = shard](const ShardClaim& c) { return c.shard == id; });
    if (named) continue;
    route.owner = 0;
    changed = true;
  }
  return changed;
}

bool Routes::gone(InstanceId instance) {
  peers_.erase(instance);
  bool changed = false;
  for (auto& [shard, route] : routes_) {
    if (route.owner != instance) continue;
    route.owner = 0;
    changed = true;
  }
  return changed;
}

bool Routes::tick(MonoTime now) {
  if (ticked_at_ && now - *ticked_at_ > kOwnFreeze) {
    const Duration frozen = now - *ticked_at_;
    for (auto& [instance, peer] : peers_) peer.heard_at = std::min(now, peer.heard_at + frozen);
  }
  ticked_at_ = now;
  bool changed = false;
  for (auto& [shard, route] : routes_) {
    if (route.owner == 0) continue;
    const auto peer = peers_.find(route.owner);
    if (peer != peers_.end() && now - peer->second.heard_at < kClaimSilenceMax) continue;
    route.owner = 0;
    changed = true;
  }
  std::erase_if(peers_,
                [&](const auto& entry) { return now - entry.second.heard_at >= kPeerSilenceMax; });
  return changed;
}

std::optional<InstanceId> Routes::owner(ShardId shard) const {
  const auto it = routes_.find(shard);
  if (it == routes_.end() || it->second.owner == 0) return std::nullopt;
  return it->second.owner;
}

std::optional<std::uint32_t> Routes::link(InstanceId instance) const {
  const auto it = peers_.find(instance);
  if (it == peers_.end()) return std::nullopt;
  return it->second.link;
}

StatusBody Routes::status() const {
  StatusBody status;
  status.shards_total = shards_total_;
  for (const auto& [shard, route] : routes_) {
    if (route.owner != 0) status.routes.push_back({shard, route.epoch});
  }
  return status;
}

std::array<std::size_t, 4> Routes::peers_by_kind() const {
  std::array<std::size_t, 4> counts{};
  for (const auto& [instance, peer] : peers_) ++counts[static_cast<std::size_t>(peer.kind)];
  return counts;
}

std::size_t Routes::shards_routed() const {
  return static_cast<std::size_t>(std::count_if(
      routes_.begin(), routes_.end(), [](const auto& entry) { return entry.second.owner != 0; }));
}

}  // namespace windlass::broker
