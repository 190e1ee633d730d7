#include "scheduler/admin/job_ids.h"

#include "model/ids.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace windlass::scheduler {

namespace {

using IdKey = std::pair<std::string, std::string>;  // account, job id; lower-cased

IdKey key_of(const std::string& account, const std::string& job_id) {
  return {lower_cased(account), lower_cased(job_id)};
}

struct Holder {
  ShardId shard = 0;
  const JobRecord* job = nullptr;
};

}  // namespace

JobIdsSettled settle_job_ids(const std::vector<JobIds>& shards) {
  const auto total = static_cast<ShardId>(shards.size());
  JobIdsSettled settled;
  settled.changes.resize(shards.size());

  std::map<IdKey, Holder> holders;
  for (ShardId shard = 0; shard < total; ++shard) {
    for (const JobRecord& job : shards[shard].jobs) {
      Holder& holder = holders[key_of(job.account, job.spec.id)];
      Holder loser{shard, &job};
      if (holder.job == nullptr || holder.job->incarnation < job.incarnation)
        std::swap(holder, loser);
      if (loser.job == nullptr) continue;
      settled.changes[loser.shard].superseded.push_back(loser.job->seq);
      ++settled.superseded;
    }
  }
  std::map<IdKey, const Reservation*> reservations;  // each id has one home
  for (ShardId shard = 0; shard < total; ++shard) {
    for (const Reservation& held : shards[shard].reservations) {
      const IdKey key = key_of(held.account, held.job_id);
      reservations.emplace(key, &held);
      if (holders.contains(key)) continue;
      settled.changes[shard].dropped.push_back(held);
      ++settled.dropped;
    }
  }
  for (const auto& [key, holder] : holders) {
    const JobRecord& job = *holder.job;
    const ShardId home = shard_of(job.account, job.spec.id, total);
    JobIdChanges& changes = settled.changes[home];
    changes.incarnations = std::max(changes.incarnations, job.incarnation);
    const Reservation wanted{.account = job.account,
                             .job_id = job.spec.id,
                             .incarnation = job.incarnation,
                             .state = ReservationState::held,
                             .target = holder.shard,
                             .origin = {}};
    const auto there = reservations.find(key);
    if (there == reservations.end()) {
      ++settled.made;
    } else if (*there->second == wanted) {
      continue;
    }
    changes.put.push_back(wanted);
  }
  return settled;
}

}  // namespace windlass::scheduler
