// When the jobs of a schedule are due. A function of the schedule's record and the time: next_run
// only moves on, by whole intervals, so that no recurrence has two jobs whatever the clock does.
#pragma once

#include "model/job_schedule.h"

#include <optional>

namespace windlass::scheduler {

// What next_run has to be now that the schedule is as it is: new, or changed. Recurrences that have
// had their job do not come again; none: there is no other.
std::optional<WallTime> first_recurrence(const JobScheduleRecord& schedule);

// The recurrence whose job may be made now. Moves next_run past those whose time has gone by.
std::optional<WallTime> due_recurrence(JobScheduleRecord& schedule, WallTime now);
// The job of next_run is made: the next one is what comes after it.
void pass_recurrence(JobScheduleRecord& schedule);

// No job will be made any more, and the schedule need not wait for anything but its job.
bool is_over(const JobScheduleRecord& schedule, WallTime now);

// When the recurrence that waits for the job before it is lost.
std::optional<WallTime> recurrence_lost_at(const JobScheduleRecord& schedule);
// When there is something to do for a schedule without a job: the next recurrence, or its end.
std::optional<WallTime> next_decision_at(const JobScheduleRecord& schedule);

}  // namespace windlass::scheduler
