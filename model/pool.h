// Pools and their nodes: what clients ask for (PoolSpec), what a shard keeps (records), and what it
// answers (views).
#pragma once

#include "model/common.h"
#include "model/task.h"
#include "model/usage.h"

#include <string>
#include <vector>

namespace windlass {

enum class PoolState : std::uint8_t { active, deleting };
enum class AllocationState : std::uint8_t { steady, resizing, stopping };
enum class NodeFillType : std::uint8_t { spread, pack };
enum class JobDefaultOrder : std::uint8_t { none, creationtime };  // of jobs of one priority
enum class NodeDeallocationOption : std::uint8_t {
  requeue,
  terminate,
  taskcompletion,
  retaineddata
};

struct StartTask {
  std::string command_line;
  std::vector<ResourceFile> resource_files;
  std::vector<EnvironmentSetting> environment_settings;
  std::optional<UserIdentity> user_identity;
  std::int32_t retries_max = 0;  // maxTaskRetryCount; -1: no limit
  bool wait_for_success = true;
  bool operator==(const StartTask&) const = default;
};

struct PoolSpec {
  std::string id;
  std::optional<std::string> display_name;
  std::string vm_size;
  Duration resize_timeout = std::chrono::minutes(15);
  std::int32_t target_dedicated_nodes = 0;
  std::int32_t target_spot_nodes = 0;  // targetLowPriorityNodes on the wire
  bool enable_inter_node_communication = false;
  SlotCount task_slots_per_node = 1;
  NodeFillType fill_type = NodeFillType::spread;
  JobDefaultOrder job_default_order = JobDefaultOrder::none;
  std::optional<StartTask> start_task;
  std::vector<MetadataItem> metadata;
  std::string target_node_communication_mode;  // empty: default

  // A JSON object text with the members that the service keeps and returns as given
  // (virtualMachineConfiguration, networkConfiguration, ...), canonical names; empty: none.
  std::string kept_json;
  bool operator==(const PoolSpec&) const = default;
};

struct ResizeError {
  std::string code;
  std::string message;
  std::vector<NameValue> values;
  bool operator==(const ResizeError&) const = default;
};

struct PoolRecord {
  std::string account;
  PoolSeq seq = 0;
  PoolSpec spec;
  Version version;
  WallTime creation_time;
  PoolState state = PoolState::active;
  WallTime state_time;
  AllocationState allocation_state = AllocationState::steady;
  WallTime allocation_state_time;
  std::vector<ResizeError> resize_errors;

  // The resize under way. Wall time, because it survives a restart; waits use it only as a start.
  std::optional<WallTime> resize_started;
  Duration resize_timeout_now = std::chrono::minutes(15);  // of this resize
  NodeDeallocationOption deallocation = NodeDeallocationOption::requeue;

  std::optional<WallTime> delete_at;  // an auto pool whose job has ended
  Duration node_time_ended{};         // of dedicated nodes that have left
  bool operator==(const PoolRecord&) const = default;
};

struct PoolView {
  PoolRecord record;
  std::int32_t current_dedicated_nodes = 0;
  std::int32_t current_spot_nodes = 0;
  NodeTime node_time;
  bool operator==(const PoolView&) const = default;
};

enum class NodeState : std::uint8_t {
  creating,
  starting,
  waitingforstarttask,
  starttaskfailed,
  idle,
  running,
  offline,
  rebooting,
  reimaging,
  leavingpool,
  unknown,
  unusable,
  preempted,
  deallocating,
  deallocated
};
inline constexpr int kNodeStatesTotal = 15;

// The ways in which a node begins anew. Reimaging and deallocation wipe its folders; one that is
// deallocated stays a node of its pool and does nothing until it is started.
enum class NodeRestart : std::uint8_t { reboot, reimage, deallocate, start };

enum class SchedulingState : std::uint8_t { enabled, disabled };
// What becomes of the tasks of a node that takes no more.
enum class NodeDisableSchedulingOption : std::uint8_t { requeue, terminate, taskcompletion };
enum class StartTaskState : std::uint8_t { running, completed };

struct StartTaskInfo {
  StartTaskState state = StartTaskState::running;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int32_t> exit_code;
  std::optional<FailureInfo> failure;
  std::int32_t retry_count = 0;
  std::optional<WallTime> last_retry_time;
  std::optional<ExecutionResult> result;
  bool operator==(const StartTaskInfo&) const = default;
};

struct NodeError {
  std::string code;
  std::string message;
  std::vector<NameValue> details;
  bool operator==(const NodeError&) const = default;
};

struct NodeRecord {
  std::string id;  // opaque: tvmps_<hex>_d or _p
  PoolSeq pool = 0;
  NodeSeq seq = 0;
  std::uint64_t worker = 0;      // stable id of the worker that speaks for it
  std::uint64_t boot = 0;        // raised by the worker each time the node starts afresh
  std::uint64_t boot_wiped = 0;  // the last one that began with nothing of before on the node
  ClaimId claim = 0;
  bool dedicated = true;
  std::string ip_address;
  NodeState state = NodeState::starting;
  WallTime state_time;
  SchedulingState scheduling_state = SchedulingState::enabled;
  // On its way out (shrink, removal, pool deletion): takes no new task; leavingpool once it is
  // empty.
  bool draining = false;
  // What becomes of its tasks while it drains or waits for its restart.
  NodeDeallocationOption emptying = NodeDeallocationOption::requeue;
  // The newest restart asked for, and the newest that its worker has begun: as long as they differ
  // the worker's word on the node is about a time before. Numbers of their own, because a boot is
  // also the host's, which knows nothing of what is asked here.
  std::uint64_t restarts_wanted = 0;
  std::uint64_t restarts_begun = 0;
  NodeRestart restart = NodeRestart::reboot;  // the newest
  WallTime allocation_time;
  WallTime last_boot_time;
  std::uint64_t total_tasks_run = 0;
  std::uint64_t total_tasks_succeeded = 0;
  std::optional<StartTaskInfo> start_task_info;
  std::vector<NodeError> errors;
  std::vector<TaskKey> recent_tasks;  // whose state changed here last; the newest at the end
  std::string agent_version;          // of the worker; empty: not said yet
  WallTime agent_time;                // since when
  bool operator==(const NodeRecord&) const = default;
};
inline constexpr std::size_t kRecentTasksMax = 10;

// The record of a task that changed on a node lately, as far as it is still there.
struct RecentTask {
  std::string job_id;
  TaskRecord task;
  std::int32_t subtask = 0;  // which instance of it was there; 0: the primary, or the only one
  bool operator==(const RecentTask&) const = default;
};

struct NodeView {
  NodeRecord record;
  std::string pool_id;
  std::string vm_size;
  std::optional<StartTask> start_task;
  std::int32_t running_tasks = 0;
  SlotCount running_task_slots = 0;
  std::vector<RecentTask> recent_tasks;  // the newest first
  bool operator==(const NodeView&) const = default;
};

// Counts by NodeState, in its order.
struct NodeCounts {
  std::int32_t by_state[kNodeStatesTotal] = {};
  std::int32_t total = 0;
  bool operator==(const NodeCounts&) const = default;
};

struct PoolNodeCounts {
  std::string pool_id;
  NodeCounts dedicated;
  NodeCounts spot;
  bool operator==(const PoolNodeCounts&) const = default;
};

}  // namespace windlass
