// The life of a job: commands on it, and what it does by itself.
#pragma once

#include "scheduler/core/step.h"

#include <optional>

namespace windlass::scheduler {

// The answer, or none when it comes later (AddJob across shards).
using Decision = std::optional<Answer>;

Decision decide(Step& step, const Origin& origin, const std::string& account,
                const AddJob& command);
Decision decide(Step& step, const std::string& account, const DeleteJob& command);
Decision decide(Step& step, const std::string& account, const TerminateJob& command);
Decision decide(Step& step, const std::string& account, const DisableJob& command);
Decision decide(Step& step, const std::string& account, const EnableJob& command);
Decision decide(Step& step, const std::string& account, const ChangeJob& command);

// By request of its schedule; nothing happens to a job that has ended, or is on its way.
void terminate_job(Step& step, JobSeq job, const std::string& reason, bool force);
void delete_job(Step& step, JobSeq job, bool force);

// Whether nothing of a job that is to end runs any more, so that its end can be recorded.
bool is_over(const State& state, const Job& job);

// What the exit conditions of a task that has just ended want of its job; nothing unless the job's
// onTaskFailure says performexitoptionsjobaction. Call before settle_job.
void act_on_ended_task(Step& step, JobSeq job, JobAction action);
// Steps that follow from the job's state and its tasks: disabling -> disabled, all tasks complete
// -> terminating -> completed. Idempotent.
void settle_job(Step& step, JobSeq job);
// The grace of an empty job or the wall clock of a job may have ended.
void check_job_clock(Step& step, JobSeq job);
// When check_job_clock has something to do; none: never.
std::optional<WallTime> job_deadline(const Settings& settings, const JobRecord& job);
// Fails some of the job's blocked tasks (State::jobs_blocked), which may block others in turn.
void fail_some_blocked(Step& step, JobSeq job);
// Removes some rows of a deleted job's tasks, at the end the job itself. True while more is left.
bool erase_some(Step& step, JobSeq job);

// Whether the job may still take tasks; the refusal otherwise.
std::optional<ErrorCode> refuses_tasks(const JobRecord& job);

}  // namespace windlass::scheduler
