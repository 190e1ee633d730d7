#include "schema/codec/command.h"

#include "schema/codec/shapes.h"
#include "schema/command.capnp.h"

namespace windlass::codec {

// ---- requests ------------------------------------------------------------------------------

WINDLASS_STRUCT(AddPool, (spec, Spec))
WINDLASS_STRUCT(DeletePool, (pool_id, PoolId), (conditions, Conditions))
WINDLASS_STRUCT(PatchPool, (pool_id, PoolId), (conditions, Conditions), (start_task, StartTask),
                (metadata, Metadata), (target_node_communication_mode, TargetNodeCommunicationMode),
                (display_name, DisplayName), (vm_size, VmSize),
                (enable_inter_node_communication, EnableInterNodeCommunication),
                (task_slots_per_node, TaskSlotsPerNode), (fill_type, FillType),
                (job_default_order, JobDefaultOrder), (kept_json, KeptJson))
WINDLASS_STRUCT(ReplacePoolProperties, (pool_id, PoolId), (start_task, StartTask),
                (metadata, Metadata), (target_node_communication_mode, TargetNodeCommunicationMode))
WINDLASS_STRUCT(RemoveNodes, (pool_id, PoolId), (conditions, Conditions), (node_ids, NodeIds),
                (resize_timeout, ResizeTimeout), (deallocation, Deallocation))
WINDLASS_STRUCT(RestartNode, (pool_id, PoolId), (node_id, NodeId), (restart, Restart),
                (option, Option))
WINDLASS_STRUCT(ResizePool, (pool_id, PoolId), (conditions, Conditions),
                (target_dedicated_nodes, TargetDedicatedNodes),
                (target_spot_nodes, TargetSpotNodes), (resize_timeout, ResizeTimeout),
                (deallocation, Deallocation))
WINDLASS_STRUCT(StopResize, (pool_id, PoolId), (conditions, Conditions))
WINDLASS_STRUCT(DisableNodeScheduling, (pool_id, PoolId), (node_id, NodeId), (option, Option))
WINDLASS_STRUCT(EnableNodeScheduling, (pool_id, PoolId), (node_id, NodeId))
WINDLASS_STRUCT(AddJob, (spec, Spec))
WINDLASS_STRUCT(DeleteJob, (job_id, JobId), (conditions, Conditions), (force, Force))
WINDLASS_STRUCT(TerminateJob, (job_id, JobId), (conditions, Conditions), (reason, Reason),
                (force, Force))
WINDLASS_STRUCT(DisableJob, (job_id, JobId), (conditions, Conditions),
                (disable_tasks, DisableTasks))
WINDLASS_STRUCT(EnableJob, (job_id, JobId), (conditions, Conditions))
WINDLASS_STRUCT(ChangeJob, (job_id, JobId), (conditions, Conditions), (change, Change),
                (replace, Replace))
WINDLASS_STRUCT(AddJobSchedule, (spec, Spec))
WINDLASS_STRUCT(DeleteJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions),
                (force, Force))
WINDLASS_STRUCT(TerminateJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions),
                (force, Force))
WINDLASS_STRUCT(DisableJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions))
WINDLASS_STRUCT(EnableJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions))
WINDLASS_STRUCT(ChangeJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions),
                (schedule, Schedule), (job, Job), (metadata, Metadata))
WINDLASS_STRUCT(AddCertificate, (thumbprint, Thumbprint), (public_data, PublicData))
WINDLASS_STRUCT(DeleteCertificate, (thumbprint, Thumbprint))
WINDLASS_STRUCT(CancelCertificateDeletion, (thumbprint, Thumbprint))
WINDLASS_STRUCT(AddTasks, (job_id, JobId), (tasks, Tasks))
WINDLASS_STRUCT(DeleteTask, (job_id, JobId), (task_id, TaskId), (conditions, Conditions))
WINDLASS_STRUCT(TerminateTask, (job_id, JobId), (task_id, TaskId), (conditions, Conditions))
WINDLASS_STRUCT(ReactivateTask, (job_id, JobId), (task_id, TaskId), (conditions, Conditions))
WINDLASS_STRUCT(ChangeTask, (job_id, JobId), (task_id, TaskId), (conditions, Conditions),
                (constraints, Constraints), (retries_max, RetriesMax))

WINDLASS_STRUCT(PageRequest, (after, After), (entries_max, EntriesMax), (filter, Filter),
                (documents, Documents))
WINDLASS_STRUCT(GetPool, (pool_id, PoolId), (conditions, Conditions))
WINDLASS_STRUCT(ListPools, (page, Page))
WINDLASS_STRUCT(GetNode, (pool_id, PoolId), (node_id, NodeId))
WINDLASS_STRUCT(ListNodes, (pool_id, PoolId), (page, Page))
WINDLASS_STRUCT(ListNodeCounts, (page, Page))
WINDLASS_STRUCT(FindJob, (job_id, JobId))
WINDLASS_STRUCT(GetJob, (job_id, JobId), (conditions, Conditions))
WINDLASS_STRUCT(ListJobs, (page, Page), (schedule_id, ScheduleId))
WINDLASS_STRUCT(GetJobSchedule, (schedule_id, ScheduleId), (conditions, Conditions))
WINDLASS_STRUCT(ListJobSchedules, (page, Page))
WINDLASS_STRUCT(GetCertificate, (thumbprint, Thumbprint))
WINDLASS_STRUCT(ListCertificates, (page, Page))
WINDLASS_STRUCT(GetTask, (job_id, JobId), (task_id, TaskId), (conditions, Conditions))
WINDLASS_STRUCT(ListTasks, (job_id, JobId), (page, Page))
WINDLASS_STRUCT(GetTaskCounts, (job_id, JobId))
WINDLASS_STRUCT(ListJobNodes, (job_id, JobId), (page, Page))
WINDLASS_STRUCT(FindTaskFiles, (job_id, JobId), (task_id, TaskId))
WINDLASS_STRUCT(FindNodeFiles, (pool_id, PoolId), (node_id, NodeId))

WINDLASS_STRUCT(GetLifetimeStatistics)

WINDLASS_VARIANT(
    Request, wire::Request, (AddPool, AddPool, ADD_POOL), (DeletePool, DeletePool, DELETE_POOL),
    (PatchPool, PatchPool, PATCH_POOL),
    (ReplacePoolProperties, ReplacePoolProperties, REPLACE_POOL_PROPERTIES),
    (RemoveNodes, RemoveNodes, REMOVE_NODES), (RestartNode, RestartNode, RESTART_NODE),
    (ResizePool, ResizePool, RESIZE_POOL), (StopResize, StopResize, STOP_RESIZE),
    (DisableNodeScheduling, DisableNodeScheduling, DISABLE_NODE_SCHEDULING),
    (EnableNodeScheduling, EnableNodeScheduling, ENABLE_NODE_SCHEDULING), (AddJob, AddJob, ADD_JOB),
    (DeleteJob, DeleteJob, DELETE_JOB), (TerminateJob, TerminateJob, TERMINATE_JOB),
    (DisableJob, DisableJob, DISABLE_JOB), (EnableJob, EnableJob, ENABLE_JOB),
    (ChangeJob, ChangeJob, CHANGE_JOB), (AddJobSchedule, AddJobSchedule, ADD_JOB_SCHEDULE),
    (DeleteJobSchedule, DeleteJobSchedule, DELETE_JOB_SCHEDULE),
    (TerminateJobSchedule, TerminateJobSchedule, TERMINATE_JOB_SCHEDULE),
    (DisableJobSchedule, DisableJobSchedule, DISABLE_JOB_SCHEDULE),
    (EnableJobSchedule, EnableJobSchedule, ENABLE_JOB_SCHEDULE),
    (ChangeJobSchedule, ChangeJobSchedule, CHANGE_JOB_SCHEDULE),
    (AddCertificate, AddCertificate, ADD_CERTIFICATE),
    (DeleteCertificate, DeleteCertificate, DELETE_CERTIFICATE),
    (CancelCertificateDeletion, CancelCertificateDeletion, CANCEL_CERTIFICATE_DELETION),
    (GetCertificate, GetCertificate, GET_CERTIFICATE),
    (ListCertificates, ListCertificates, LIST_CERTIFICATES),
    (GetJobSchedule, GetJobSchedule, GET_JOB_SCHEDULE),
    (ListJobSchedules, ListJobSchedules, LIST_JOB_SCHEDULES), (AddTasks, AddTasks, ADD_TASKS),
    (DeleteTask, DeleteTask, DELETE_TASK), (TerminateTask, TerminateTask, TERMINATE_TASK),
    (ReactivateTask, ReactivateTask, REACTIVATE_TASK), (ChangeTask, ChangeTask, CHANGE_TASK),
    (GetPool, GetPool, GET_POOL), (ListPools, ListPools, LIST_POOLS), (GetNode, GetNode, GET_NODE),
    (ListNodes, ListNodes, LIST_NODES), (ListNodeCounts, ListNodeCounts, LIST_NODE_COUNTS),
    (FindJob, FindJob, FIND_JOB), (GetJob, GetJob, GET_JOB), (ListJobs, ListJobs, LIST_JOBS),
    (GetTask, GetTask, GET_TASK), (ListTasks, ListTasks, LIST_TASKS),
    (GetTaskCounts, GetTaskCounts, GET_TASK_COUNTS),
    (FindTaskFiles, FindTaskFiles, FIND_TASK_FILES),
    (FindNodeFiles, FindNodeFiles, FIND_NODE_FILES), (ListJobNodes, ListJobNodes, LIST_JOB_NODES),
    (GetLifetimeStatistics, GetLifetimeStatistics, GET_LIFETIME_STATISTICS))
WINDLASS_STRUCT(Command, (account, Account), (request, Request))

// ---- answers -------------------------------------------------------------------------------

WINDLASS_STRUCT(NotHere)
WINDLASS_STRUCT(Done, (version.event, Event), (version.last_modified, LastModified))
WINDLASS_STRUCT(JobMadeAt, (shard, Shard), (version.event, Event),
                (version.last_modified, LastModified))
WINDLASS_STRUCT(TaskOutcome, (error, Error), (version.event, Event),
                (version.last_modified, LastModified))
WINDLASS_STRUCT(TasksAdded, (outcomes, Outcomes))
template <class View>
struct Codec<Page<View>> {
  WINDLASS_FIELDS((entries, Entries), (next, Next))
};
WINDLASS_STRUCT(JobFound, (shard, Shard))
WINDLASS_STRUCT(FilesFound, (worker, Worker), (node_id, NodeId), (folder, Folder))

WINDLASS_STRUCT(LifetimeUsage, (since, Since), (work, Work), (node_time, NodeTime))

WINDLASS_VARIANT(Answer, wire::Answer, (Error, Error, ERROR), (NotHere, NotHere, NOT_HERE),
                 (Done, Done, DONE), (TasksAdded, TasksAdded, TASKS_ADDED), (PoolView, Pool, POOL),
                 (Page<PoolView>, Pools, POOLS), (NodeView, Node, NODE),
                 (Page<NodeView>, Nodes, NODES), (Page<PoolNodeCounts>, NodeCounts, NODE_COUNTS),
                 (JobFound, JobFound, JOB_FOUND), (JobRecord, Job, JOB),
                 (Page<JobRecord>, Jobs, JOBS), (TaskView, Task, TASK),
                 (Page<TaskView>, Tasks, TASKS), (TaskCounts, TaskCounts, TASK_COUNTS),
                 (FilesFound, FilesFound, FILES_FOUND), (JobMadeAt, JobMadeAt, JOB_MADE_AT),
                 (Page<JobNodeView>, JobNodes, JOB_NODES),
                 (JobScheduleRecord, JobSchedule, JOB_SCHEDULE),
                 (Page<JobScheduleRecord>, JobSchedules, JOB_SCHEDULES),
                 (CertificateRecord, Certificate, CERTIFICATE),
                 (Page<CertificateRecord>, Certificates, CERTIFICATES),
                 (LifetimeUsage, LifetimeUsage, LIFETIME_USAGE))

}  // namespace windlass::codec

namespace windlass {

std::string encode(const Command& value) {
  return codec::build<wire::Command>([&](auto root) { codec::Codec<Command>::put(root, value); });
}
Result<Command> decode_command(std::string_view bytes) {
  return codec::read<Command, wire::Command>(
      bytes, [](auto root, Command& value) { codec::Codec<Command>::take(root, value); });
}

std::string encode(const Answer& value) {
  return codec::build<wire::Answer>([&](auto root) { codec::Codec<Answer>::put(root, value); });
}
Result<Answer> decode_answer(std::string_view bytes) {
  return codec::read<Answer, wire::Answer>(
      bytes, [](auto root, Answer& value) { codec::Codec<Answer>::take(root, value); });
}

}  // namespace windlass
