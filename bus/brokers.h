// The brokers as an endpoint sees them: which live, which shards each can reach, which one to take.
// Says hello, reads their status, and keeps to one broker for a destination while that one lives.
// What is not from a broker itself is handed on.
#pragma once

#include "bus/links.h"
#include "bus/options.h"
#include "model/envelope.h"
#include "model/time.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windlass::bus {

inline constexpr Duration kHelloInterval = std::chrono::seconds(1);
inline constexpr Duration kBrokerSilenceMax = std::chrono::seconds(3);
inline constexpr Duration kRenewAfter = std::chrono::seconds(6);
// ZeroMQ does not try again by itself after a handshake that was refused.
inline constexpr Duration kKnockAgainAfter = std::chrono::seconds(2);
// Between two links that are started afresh with new keys, so that one road is always open.
inline constexpr Duration kRekeyInterval = std::chrono::seconds(2);

struct BusFrame {
  Envelope envelope;
  std::size_t link = 0;
  ZmqMessage body;
};

class Brokers {
 public:
  explicit Brokers(EndpointOptions options);  // over sockets
  Brokers(EndpointOptions options, std::unique_ptr<Links> links);

  int fd() const { return links_->fd(); }
  const EndpointOptions& options() const { return options_; }

  // What a scheduler holds; told to all brokers at the next flush().
  void set_claims(ShardId shards_total, std::vector<ShardClaim> claims);

  // The next frame that is not between us and a broker. Envelopes are checked: generation,
  // destination.
  std::optional<BusFrame> receive(MonoTime now);

  // False: no broker took it.
  bool send(const Envelope& envelope, std::string body);
  // By this broker if it lives: where the other side was heard last.
  bool send(const Envelope& envelope, std::string body, std::size_t link_preferred);

  // Hellos that are due, links that need a new start, then Links::settle().
  void flush(MonoTime now);
  std::optional<MonoTime> next_deadline() const;

  ShardId shards_total() const { return shards_total_; }
  bool reachable(ShardId shard) const { return routes_.contains(shard); }
  // Shards that can be reached by some broker that lives, with the highest epoch told.
  const std::map<ShardId, ShardEpoch>& routes() const { return routes_; }
  bool connected() const;

  // Shards whose road has changed since the last call: reachable again, another broker, another
  // epoch, or not reachable any more.
  std::vector<ShardId> take_changed_roads();
  // Processes that no broker could pass a frame to, since the last call.
  std::vector<InstanceId> take_unknown_instances();

  BusCounters& counters() { return counters_; }
  const BusCounters& counters() const { return counters_; }

 private:
  struct Broker {
    bool alive = false;
    MonoTime heard_at;
    std::optional<MonoTime> connected_at;  // connected and not heard since
    std::optional<MonoTime> refused_at;    // secured, and not connected since
    MonoTime hello_at;                     // when the next one is due
    std::map<ShardId, ShardEpoch> routes;
  };

  void on_status(std::size_t link, std::string_view body, MonoTime now);
  void on_undeliverable(std::size_t link, std::string_view body);
  bool another_lives(std::size_t than) const;
  void judge(MonoTime now);
  void renew(std::size_t link);
  void rekey(MonoTime now);
  void find_roads();
  std::optional<std::size_t> road_to(const Destination& destination) const;
  bool send_by(std::size_t link, const Envelope& envelope, std::string body);
  void say_hello(std::size_t link, MonoTime now);

  EndpointOptions options_;
  std::unique_ptr<Links> links_;
  std::vector<Broker> brokers_;
  MonoTime rekey_at_;
  HelloBody hello_;
  ShardId shards_total_ = 0;
  std::map<ShardId, ShardEpoch> routes_;
  std::map<ShardId, std::size_t> roads_;  // the broker that is kept to
  std::vector<ShardId> changed_roads_;
  std::vector<InstanceId> unknown_instances_;
  BusCounters counters_;
};

}  // namespace windlass::bus
