// Who holds which job id, settled between shards whose copies are of different moments. Pure.
#pragma once

#include "model/job.h"
#include "model/job_schedule.h"
#include "model/shard_rows.h"

#include <cstdint>
#include <vector>

namespace windlass::scheduler {

// Of one shard.
struct JobIds {
  std::vector<JobRecord> jobs;
  std::vector<Reservation> reservations;
  std::vector<JobScheduleRecord> schedules{};
};

// What one shard has to change.
struct JobIdChanges {
  std::vector<Reservation> dropped;
  std::vector<Reservation> put;
  std::vector<JobScheduleRecord> schedules{};  // to be put: they know their jobs again
  std::vector<JobSeq> superseded;              // to be erased with their tasks
  std::uint64_t incarnations = 0;              // the counter may not be below this
};

struct JobIdsSettled {
  std::vector<JobIdChanges> changes;  // by shard
  std::uint64_t dropped = 0;
  std::uint64_t made = 0;
  std::uint64_t superseded = 0;
};

// `shards` by shard id, all of them. After the changes each job that is not superseded is held by
// its id's home shard, and every reservation is held and has its job. Of two jobs with one id the
// later incarnation stays: the earlier one was deleted between the copies. A schedule knows its
// newest job and whether that has ended; what it had said to its jobs it says again.
JobIdsSettled settle_job_ids(const std::vector<JobIds>& shards);

}  // namespace windlass::scheduler
