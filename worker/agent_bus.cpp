#include "worker/agent_bus.h"

#include <algorithm>

namespace windlass::worker {

void AgentBus::open_sessions(ShardId shards_configured) {
  shards_configured_ = shards_configured;
  const ShardId total = std::max(shards_configured_, endpoint_.shards_total());
  for (ShardId shard = 0; shard < total; ++shard) {
    if (opened_.insert(shard).second) endpoint_.open(shard);
  }
}

SessionNews AgentBus::hear(Now now, MonoTime bus_now, Effects& effects) {
  SessionNews news;
  for (bus::PeerEvent& event : endpoint_.poll(bus_now)) {
    if (const auto* ordered = std::get_if<bus::Ordered>(&event)) {
      for (const ToWorker& message : ordered->messages)
        agent_.handle(ordered->shard, message, now, effects);
    } else if (const auto* arrived = std::get_if<bus::Acknowledged>(&event)) {
      for (const AttemptId& id : outgoing_.acknowledged(*arrived))
        agent_.report_acknowledged(id, effects);
    } else if (const auto* open = std::get_if<bus::SessionOpen>(&event)) {
      news.opened.push_back(*open);
      agent_.session_opened(open->shard, open->epoch, open->resumed, now, effects);
    } else if (const auto* lost = std::get_if<bus::SessionLost>(&event)) {
      news.lost.push_back(lost->shard);
      outgoing_.session_lost(lost->shard);
      agent_.session_lost(lost->shard);
    } else if (std::holds_alternative<bus::ReachChanged>(event)) {
      open_sessions(shards_configured_);
    }
  }
  return news;
}

}  // namespace windlass::worker
