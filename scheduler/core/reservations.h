// "Job id -> shard": the two-shard making and ending of jobs (docs/PROTOCOL.md, Reservations). The
// home shard reserves the id, the target makes the job, the home marks the id held and answers.
#pragma once

#include "scheduler/core/jobs.h"

namespace windlass::scheduler {

// Reserves the id, which must be free, and has the job made; an automatic pool, too, if it has no
// other. Whoever waits for the answer is told when that takes another shard; nobody: an empty
// origin.
std::optional<JobMadeAt> reserve_job(Step& step, const Origin& origin, const std::string& account,
                                     JobSpec spec);
// The job of a schedule is to be completed, or to be gone, wherever it is.
void end_reserved_job(Step& step, const std::string& account, const std::string& job_id,
                      bool deletes, bool force);
// The job is completed: its schedule, if it has one, is told.
void report_job_end(Step& step, const JobRecord& job);

// Makes the job here, whose id is reserved elsewhere or here.
void make_job(Step& step, const std::string& account, std::uint64_t incarnation,
              const JobSpec& spec);
// The job is gone from this shard: its home drops the reservation.
void release_reservation(Step& step, const JobRecord& job);

// A message of another shard. Each is taken once and in order; others are acknowledged or left.
void take_shard_message(Step& step, const ShardMessage& message);
void take_shard_acknowledge(Step& step, const ShardAcknowledge& acknowledge);
// Sends everything unacknowledged again.
void resend_outbox(Step& step);

}  // namespace windlass::scheduler
