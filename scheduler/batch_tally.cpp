#include "scheduler/batch_tally.h"

#include <algorithm>

namespace windlass::scheduler {

const std::array<std::string_view, kRequestKindsTotal> kRequestKindNames = {
    "add_pool",
    "delete_pool",
    "patch_pool",
    "replace_pool_properties",
    "resize_pool",
    "stop_resize",
    "remove_nodes",
    "disable_node_scheduling",
    "enable_node_scheduling",
    "restart_node",
    "add_job",
    "delete_job",
    "terminate_job",
    "disable_job",
    "enable_job",
    "change_job",
    "add_job_schedule",
    "delete_job_schedule",
    "terminate_job_schedule",
    "disable_job_schedule",
    "enable_job_schedule",
    "change_job_schedule",
    "add_certificate",
    "delete_certificate",
    "cancel_certificate_deletion",
    "add_tasks",
    "delete_task",
    "terminate_task",
    "reactivate_task",
    "change_task",
    "get_pool",
    "list_pools",
    "get_node",
    "list_nodes",
    "list_node_counts",
    "find_job",
    "get_job",
    "list_jobs",
    "get_job_schedule",
    "list_job_schedules",
    "get_task",
    "list_tasks",
    "get_task_counts",
    "find_task_files",
    "find_node_files",
    "list_job_nodes",
    "get_lifetime_statistics",
    "get_certificate",
    "list_certificates"};

const std::array<std::string_view, kFailureReasonsTotal> kFailureReasonNames = {
    "FailureExitCode",
    "TaskEnded",
    "CommandProgramNotFound",
    "CommandLaunchFailed",
    "ResourceDirectoryCreateFailed",
    "ResourceFileCreateFailed",
    "ResourceFileWriteFailed",
    "BlobNotFound",
    "BlobAccessDenied",
    "BlobDownloadTimedOut",
    "BlobDownloadMiscError",
    "FileUploadContainerNotFound",
    "FileUploadAccessDenied",
    "FileUploadTimedOut",
    "FileUploadMiscError",
    "DiskFull",
    "other"};

namespace {

double seconds(Duration time) {
  return std::chrono::duration<double>(std::max(time, Duration::zero())).count();
}

std::size_t failure_reason(const TaskRecord& task) {
  const auto found = std::find(kFailureReasonNames.begin(), kFailureReasonNames.end() - 1,
                               task.failure ? std::string_view(task.failure->code) : "");
  return static_cast<std::size_t>(found - kFailureReasonNames.begin());
}

}  // namespace

void BatchTally::count(const ShardEvent& event) {
  if (const auto* added = std::get_if<TasksWereAdded>(&event)) tasks_added += added->tasks.size();
  const auto* put = std::get_if<TaskPut>(&event);
  if (put == nullptr) return;
  // An event that changes a task without moving it (its constraints, say) leaves its state's time.
  if (put->task.state_time == put->task.version.last_modified) count_state(put->task);
}

void BatchTally::count_state(const TaskRecord& task) {
  if (task.state == TaskState::running) {
    ++assignments;
    if (task.previous_state_time) wait.add(seconds(task.state_time - *task.previous_state_time));
  } else if (task.state == TaskState::completed) {
    count_completion(task);
  } else if (task.previous_state == TaskState::running) {
    if (task.last_retry_time == task.state_time)
      ++retried;
    else if (task.last_requeue_time == task.state_time)
      ++requeued;
    else
      ++lost;
  }
}

void BatchTally::count_completion(const TaskRecord& task) {
  if (task.result == ExecutionResult::success) {
    ++succeeded;
  } else {
    ++failed;
    ++failures[failure_reason(task)];
  }
  total.add(seconds(task.state_time - task.creation_time));
  // A task that was ended from outside has an end and no report of it.
  const bool reported = task.exit_code.has_value() && task.previous_state == TaskState::running;
  if (reported) count_times(task);
}

void BatchTally::count_times(const TaskRecord& task) {
  if (!task.start_time || !task.end_time || !task.previous_state_time) return;
  const WallTime ordered = *task.previous_state_time;
  start.add(seconds(*task.start_time - ordered));
  run.add(seconds(*task.end_time - *task.start_time));
  clock_behind = std::max(clock_behind, ordered - *task.start_time);
  clock_ahead = std::max(clock_ahead, *task.end_time - task.state_time);
}

}  // namespace windlass::scheduler
