#include "bus/brokers.h"

#include "bus/connection.h"
#include "schema/codec/envelope.h"

#include <algorithm>
#include <utility>

namespace windlass::bus {

Brokers::Brokers(EndpointOptions options)
    : options_(std::move(options)),
      links_(std::make_unique<Connection>(options_)),
      brokers_(options_.brokers.size()) {}

Brokers::Brokers(EndpointOptions options, std::unique_ptr<Links> links)
    : options_(std::move(options)), links_(std::move(links)), brokers_(options_.brokers.size()) {}

void Brokers::set_claims(ShardId shards_total, std::vector<ShardClaim> claims) {
  hello_ = {shards_total, std::move(claims)};
  for (Broker& broker : brokers_) broker.hello_at = {};
}

bool Brokers::connected() const {
  return std::any_of(brokers_.begin(), brokers_.end(), [](const Broker& b) { return b.alive; });
}

std::optional<BusFrame> Brokers::receive(MonoTime now) {
  while (std::optional<ReceivedFrame> received = links_->receive()) {
    Result<Envelope> envelope = decode_envelope(received->envelope.bytes());
    if (!envelope) {
      ++counters_.malformed;
      continue;
    }
    ++counters_.frames_received[static_cast<std::size_t>(envelope->kind)];
    if (envelope->generation != options_.generation) {
      ++counters_.refused;
      continue;
    }
    Broker& broker = brokers_[received->link];
    broker.heard_at = now;
    broker.connected_at.reset();
    if (envelope->kind == FrameKind::broker_status) {
      on_status(received->link, received->body.bytes(), now);
    } else if (envelope->kind == FrameKind::undeliverable) {
      on_undeliverable(received->link, received->body.bytes());
    } else {
      return BusFrame{std::move(*envelope), received->link, std::move(received->body)};
    }
  }
  return std::nullopt;
}

void Brokers::on_status(std::size_t link, std::string_view body, MonoTime) {
  Result<StatusBody> status = decode_status_body(body);
  if (!status) {
    ++counters_.malformed;
    return;
  }
  Broker& broker = brokers_[link];
  std::map<ShardId, ShardEpoch> routes;
  for (const ShardClaim& route : status->routes) routes[route.shard] = route.epoch;
  if (status->shards_total != 0) shards_total_ = status->shards_total;
  if (broker.alive && routes == broker.routes) return;
  broker.alive = true;
  broker.routes = std::move(routes);
  find_roads();
}

void Brokers::on_undeliverable(std::size_t link, std::string_view body) {
  ++counters_.undeliverable;
  const Result<Undeliverable> notice = decode_undeliverable(body);
  if (!notice) {
    ++counters_.malformed;
    return;
  }
  if (notice->reason != UndeliverableReason::unknown) return;
  if (const auto* shard = std::get_if<ToShardOf>(&notice->destination)) {
    // Its next status says more; until then another broker may have a road.
    if (brokers_[link].routes.erase(shard->shard) > 0) find_roads();
  } else if (const auto* instance = std::get_if<ToInstance>(&notice->destination)) {
    unknown_instances_.push_back(instance->instance);
  }
}

void Brokers::find_roads() {
  std::map<ShardId, ShardEpoch> routes;
  for (const Broker& broker : brokers_) {
    if (!broker.alive) continue;
    for (const auto& [shard, epoch] : broker.routes) routes[shard] = std::max(routes[shard], epoch);
  }
  std::map<ShardId, std::size_t> roads;
  for (const auto& [shard, epoch] : routes) {
    // The one kept to, if it still knows the newest owner; else the first that does.
    const auto serves = [&, shard = shard, epoch = epoch](std::size_t link) {
      const auto it = brokers_[link].routes.find(shard);
      return brokers_[link].alive && it != brokers_[link].routes.end() && it->second == epoch;
    };
    const auto kept = roads_.find(shard);
    if (kept != roads_.end() && serves(kept->second)) {
      roads[shard] = kept->second;
      continue;
    }
    for (std::size_t link = 0; link < brokers_.size(); ++link) {
      if (!serves(link)) continue;
      roads[shard] = link;
      break;
    }
  }
  const auto changed = [&](ShardId shard) {
    const auto old_route = routes_.find(shard);
    const auto new_route = routes.find(shard);
    if ((old_route == routes_.end()) != (new_route == routes.end())) return true;
    if (new_route == routes.end()) return false;
    return old_route->second != new_route->second || roads_[shard] != roads[shard];
  };
  std::vector<ShardId> shards;
  for (const auto& [shard, epoch] : routes_) shards.push_back(shard);
  for (const auto& [shard, epoch] : routes) shards.push_back(shard);
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  for (const ShardId shard : shards) {
    if (changed(shard)) changed_roads_.push_back(shard);
  }
  routes_ = std::move(routes);
  roads_ = std::move(roads);
}

std::vector<ShardId> Brokers::take_changed_roads() {
  return std::exchange(changed_roads_, {});
}

std::vector<InstanceId> Brokers::take_unknown_instances() {
  return std::exchange(unknown_instances_, {});
}

std::optional<std::size_t> Brokers::road_to(const Destination& destination) const {
  if (const auto* shard = std::get_if<ToShardOf>(&destination)) {
    const auto it = roads_.find(shard->shard);
    if (it != roads_.end()) return it->second;
  }
  for (std::size_t link = 0; link < brokers_.size(); ++link) {
    if (brokers_[link].alive) return link;
  }
  return std::nullopt;
}

bool Brokers::send(const Envelope& envelope, std::string body) {
  const std::optional<std::size_t> link = road_to(envelope.destination);
  if (!link) {
    ++counters_.unsendable;
    return false;
  }
  return send_by(*link, envelope, std::move(body));
}

bool Brokers::send(const Envelope& envelope, std::string body, std::size_t link_preferred) {
  if (link_preferred < brokers_.size() && brokers_[link_preferred].alive)
    return send_by(link_preferred, envelope, std::move(body));
  return send(envelope, std::move(body));
}

bool Brokers::send_by(std::size_t link, const Envelope& envelope, std::string body) {
  if (!links_->send(link, encode(envelope), std::move(body))) {
    ++counters_.unsendable;
    return false;
  }
  ++counters_.frames_sent[static_cast<std::size_t>(envelope.kind)];
  return true;
}

void Brokers::say_hello(std::size_t link, MonoTime now) {
  Envelope envelope;
  envelope.generation = options_.generation;
  envelope.source = options_.instance;
  envelope.source_kind = options_.kind;
  envelope.destination = ToBroker{};
  envelope.kind = FrameKind::broker_hello;
  send_by(link, envelope, encode(hello_));
  brokers_[link].hello_at = now + kHelloInterval;
}

bool Brokers::another_lives(std::size_t than) const {
  for (std::size_t link = 0; link < brokers_.size(); ++link) {
    if (link != than && brokers_[link].alive && links_->connected(link)) return true;
  }
  return false;
}

void Brokers::judge(MonoTime now) {
  bool changed = false;
  for (std::size_t link = 0; link < brokers_.size(); ++link) {
    Broker& broker = brokers_[link];
    // A link that is down says so at once, and another broker need not be waited for. Without
    // another one the road stays: links also go down for a moment, when they get new keys.
    const bool left = broker.alive && !links_->connected(link) && another_lives(link);
    if (broker.alive && (left || now - broker.heard_at >= kBrokerSilenceMax)) {
      broker.alive = false;
      broker.routes.clear();
      changed = true;
    }
    if (!links_->connected(link)) {
      broker.connected_at.reset();
      if (!broker.refused_at)
        broker.refused_at = now;
      else if (links_->secured() && now - *broker.refused_at >= kKnockAgainAfter)
        renew(link);
    } else if (broker.connected_at && now - *broker.connected_at >= kRenewAfter) {
      renew(link);
    } else if (!broker.alive && !broker.connected_at) {
      broker.connected_at = now;
      broker.refused_at.reset();
    } else if (broker.alive) {
      broker.refused_at.reset();
    }
    if (broker.hello_at <= now) say_hello(link, now);
  }
  if (changed) find_roads();
}

void Brokers::renew(std::size_t link) {
  links_->renew(link);
  brokers_[link].connected_at.reset();
  brokers_[link].refused_at.reset();
}

void Brokers::rekey(MonoTime now) {
  if (now < rekey_at_) return;
  const std::optional<std::size_t> link = links_->outdated();
  if (!link) return;
  renew(*link);
  rekey_at_ = now + kRekeyInterval;
}

void Brokers::flush(MonoTime now) {
  judge(now);
  rekey(now);
  // A link that has just come up hears from us at once: claims must not wait for the next second.
  for (std::vector<std::size_t> fresh = links_->settle(); !fresh.empty();
       fresh = links_->settle()) {
    for (const std::size_t link : fresh) say_hello(link, now);
  }
}

std::optional<MonoTime> Brokers::next_deadline() const {
  std::optional<MonoTime> at;
  for (const Broker& broker : brokers_) {
    if (!at || broker.hello_at < *at) at = broker.hello_at;
  }
  return at;
}

}  // namespace windlass::bus
