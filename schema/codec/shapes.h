// model.capnp and model/*.h: pools, nodes, jobs, tasks and what they are made of. Only codec/*.cpp
// include this.
#pragma once

#include "model/certificate.h"
#include "model/job.h"
#include "model/job_schedule.h"
#include "model/pool.h"
#include "model/task.h"
#include "model/worker_message.h"
#include "schema/codec/fields.h"
#include "schema/model.capnp.h"

namespace windlass::codec {

WINDLASS_ENUM(AutoUserScope, pool, POOL)
WINDLASS_ENUM(ElevationLevel, admin, ADMIN)
WINDLASS_ENUM(UploadCondition, taskfailure, TASKFAILURE)
WINDLASS_ENUM(ErrorCategory, servererror, SERVERERROR)
WINDLASS_ENUM(ExecutionResult, failure, FAILURE)
WINDLASS_ENUM(NodeFillType, pack, PACK)
WINDLASS_ENUM(JobDefaultOrder, creationtime, CREATIONTIME)
WINDLASS_ENUM(PoolState, deleting, DELETING)
WINDLASS_ENUM(AllocationState, stopping, STOPPING)
WINDLASS_ENUM(NodeDisableSchedulingOption, taskcompletion, TASKCOMPLETION)
WINDLASS_ENUM(NodeDeallocationOption, retaineddata, RETAINEDDATA)
WINDLASS_ENUM(NodeState, deallocated, DEALLOCATED)
WINDLASS_ENUM(NodeRestart, start, START)
WINDLASS_ENUM(SchedulingState, disabled, DISABLED)
WINDLASS_ENUM(StartTaskState, completed, COMPLETED)
WINDLASS_ENUM(JobState, deleting, DELETING)
WINDLASS_ENUM(PoolLifetime, job, JOB)
WINDLASS_ENUM(JobScheduleState, deleting, DELETING)
WINDLASS_ENUM(DisableTasks, wait, WAIT)
WINDLASS_ENUM(OnAllTasksComplete, terminatejob, TERMINATEJOB)
WINDLASS_ENUM(OnTaskFailure, performexitoptionsjobaction, PERFORMEXITOPTIONSJOBACTION)
WINDLASS_ENUM(TaskState, completed, COMPLETED)
WINDLASS_ENUM(JobAction, terminate, TERMINATE)
WINDLASS_ENUM(DependencyAction, block, BLOCK)
WINDLASS_ENUM(ExitCondition, otherwise, OTHERWISE)
WINDLASS_ENUM(NodeTaskState, completed, COMPLETED)
WINDLASS_ENUM(SubtaskState, completed, COMPLETED)

// ---- small shapes --------------------------------------------------------------------------

WINDLASS_STRUCT(NameValue, (name, Name), (value, Value))
WINDLASS_STRUCT(ErrorValue, (key, Name), (value, Value))

ErrorCode error_code_named(std::string_view name);  // unknown ones: internal_error

template <>
struct Codec<Error> {
  template <class B, class V>
  static void put(B b, const V& v) {
    const std::string_view name = to_string(v.code);
    b.setCode(kj::StringPtr(name.data(), name.size()));
    WINDLASS_PUT(message, Message)
    WINDLASS_PUT(values, Values)
  }
  template <class R, class V>
  static void take(R r, V& v) {
    const auto name = r.getCode();
    v.code = error_code_named({name.begin(), name.size()});
    WINDLASS_TAKE(message, Message)
    WINDLASS_TAKE(values, Values)
  }
};

WINDLASS_STRUCT(UserIdentity, (username, Username), (scope, Scope), (elevation, Elevation))
WINDLASS_STRUCT(ResourceFile, (http_url, HttpUrl), (storage_container_url, StorageContainerUrl),
                (auto_storage_container_name, AutoStorageContainerName), (blob_prefix, BlobPrefix),
                (file_path, FilePath), (file_mode, FileMode))
WINDLASS_STRUCT(OutputFile, (file_pattern, FilePattern), (path, Path),
                (container_url, ContainerUrl), (upload_headers, UploadHeaders),
                (condition, Condition))
WINDLASS_STRUCT(FailureInfo, (category, Category), (code, Code), (message, Message),
                (details, Details))
WINDLASS_STRUCT(Conditions, (if_match, IfMatch), (if_none_match, IfNoneMatch),
                (if_modified_since, IfModifiedSince), (if_unmodified_since, IfUnmodifiedSince))

// ---- usage -----------------------------------------------------------------------------------

WINDLASS_STRUCT(ResourceUsage, (user_cpu_time, UserCpuTime), (kernel_cpu_time, KernelCpuTime),
                (read_operations, ReadOperations), (write_operations, WriteOperations),
                (read_bytes, ReadBytes), (write_bytes, WriteBytes))
WINDLASS_STRUCT(WorkUsage, (resources, Resources), (wall_clock_time, WallClockTime),
                (wait_time, WaitTime), (tasks_succeeded, TasksSucceeded),
                (tasks_failed, TasksFailed), (task_retries, TaskRetries))
WINDLASS_STRUCT(NodeTime, (ended, Ended), (nodes, Nodes), (begun_ms, BegunMs))

// ---- pools and nodes -----------------------------------------------------------------------

WINDLASS_STRUCT(StartTask, (command_line, CommandLine), (resource_files, ResourceFiles),
                (environment_settings, EnvironmentSettings), (user_identity, UserIdentity),
                (retries_max, RetriesMax), (wait_for_success, WaitForSuccess))
WINDLASS_STRUCT(PoolSpec, (id, Id), (display_name, DisplayName), (vm_size, VmSize),
                (resize_timeout, ResizeTimeout), (target_dedicated_nodes, TargetDedicatedNodes),
                (target_spot_nodes, TargetSpotNodes),
                (enable_inter_node_communication, EnableInterNodeCommunication),
                (task_slots_per_node, TaskSlotsPerNode), (fill_type, FillType),
                (job_default_order, JobDefaultOrder), (start_task, StartTask), (metadata, Metadata),
                (target_node_communication_mode, TargetNodeCommunicationMode),
                (kept_json, KeptJson))
WINDLASS_STRUCT(ResizeError, (code, Code), (message, Message), (values, Values))
WINDLASS_STRUCT(PoolRecord, (account, Account), (seq, Seq), (spec, Spec), (version.event, Event),
                (version.last_modified, LastModified), (creation_time, CreationTime),
                (state, State), (state_time, StateTime), (allocation_state, AllocationState),
                (allocation_state_time, AllocationStateTime), (resize_errors, ResizeErrors),
                (resize_started, ResizeStarted), (resize_timeout_now, ResizeTimeoutNow),
                (deallocation, Deallocation), (delete_at, DeleteAt),
                (node_time_ended, NodeTimeEnded))
WINDLASS_STRUCT(PoolView, (record, Record), (current_dedicated_nodes, CurrentDedicatedNodes),
                (current_spot_nodes, CurrentSpotNodes), (node_time, NodeTime))
WINDLASS_STRUCT(StartTaskInfo, (state, State), (start_time, StartTime), (end_time, EndTime),
                (exit_code, ExitCode), (failure, Failure), (retry_count, RetryCount),
                (last_retry_time, LastRetryTime), (result, Result))
WINDLASS_STRUCT(NodeError, (code, Code), (message, Message), (details, Details))
WINDLASS_STRUCT(TaskKey, (job, Job), (task, Task))
WINDLASS_STRUCT(NodeRecord, (id, Id), (pool, Pool), (seq, Seq), (worker, Worker), (boot, Boot),
                (claim, Claim), (dedicated, Dedicated), (ip_address, IpAddress), (state, State),
                (state_time, StateTime), (scheduling_state, SchedulingState), (draining, Draining),
                (allocation_time, AllocationTime), (last_boot_time, LastBootTime),
                (total_tasks_run, TotalTasksRun), (total_tasks_succeeded, TotalTasksSucceeded),
                (start_task_info, StartTaskInfo), (errors, Errors), (emptying, Emptying),
                (restarts_wanted, RestartsWanted), (restarts_begun, RestartsBegun),
                (restart, Restart), (recent_tasks, RecentTasks), (agent_version, AgentVersion),
                (agent_time, AgentTime), (boot_wiped, BootWiped))
// Counts by state are an array, in the order of the enum; states that a peer does not know yet stay
// zero.
template <>
struct Codec<NodeCounts> {
  template <class B>
  static void put(B b, const NodeCounts& v) {
    auto list = b.initByState(kNodeStatesTotal);
    for (int i = 0; i < kNodeStatesTotal; ++i) list.set(static_cast<unsigned>(i), v.by_state[i]);
    b.setTotal(v.total);
  }
  template <class R>
  static void take(R r, NodeCounts& v) {
    const auto list = r.getByState();
    for (unsigned i = 0; i < list.size() && i < kNodeStatesTotal; ++i) v.by_state[i] = list[i];
    v.total = r.getTotal();
  }
};
WINDLASS_STRUCT(PoolNodeCounts, (pool_id, PoolId), (dedicated, Dedicated), (spot, Spot))

// ---- tasks ---------------------------------------------------------------------------------

WINDLASS_STRUCT(ExitRule, (condition, Condition), (first, First), (last, Last),
                (job_action, JobAction), (dependency_action, DependencyAction))
WINDLASS_STRUCT(TaskIdRange, (start, Start), (end, End))
WINDLASS_STRUCT(MultiInstanceSettings, (instances, Instances),
                (coordination_command_line, CoordinationCommandLine),
                (common_resource_files, CommonResourceFiles))
WINDLASS_STRUCT(TaskDocument, (display_name, DisplayName), (command_line, CommandLine),
                (resource_files, ResourceFiles), (output_files, OutputFiles),
                (environment_settings, EnvironmentSettings), (user_identity, UserIdentity),
                (depends_on_ids, DependsOnIds), (depends_on_ranges, DependsOnRanges),
                (affinity_id, AffinityId), (multi_instance, MultiInstance), (kept_json, KeptJson),
                (job_access, JobAccess), (token_secret, TokenSecret))
WINDLASS_STRUCT(TaskConstraints, (retries_max, RetriesMax), (max_wall_clock_time, MaxWallClockTime),
                (retention_time, RetentionTime))
WINDLASS_STRUCT(NewTask, (id, Id), (required_slots, RequiredSlots), (retries_max, RetriesMax),
                (max_wall_clock_time, MaxWallClockTime), (retention_time, RetentionTime),
                (depends_on_ids, DependsOnIds), (depends_on_ranges, DependsOnRanges),
                (exit_rules, ExitRules), (affinity_id, AffinityId), (instances, Instances),
                (document, Document))
WINDLASS_STRUCT(TaskNode, (pool_id, PoolId), (node_id, NodeId), (worker, Worker))
WINDLASS_STRUCT(Subtask, (state, State), (state_time, StateTime), (previous_state, PreviousState),
                (previous_state_time, PreviousStateTime), (node, Node), (ready, Ready),
                (start_time, StartTime), (end_time, EndTime), (exit_code, ExitCode),
                (failure, Failure), (result, Result))
WINDLASS_STRUCT(TaskRecord, (id, Id), (key.job, JobSeq), (key.task, TaskSeq),
                (version.event, Event), (version.last_modified, LastModified),
                (creation_time, CreationTime), (state, State), (state_time, StateTime),
                (previous_state, PreviousState), (previous_state_time, PreviousStateTime),
                (required_slots, RequiredSlots), (constraints, Constraints), (attempt, Attempt),
                (retry_count, RetryCount), (requeue_count, RequeueCount), (start_time, StartTime),
                (end_time, EndTime), (exit_code, ExitCode), (failure, Failure), (result, Result),
                (last_retry_time, LastRetryTime), (last_requeue_time, LastRequeueTime),
                (node, Node), (exit_rules, ExitRules), (satisfies_dependents, SatisfiesDependents),
                (usage.resources, Usage), (usage.earlier_wall_clock_time, EarlierWallClockTime),
                (instances, Instances), (coordinated, Coordinated), (subtasks, Subtasks))
WINDLASS_STRUCT(RecentTask, (job_id, JobId), (task, Task), (subtask, Subtask))
WINDLASS_STRUCT(NodeView, (record, Record), (pool_id, PoolId), (vm_size, VmSize),
                (start_task, StartTask), (running_tasks, RunningTasks),
                (running_task_slots, RunningTaskSlots), (recent_tasks, RecentTasks))
WINDLASS_STRUCT(TaskView, (record, Record), (document, Document))
WINDLASS_STRUCT(AttemptId, (shard, Shard), (attempt, Attempt), (task.job, Job), (task.task, Task))

// ---- jobs ----------------------------------------------------------------------------------

WINDLASS_STRUCT(JobConstraints, (max_wall_clock_time, MaxWallClockTime),
                (task_retries_max, TaskRetriesMax))
WINDLASS_STRUCT(JobManagerTask, (task, Task), (kill_job_on_completion, KillJobOnCompletion),
                (run_exclusive, RunExclusive), (allow_spot_node, AllowSpotNode))
WINDLASS_STRUCT(JobPreparationTask, (id, Id), (constraints, Constraints),
                (wait_for_success, WaitForSuccess),
                (rerun_on_node_reboot_after_success, RerunOnNodeRebootAfterSuccess),
                (document, Document))
WINDLASS_STRUCT(JobReleaseTask, (id, Id), (max_wall_clock_time, MaxWallClockTime),
                (retention_time, RetentionTime), (document, Document))
WINDLASS_STRUCT(AutoPoolSpec, (id_prefix, IdPrefix), (lifetime, Lifetime), (keep_alive, KeepAlive),
                (pool, Pool))
WINDLASS_STRUCT(JobSpec, (id, Id), (display_name, DisplayName), (pool_id, PoolId),
                (priority, Priority), (parallel_tasks_max, ParallelTasksMax),
                (uses_task_dependencies, UsesTaskDependencies),
                (on_all_tasks_complete, OnAllTasksComplete), (on_task_failure, OnTaskFailure),
                (constraints, Constraints),
                (common_environment_settings, CommonEnvironmentSettings), (metadata, Metadata),
                (kept_json, KeptJson), (manager_task, ManagerTask),
                (preparation_task, PreparationTask), (release_task, ReleaseTask),
                (auto_pool, AutoPool), (allow_task_preemption, AllowTaskPreemption))
WINDLASS_STRUCT(JobChange, (priority, Priority), (parallel_tasks_max, ParallelTasksMax),
                (on_all_tasks_complete, OnAllTasksComplete), (constraints, Constraints),
                (pool_id, PoolId), (metadata, Metadata), (auto_pool, AutoPool),
                (allow_task_preemption, AllowTaskPreemption))
WINDLASS_STRUCT(Schedule, (do_not_run_until, DoNotRunUntil), (do_not_run_after, DoNotRunAfter),
                (start_window, StartWindow), (recurrence_interval, RecurrenceInterval))
WINDLASS_STRUCT(JobScheduleSpec, (id, Id), (display_name, DisplayName), (schedule, Schedule),
                (job, Job), (metadata, Metadata))
WINDLASS_STRUCT(CertificateRecord, (account, Account), (thumbprint, Thumbprint),
                (public_data, PublicData), (version.event, Event),
                (version.last_modified, LastModified), (creation_time, CreationTime))
WINDLASS_STRUCT(JobScheduleRecord, (account, Account), (seq, Seq), (spec, Spec),
                (version.event, Event), (version.last_modified, LastModified),
                (creation_time, CreationTime), (state, State), (state_time, StateTime),
                (previous_state, PreviousState), (previous_state_time, PreviousStateTime),
                (end_time, EndTime), (next_run, NextRun), (last_run, LastRun),
                (jobs_made, JobsMade), (job_active, JobActive), (pool_id, PoolId),
                (pool_outdated, PoolOutdated), (jobs_deleted_through, JobsDeletedThrough),
                (job_told, JobTold), (forced, Forced))
WINDLASS_STRUCT(StateCounts, (active, Active), (running, Running), (succeeded, Succeeded),
                (failed, Failed))
WINDLASS_STRUCT(TaskCounts, (tasks, Tasks), (slots, Slots))
WINDLASS_STRUCT(JobRecord, (account, Account), (seq, Seq), (incarnation, Incarnation), (spec, Spec),
                (version.event, Event), (version.last_modified, LastModified),
                (creation_time, CreationTime), (state, State), (state_time, StateTime),
                (previous_state, PreviousState), (previous_state_time, PreviousStateTime),
                (end_time, EndTime), (terminate_reason, TerminateReason),
                (disable_tasks, DisableTasks), (next_task, NextTask), (counts, Counts),
                (usage, Usage), (forced, Forced))
WINDLASS_STRUCT(NodeTaskRun, (state, State), (attempt, Attempt), (judged, Judged),
                (start_time, StartTime), (end_time, EndTime), (exit_code, ExitCode),
                (failure, Failure), (retry_count, RetryCount), (last_retry_time, LastRetryTime),
                (result, Result))
WINDLASS_STRUCT(JobNodeRecord, (job, Job), (node, Node), (pool_id, PoolId), (node_id, NodeId),
                (boot, Boot), (preparation, Preparation), (release, Release),
                (release_skipped, ReleaseSkipped))
WINDLASS_STRUCT(JobNodeView, (record, Record), (preparation_id, PreparationId),
                (release_id, ReleaseId))

}  // namespace windlass::codec
