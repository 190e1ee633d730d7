// Commands on tasks.
#pragma once

#include "scheduler/core/jobs.h"

namespace windlass::scheduler {

// The command's documents are moved out of it.
Decision decide(Step& step, const std::string& account, AddTasks& command);
Decision decide(Step& step, const std::string& account, const DeleteTask& command);
Decision decide(Step& step, const std::string& account, const TerminateTask& command);
Decision decide(Step& step, const std::string& account, const ReactivateTask& command);
Decision decide(Step& step, const std::string& account, const ChangeTask& command);

// The first task of a job that has just been made.
void add_job_manager(Step& step, JobSeq job, const NewTask& task);

// The task's record wherever it is kept: running, waiting or ended.
std::optional<TaskRecord> find_task(const State& state, Rows& rows, JobSeq job,
                                    std::string_view task_id);

}  // namespace windlass::scheduler
