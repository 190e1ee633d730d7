#include "scheduler/admin/job_ids.h"

#include "model/ids.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
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
using Holders = std::map<IdKey, Holder>;

// The number of a schedule's job: what stands behind {schedule}:job-.
std::uint64_t number_of_job(const std::string& job_id, const std::string& schedule_id) {
  constexpr std::string_view kJob = ":job-";
  std::uint64_t number = 0;
  const std::size_t from = schedule_id.size() + kJob.size();
  if (job_id.size() <= from) return 0;
  std::from_chars(job_id.data() + from, job_id.data() + job_id.size(), number);
  return number;
}

JobScheduleRecord with_its_jobs(JobScheduleRecord schedule, const Holders& holders) {
  const std::string& id = schedule.spec.id;
  const auto end = holders.lower_bound(key_of(schedule.account, id + ";"));
  for (auto it = holders.lower_bound(key_of(schedule.account, id + ":")); it != end; ++it) {
    schedule.jobs_made = std::max(schedule.jobs_made, number_of_job(it->first.second, id));
  }
  const auto newest =
      holders.find(key_of(schedule.account, job_of_schedule(id, schedule.jobs_made)));
  schedule.job_active = newest != holders.end() && newest->second.job->state != JobState::completed;
  schedule.job_told = false;
  schedule.jobs_deleted_through.clear();
  return schedule;
}

}  // namespace

JobIdsSettled settle_job_ids(const std::vector<JobIds>& shards) {
  const auto total = static_cast<ShardId>(shards.size());
  JobIdsSettled settled;
  settled.changes.resize(shards.size());

  Holders holders;
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
    const ShardId home = home_of_job(job.account, job.spec.id, total);
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
  for (ShardId shard = 0; shard < total; ++shard) {
    for (const JobScheduleRecord& schedule : shards[shard].schedules) {
      JobScheduleRecord wanted = with_its_jobs(schedule, holders);
      if (!(wanted == schedule)) settled.changes[shard].schedules.push_back(std::move(wanted));
    }
  }
  return settled;
}

}  // namespace windlass::scheduler
