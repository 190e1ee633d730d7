// Where a task's files are on its node, relative to the node's root: shards tell gateways, workers
// make it. Layout: https://learn.microsoft.com/azure/batch/files-and-directories
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// workitems/{job}/job-1/{task}; a job made by a schedule is called {schedule}:job-n and has
// workitems/{schedule}/job-n/{task}.
std::string task_folder(std::string_view job_id, std::string_view task_id);

// The one above those of all tasks of the job, without a slash at its end.
std::string job_folder(std::string_view job_id);

}  // namespace windlass
