// Schedules of jobs: at most one job of each at a time, at most one job for each recurrence. A
// schedule lives on the shard of its id, its jobs on those of their pools; the reservations of
// their ids are beside the schedule, and tell it of each job's end (reservations.h).
#pragma once

#include "scheduler/core/jobs.h"

#include <optional>
#include <string>

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const AddJobSchedule& command);
Decision decide(Step& step, const std::string& account, const DeleteJobSchedule& command);
Decision decide(Step& step, const std::string& account, const TerminateJobSchedule& command);
Decision decide(Step& step, const std::string& account, const DisableJobSchedule& command);
Decision decide(Step& step, const std::string& account, const EnableJobSchedule& command);
Decision decide(Step& step, const std::string& account, const ChangeJobSchedule& command);

// What follows from the schedule's state, its job and the time: a job that is due, a recurrence
// that is lost, the schedule's end. Idempotent.
void settle_job_schedule(Step& step, JobScheduleSeq schedule);
// When settle_job_schedule has something to do by time alone; none: never.
std::optional<WallTime> job_schedule_deadline(const JobScheduleRecord& schedule);

// The job is completed, gone, or could not be made.
void job_of_schedule_ended(Step& step, const std::string& account, const std::string& job_id);

// Tells some of the jobs of a schedule that is being deleted to go; at the end the schedule itself
// goes. True while there are more to be told.
bool erase_some_jobs(Step& step, JobScheduleSeq schedule);
// Whether that has something to do now; else it waits for jobs to be gone.
bool has_jobs_to_tell(const State& state, const JobScheduleRecord& schedule);

}  // namespace windlass::scheduler
