#include "worker/outgoing.h"

#include "model/fault_points.h"

namespace windlass::worker {

OutgoingMessages::OutgoingMessages(bus::PeerEndpoint& endpoint, bool track_reports)
    : endpoint_(endpoint), track_reports_(track_reports) {}

bool OutgoingMessages::send_one(ShardId shard, const FromWorker& message) {
  if (std::holds_alternative<RenewLease>(message)) {
    endpoint_.send_unnumbered(shard, message);  // a lost one is followed by the next
    return true;
  }
  if (unlucky(FaultPoint::report_queue_full)) return false;
  const auto sequence = endpoint_.send(shard, message);
  if (!sequence) return false;
  if (track_reports_) {
    if (const auto* report = std::get_if<AttemptEnded>(&message))
      lines_[shard].reports.emplace(*sequence, report->id);
  }
  return true;
}

void OutgoingMessages::send(std::vector<Outgoing>& messages) {
  for (Outgoing& message : messages) {
    if (backlog_total_ != 0 && !lines_[message.shard].backlog.empty() &&
        !std::holds_alternative<RenewLease>(message.message)) {
      lines_[message.shard].backlog.push_back(std::move(message.message));
      ++backlog_total_;
    } else if (!send_one(message.shard, message.message)) {
      lines_[message.shard].backlog.push_back(std::move(message.message));
      ++backlog_total_;
    }
  }
}

void OutgoingMessages::retry() {
  if (backlog_total_ == 0) return;
  for (auto& [shard, line] : lines_) {
    while (!line.backlog.empty() && send_one(shard, line.backlog.front())) {
      line.backlog.pop_front();
      --backlog_total_;
    }
  }
}

std::vector<AttemptId> OutgoingMessages::acknowledged(const bus::Acknowledged& event) {
  std::vector<AttemptId> ids;
  if (!track_reports_) return ids;
  auto& reports = lines_[event.shard].reports;
  for (const Sequence sequence : event.sequences) {
    const auto found = reports.find(sequence);
    if (found == reports.end()) continue;
    ids.push_back(found->second);
    reports.erase(found);
  }
  return ids;
}

void OutgoingMessages::session_lost(ShardId shard) {
  const auto line = lines_.find(shard);
  if (line == lines_.end()) return;
  backlog_total_ -= line->second.backlog.size();
  lines_.erase(line);
}

bool OutgoingMessages::all_acknowledged(ShardId shard) const {
  const auto line = lines_.find(shard);
  return line == lines_.end() || (line->second.backlog.empty() && line->second.reports.empty());
}

}  // namespace windlass::worker
