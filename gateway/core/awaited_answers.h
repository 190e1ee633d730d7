// Who waits for which answer of which shard: each is told once, by the answer, by the end of its
// time, or by the loss of the session. Pure; the backend around it owns the bus.
#pragma once

#include "gateway/core/pending.h"
#include "model/ids.h"

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace windlass::gateway {

// `To` is what is told: a pointer, a number.
template <class To>
class AwaitedAnswers {
 public:
  struct Expired {
    ShardId shard = 0;
    Sequence sequence = 0;  // the session may forget it
    To to;
  };

  AwaitedAnswers(ShardId shards_total, MonoTime now) : sequences_(shards_total), pending_(now) {}

  std::size_t waiting(ShardId shard) const { return sequences_[shard].size(); }

  void add(ShardId shard, Sequence sequence, To to, MonoTime deadline) {
    sequences_[shard][sequence] = pending_.add(Expired{shard, sequence, std::move(to)}, deadline);
  }

  // Nothing when nobody waits: its time was up.
  std::optional<To> answered(ShardId shard, Sequence sequence) {
    if (shard >= sequences_.size()) return std::nullopt;
    const auto found = sequences_[shard].find(sequence);
    if (found == sequences_[shard].end()) return std::nullopt;
    std::optional<Expired> waiting = pending_.take(found->second);
    sequences_[shard].erase(found);
    if (!waiting) return std::nullopt;
    return std::move(waiting->to);
  }

  // The session is lost. All who wait for this shard: the next session counts from 1 again.
  std::vector<To> lost(ShardId shard) {
    std::vector<To> told;
    if (shard >= sequences_.size()) return told;
    for (const auto& [sequence, number] : std::exchange(sequences_[shard], {})) {
      if (std::optional<Expired> waiting = pending_.take(number))
        told.push_back(std::move(waiting->to));
    }
    return told;
  }

  // One whose time is up; call until nothing comes.
  std::optional<Expired> take_expired(MonoTime now) {
    std::optional<Expired> expired = pending_.take_expired(now);
    if (expired) sequences_[expired->shard].erase(expired->sequence);
    return expired;
  }

 private:
  std::vector<std::unordered_map<Sequence, std::uint64_t>> sequences_;  // by shard
  PendingTable<Expired> pending_;
};

}  // namespace windlass::gateway
