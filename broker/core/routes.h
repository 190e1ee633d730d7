// What a broker knows, all of it soft: which processes are there, and which process speaks for
// which shard. Pure. The truth is elsewhere (a shard's own folder): a broker that starts empty
// knows enough after one hello of each process.
#pragma once

#include "model/envelope.h"
#include "model/time.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>

namespace windlass::broker {

// A process says hello every second. After this silence its claims are void; after the longer one
// it is forgotten.
inline constexpr Duration kClaimSilenceMax = std::chrono::seconds(3);
inline constexpr Duration kPeerSilenceMax = std::chrono::seconds(10);

// When this much time passes between two looks at the clock, the broker itself was frozen, and
// nobody's silence in it counts.
inline constexpr Duration kOwnFreeze = std::chrono::milliseconds(1500);

class Routes {
 public:
  // A frame of this process came over this link (a process that starts its link afresh raises the
  // number; the highest one is where it listens).
  void heard(InstanceId instance, PeerKind kind, std::uint32_t link, MonoTime now);

  // Returns whether the roads have changed.
  bool claim(InstanceId instance, const HelloBody& hello, MonoTime now);

  // The process is not connected any more. Returns whether the roads have changed. (If it comes
  // back, it says hello first.)
  bool gone(InstanceId instance);

  // Lets silence have its consequences. Returns whether the roads have changed.
  bool tick(MonoTime now);

  // The process with the highest epoch ever claimed for this shard, while it is alive. A lower
  // epoch never comes back: its holder has been superseded, whatever it believes.
  std::optional<InstanceId> owner(ShardId shard) const;
  // The link of a process that is there.
  std::optional<std::uint32_t> link(InstanceId instance) const;

  StatusBody status() const;
  std::array<std::size_t, 4> peers_by_kind() const;
  std::size_t shards_routed() const;
  ShardId shards_total() const { return shards_total_; }  // zero until a scheduler says

  template <class Visit>
  void each_peer(Visit&& visit) const {
    for (const auto& [instance, peer] : peers_) visit(instance, peer.link);
  }

 private:
  struct Peer {
    PeerKind kind = PeerKind::gateway;
    std::uint32_t link = 0;
    MonoTime heard_at;
  };
  struct Route {
    ShardEpoch epoch = 0;  // the highest ever claimed here
    InstanceId owner = 0;  // zero: its claim is void
  };

  std::map<InstanceId, Peer> peers_;
  std::map<ShardId, Route> routes_;
  ShardId shards_total_ = 0;
  std::optional<MonoTime> ticked_at_;
};

}  // namespace windlass::broker
