// What a gateway asks of a shard: commands (wishes that change something) and questions (reads).
// Both travel the same road and are handled in the order of arrival.
#pragma once

#include "model/certificate.h"
#include "model/error.h"
#include "model/job.h"
#include "model/job_schedule.h"
#include "model/pool.h"
#include "model/task.h"

#include <variant>

namespace windlass {

// ---- commands ------------------------------------------------------------------------------

struct AddPool {
  PoolSpec spec;
  bool operator==(const AddPool&) const = default;
};
struct DeletePool {
  std::string pool_id;
  Conditions conditions;
  bool operator==(const DeletePool&) const = default;
};

// Members given replace whole; absent ones stay. Those behind the first three change only while the
// pool has no nodes.
struct PatchPool {
  std::string pool_id;
  Conditions conditions;
  std::optional<StartTask> start_task;
  std::optional<std::vector<MetadataItem>> metadata;
  std::optional<std::string> target_node_communication_mode;
  std::optional<std::string> display_name;
  std::optional<std::string> vm_size;
  std::optional<bool> enable_inter_node_communication;
  std::optional<SlotCount> task_slots_per_node;
  std::optional<NodeFillType> fill_type;
  std::optional<JobDefaultOrder> job_default_order;
  std::string kept_json;  // members that replace those of the same names in the pool's own
  bool operator==(const PatchPool&) const = default;
};
// All of these are replaced; what is absent here the pool has no more.
struct ReplacePoolProperties {
  std::string pool_id;
  std::optional<StartTask> start_task;
  std::vector<MetadataItem> metadata;
  std::string target_node_communication_mode;
  bool operator==(const ReplacePoolProperties&) const = default;
};

struct ResizePool {
  std::string pool_id;
  Conditions conditions;
  std::optional<std::int32_t> target_dedicated_nodes;
  std::optional<std::int32_t> target_spot_nodes;
  std::optional<Duration> resize_timeout;
  NodeDeallocationOption deallocation = NodeDeallocationOption::requeue;
  bool operator==(const ResizePool&) const = default;
};
struct StopResize {
  std::string pool_id;
  Conditions conditions;
  bool operator==(const StopResize&) const = default;
};

inline constexpr std::size_t kRemovedNodesMax = 100;
struct RemoveNodes {
  std::string pool_id;
  Conditions conditions;
  std::vector<std::string> node_ids;
  std::optional<Duration> resize_timeout;
  NodeDeallocationOption deallocation = NodeDeallocationOption::requeue;
  bool operator==(const RemoveNodes&) const = default;
};

struct DisableNodeScheduling {
  std::string pool_id;
  std::string node_id;
  NodeDisableSchedulingOption option = NodeDisableSchedulingOption::requeue;
  bool operator==(const DisableNodeScheduling&) const = default;
};
struct EnableNodeScheduling {
  std::string pool_id;
  std::string node_id;
  bool operator==(const EnableNodeScheduling&) const = default;
};

struct RestartNode {
  std::string pool_id;
  std::string node_id;
  NodeRestart restart = NodeRestart::reboot;
  NodeDeallocationOption option = NodeDeallocationOption::requeue;  // what becomes of its tasks
  bool operator==(const RestartNode&) const = default;
};

// Goes to the job's home shard (the one its id hashes to), which reserves the id first.
struct AddJob {
  JobSpec spec;
  bool operator==(const AddJob&) const = default;
};

// The rest of a job's commands go to the shard that holds it: that of its pool.
struct DeleteJob {
  std::string job_id;
  Conditions conditions;
  bool force = false;  // gone without waiting for what still ends on nodes
  bool operator==(const DeleteJob&) const = default;
};
struct TerminateJob {
  std::string job_id;
  Conditions conditions;
  std::string reason;
  bool force = false;  // completed at once, whatever still ends on nodes
  bool operator==(const TerminateJob&) const = default;
};
struct DisableJob {
  std::string job_id;
  Conditions conditions;
  DisableTasks disable_tasks = DisableTasks::requeue;
  bool operator==(const DisableJob&) const = default;
};
struct EnableJob {
  std::string job_id;
  Conditions conditions;
  bool operator==(const EnableJob&) const = default;
};
struct ChangeJob {
  std::string job_id;
  Conditions conditions;
  JobChange change;
  bool replace = false;  // PUT
  bool operator==(const ChangeJob&) const = default;
};

// Those of a job schedule go to the shard that its id hashes to, which keeps it.
struct AddJobSchedule {
  JobScheduleSpec spec;
  bool operator==(const AddJobSchedule&) const = default;
};
struct DeleteJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  bool force = false;  // its jobs, as DeleteJob
  bool operator==(const DeleteJobSchedule&) const = default;
};
struct TerminateJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  bool force = false;  // its job, as TerminateJob
  bool operator==(const TerminateJobSchedule&) const = default;
};
struct DisableJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  bool operator==(const DisableJobSchedule&) const = default;
};
struct EnableJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  bool operator==(const EnableJobSchedule&) const = default;
};
// Members given replace whole; absent ones stay. (PUT: the gateway fills in every member.)
struct ChangeJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  std::optional<Schedule> schedule;
  std::optional<JobSpec> job;
  std::optional<std::vector<MetadataItem>> metadata;
  bool operator==(const ChangeJobSchedule&) const = default;
};

// Those of certificates go to the shard that keeps them all.
struct AddCertificate {
  std::string thumbprint;
  std::string public_data;  // DER
  bool operator==(const AddCertificate&) const = default;
};
struct DeleteCertificate {
  std::string thumbprint;
  bool operator==(const DeleteCertificate&) const = default;
};
struct CancelCertificateDeletion {
  std::string thumbprint;
  bool operator==(const CancelCertificateDeletion&) const = default;
};

// Each task succeeds or fails alone; the answer has one outcome for each, in order.
struct AddTasks {
  std::string job_id;
  std::vector<NewTask> tasks;
  bool operator==(const AddTasks&) const = default;
};
struct DeleteTask {
  std::string job_id;
  std::string task_id;
  Conditions conditions;
  bool operator==(const DeleteTask&) const = default;
};
struct TerminateTask {
  std::string job_id;
  std::string task_id;
  Conditions conditions;
  bool operator==(const TerminateTask&) const = default;
};
// An ended task that did not succeed runs again, with all its retries.
struct ReactivateTask {
  std::string job_id;
  std::string task_id;
  Conditions conditions;
  bool operator==(const ReactivateTask&) const = default;
};
struct ChangeTask {
  std::string job_id;
  std::string task_id;
  Conditions conditions;
  TaskConstraints constraints;
  std::optional<std::int32_t> retries_max;
  bool operator==(const ChangeTask&) const = default;
};

// ---- questions -----------------------------------------------------------------------------

// A page of a list in ascending lower-cased id order.
struct PageRequest {
  std::string after;  // lower-cased id of the last entry seen; empty: from the start
  std::uint32_t entries_max = 1000;
  std::string filter;  // $filter as written; already checked by the gateway
  bool documents =
      true;  // tasks: whether the documents are wanted (not when $select leaves them out)
  bool operator==(const PageRequest&) const = default;
};

struct GetPool {
  std::string pool_id;
  Conditions conditions;
  bool operator==(const GetPool&) const = default;
};
struct ListPools {
  PageRequest page;
  bool operator==(const ListPools&) const = default;
};
struct GetNode {
  std::string pool_id;
  std::string node_id;
  bool operator==(const GetNode&) const = default;
};
struct ListNodes {
  std::string pool_id;
  PageRequest page;
  bool operator==(const ListNodes&) const = default;
};
struct ListNodeCounts {
  PageRequest page;
  bool operator==(const ListNodeCounts&) const = default;
};
struct FindJob {
  std::string job_id;
  bool operator==(const FindJob&) const = default;
};  // to the home shard: who holds it?
struct GetJob {
  std::string job_id;
  Conditions conditions;
  bool operator==(const GetJob&) const = default;
};
struct ListJobs {
  PageRequest page;
  std::string schedule_id;  // only the jobs of this schedule; empty: all
  bool operator==(const ListJobs&) const = default;
};
struct GetJobSchedule {
  std::string schedule_id;
  Conditions conditions;
  bool operator==(const GetJobSchedule&) const = default;
};
struct ListJobSchedules {
  PageRequest page;
  bool operator==(const ListJobSchedules&) const = default;
};
struct GetCertificate {
  std::string thumbprint;
  bool operator==(const GetCertificate&) const = default;
};
struct ListCertificates {
  PageRequest page;
  bool operator==(const ListCertificates&) const = default;
};
struct GetTask {
  std::string job_id;
  std::string task_id;
  Conditions conditions;
  bool operator==(const GetTask&) const = default;
};
struct ListTasks {
  std::string job_id;
  PageRequest page;
  bool operator==(const ListTasks&) const = default;
};
struct GetTaskCounts {
  std::string job_id;
  bool operator==(const GetTaskCounts&) const = default;
};
// Preparation and release of a job on each node that had them, in the order of node ids.
struct ListJobNodes {
  std::string job_id;
  PageRequest page;
  bool operator==(const ListJobNodes&) const = default;
};
// Where the files of a task or a node are: the worker process to ask, and the folder.
struct FindTaskFiles {
  std::string job_id;
  std::string task_id;
  bool operator==(const FindTaskFiles&) const = default;
};
struct FindNodeFiles {
  std::string pool_id;
  std::string node_id;
  bool operator==(const FindNodeFiles&) const = default;
};

// What the account has ever had on this shard.
struct GetLifetimeStatistics {
  bool operator==(const GetLifetimeStatistics&) const = default;
};

using Request = std::variant<
    AddPool, DeletePool, PatchPool, ReplacePoolProperties, ResizePool, StopResize, RemoveNodes,
    DisableNodeScheduling, EnableNodeScheduling, RestartNode, AddJob, DeleteJob, TerminateJob,
    DisableJob, EnableJob, ChangeJob, AddJobSchedule, DeleteJobSchedule, TerminateJobSchedule,
    DisableJobSchedule, EnableJobSchedule, ChangeJobSchedule, AddCertificate, DeleteCertificate,
    CancelCertificateDeletion, AddTasks, DeleteTask, TerminateTask, ReactivateTask, ChangeTask,
    GetPool, ListPools, GetNode, ListNodes, ListNodeCounts, FindJob, GetJob, ListJobs,
    GetJobSchedule, ListJobSchedules, GetTask, ListTasks, GetTaskCounts, FindTaskFiles,
    FindNodeFiles, ListJobNodes, GetLifetimeStatistics, GetCertificate, ListCertificates>;

// Commands are kept until recorded once; questions may be asked again.
inline bool changes_something(const Request& request) {
  static const std::size_t last = Request(ChangeTask{}).index();
  return request.index() <= last;
}

struct Command {
  std::string account;
  Request request;
  bool operator==(const Command&) const = default;
};

// ---- answers -------------------------------------------------------------------------------

struct Done {
  Version version;
  bool operator==(const Done&) const = default;
};
// The job was made on `shard`, which is the one to ask about it.
struct JobMadeAt {
  ShardId shard = 0;
  Version version;
  bool operator==(const JobMadeAt&) const = default;
};
// This shard does not hold the job: ask its home shard again (the gateway's cache was old).
struct NotHere {
  bool operator==(const NotHere&) const = default;
};

struct TaskOutcome {
  std::optional<Error> error;
  Version version;  // when added
  bool operator==(const TaskOutcome&) const = default;
};
struct TasksAdded {
  std::vector<TaskOutcome> outcomes;
  bool operator==(const TasksAdded&) const = default;
};

template <class View>
struct Page {
  std::vector<View> entries;
  // Present: more may follow; ask with this as `after` (a page may be short, even empty).
  std::optional<std::string> next;
  bool operator==(const Page&) const = default;
};

struct JobFound {
  ShardId shard = 0;
  bool operator==(const JobFound&) const = default;
};
struct FilesFound {
  InstanceId worker = 0;  // the process to ask over the bulk road; 0: not connected now
  std::string node_id;
  std::string folder;  // relative to the node's root; empty: the root
  bool operator==(const FilesFound&) const = default;
};

using Answer =
    std::variant<Error, NotHere, Done, TasksAdded, PoolView, Page<PoolView>, NodeView,
                 Page<NodeView>, Page<PoolNodeCounts>, JobFound, JobRecord, Page<JobRecord>,
                 TaskView, Page<TaskView>, TaskCounts, FilesFound, JobMadeAt, JobScheduleRecord,
                 Page<JobScheduleRecord>, Page<JobNodeView>, LifetimeUsage, CertificateRecord,
                 Page<CertificateRecord>>;

}  // namespace windlass
