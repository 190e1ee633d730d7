// The agent on the bus: what shards say is handed to the agent, what the agent says is sent. The
// loop around it says when, and tells the log.
#pragma once

#include "bus/peer_endpoint.h"
#include "worker/core/node_agent.h"
#include "worker/outgoing.h"

#include <set>
#include <vector>

namespace windlass::worker {

// What happened to sessions in a turn, in order.
struct SessionNews {
  std::vector<bus::SessionOpen> opened;
  std::vector<ShardId> lost;
};

class AgentBus {
 public:
  // All outlive this. `track_reports`: the agent is told which reports are durable.
  AgentBus(NodeAgent& agent, bus::PeerEndpoint& endpoint, bool track_reports)
      : agent_(agent), endpoint_(endpoint), outgoing_(endpoint, track_reports) {}

  // Opens a session with each shard that is known: those configured and those that brokers tell of.
  void open_sessions(ShardId shards_configured);

  // `now` is the agent's clock (it goes on while the host sleeps), `bus_now` the bus's.
  SessionNews hear(Now now, MonoTime bus_now, Effects& effects);

  OutgoingMessages& outgoing() { return outgoing_; }
  const OutgoingMessages& outgoing() const { return outgoing_; }
  const std::set<ShardId>& opened() const { return opened_; }

 private:
  NodeAgent& agent_;
  bus::PeerEndpoint& endpoint_;
  OutgoingMessages outgoing_;
  ShardId shards_configured_ = 0;
  std::set<ShardId> opened_;
};

}  // namespace windlass::worker
