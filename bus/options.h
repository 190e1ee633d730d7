// What the endpoints of the bus have in common: how they are built and what they count.
#pragma once

#include "bus/key_ring.h"
#include "model/envelope.h"
#include "model/ids.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::bus {

struct EndpointOptions {
  PeerKind kind = PeerKind::gateway;
  InstanceId instance = 0;        // random and not zero: random_instance()
  std::uint64_t worker = 0;       // workers only: the stable id
  std::uint32_t link_number = 0;  // of each link at first; it rises when one is started afresh
  ClusterGeneration generation = 1;
  std::vector<std::string> brokers;  // ZeroMQ endpoints (tcp://..., ipc://...), one for each broker
  // Null: the links are open, which is for loopback and for sockets in a folder that only one user
  // may enter. Otherwise each broker's public key (Z85) stands at its endpoint's place.
  std::shared_ptr<const KeyRing> keys;
  std::vector<std::string> broker_keys;
};

// A fresh instance id from the system's randomness.
InstanceId random_instance();

// Rises only. The loop turns differences into metrics.
struct BusCounters {
  std::array<std::uint64_t, kFrameKindsTotal> frames_sent{};
  std::array<std::uint64_t, kFrameKindsTotal> frames_received{};
  std::uint64_t retransmissions = 0;  // messages sent again
  std::uint64_t duplicates = 0;       // messages dropped because they had been seen
  std::uint64_t malformed = 0;        // frames or messages that could not be read
  std::uint64_t refused = 0;          // frames of old epochs, foreign sessions or generations
  std::uint64_t unsendable = 0;       // frames that no broker took; repeated later where numbered
  std::uint64_t undeliverable = 0;    // frames that a broker gave back
};

// How full the sessions of an endpoint are now.
struct BusLoad {
  std::size_t sessions = 0;
  std::size_t unacknowledged = 0;  // messages, in all sessions
  double credit_used = 0;          // of the fullest session; beyond 1 messages wait for credit

  void add(std::size_t outstanding);
};

// The label of a frame kind in metrics and logs.
std::string_view to_string(FrameKind kind);

}  // namespace windlass::bus
