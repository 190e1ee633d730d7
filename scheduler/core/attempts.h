// The ends of attempts: what a report makes of a task, and how tasks leave a node on request.
#pragma once

#include "scheduler/core/exit_rules.h"
#include "scheduler/core/step.h"

namespace windlass::scheduler {

// Moves the record into `state` and notes when.
void enter(TaskRecord& task, TaskState state, WallTime at);

// A worker says that an attempt is over. What is superseded changes nothing. Returns whether it
// was current (for counting).
bool take_report(Step& step, const AttemptEnded& report);

// Why a task stops running, or never will.
FailureInfo task_ended(std::string_view why);

// What it means when a command ends the task.
ExitOutcome outcome_of_ended(const TaskRecord& task);

// Completes the task at once as failed, TaskEnded. What still runs lingers until reported empty.
void end_task(Step& step, const TaskRecord& task, std::string_view why);
// The same of a task that will never start, because this parent ended without satisfying it.
void fail_blocked_task(Step& step, const TaskRecord& task, const std::string& parent_id);
// Back to active, held back until the old attempt is gone. `counted`: requeueCount rises.
void requeue_running(Step& step, const RunningTask& running, bool counted);
// The attempt is certainly over (its lease ended, or its worker does not know it): to active at
// once. Of a multi-instance task that is true of this instance only, and the others linger.
void requeue_lost(Step& step, const RunningTask& running, std::int32_t instance = 0);
// An ended task waits again like a new one, with all its retries and its next attempt number.
void reactivate(Step& step, TaskRecord task);
// Removes the task with all its rows; what still runs lingers and takes the folder with it.
void erase_task(Step& step, const TaskRecord& task);

// What follows when a task of the job has ended or gone: the job may be complete, disabled, or done
// with terminating. Call after every such change.
void after_task(Step& step, JobSeq job);

// A lingering attempt is over.
void drop_lingering(Step& step, const AttemptId& id);

}  // namespace windlass::scheduler
