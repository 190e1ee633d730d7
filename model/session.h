// Sessions between a peer (one gateway or worker process) and a shard: what the shard keeps of each
// in a durable row. The rules are in docs/PROTOCOL.md; bus/core carries them out.
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <vector>

namespace windlass {

enum class PeerKind : std::uint8_t { gateway, worker, scheduler, broker };

// Which sequences of a peer have been taken: all up to `acknowledged_through`, and the few in
// `above` (ascending, no repeats, all greater than acknowledged_through + 1).
struct InboxState {
  Sequence acknowledged_through = 0;
  std::vector<Sequence> above;
  bool operator==(const InboxState&) const = default;
};

// The shard's row of one session. A process has at most one session on each shard.
struct SessionState {
  SessionId id = 0;  // not zero
  PeerKind kind = PeerKind::gateway;
  InstanceId instance = 0;
  std::uint64_t worker = 0;  // workers: the stable id, the same over restarts
  InboxState inbox;
  bool operator==(const SessionState&) const = default;
};

}  // namespace windlass
