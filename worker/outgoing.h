// What the agent says on its way into the bus: kept while a shard's queue is full, in order, and
// remembered until the shard has it where the agent must know.
#pragma once

#include "bus/peer_endpoint.h"
#include "worker/core/effects.h"

#include <deque>
#include <map>
#include <vector>

namespace windlass::worker {

class OutgoingMessages {
 public:
  // `track_reports`: acknowledged() tells which reports arrived.
  OutgoingMessages(bus::PeerEndpoint& endpoint, bool track_reports);

  void send(std::vector<Outgoing>& messages);
  void retry();  // what did not fit before

  std::vector<AttemptId> acknowledged(const bus::Acknowledged& event);
  void session_lost(ShardId shard);

  bool all_acknowledged(ShardId shard) const;
  bool backlog_empty() const { return backlog_total_ == 0; }

 private:
  struct Line {
    std::deque<FromWorker> backlog;
    std::map<Sequence, AttemptId> reports;
  };
  bool send_one(ShardId shard, const FromWorker& message);

  bus::PeerEndpoint& endpoint_;
  const bool track_reports_;
  std::map<ShardId, Line> lines_;
  std::size_t backlog_total_ = 0;
};

}  // namespace windlass::worker
