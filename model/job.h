// Jobs: what clients ask for, what a shard keeps, what it answers.
#pragma once

#include "model/pool.h"
#include "model/task.h"
#include "model/usage.h"

#include <string>
#include <vector>

namespace windlass {

enum class JobState : std::uint8_t {
  active,
  disabling,
  disabled,
  enabling,
  terminating,
  completed,
  deleting
};
enum class DisableTasks : std::uint8_t { requeue, terminate, wait };
enum class OnAllTasksComplete : std::uint8_t { noaction, terminatejob };
enum class OnTaskFailure : std::uint8_t { noaction, performexitoptionsjobaction };

struct JobConstraints {
  Duration max_wall_clock_time = kInfinite;  // from creation
  std::int32_t task_retries_max = 0;         // -1: no limit
  bool operator==(const JobConstraints&) const = default;
};

// A task that is made with its job and steers it: the first one, before all others in its queue.
struct JobManagerTask {
  NewTask task;
  bool kill_job_on_completion = true;
  bool run_exclusive = true;    // no other task beside it on its node
  bool allow_spot_node = true;  // allowLowPriorityNode on the wire
  bool operator==(const JobManagerTask&) const = default;
};
inline constexpr TaskSeq kJobManagerSeq = 1;

// What runs on a node before the job's first task there.
struct JobPreparationTask {
  std::string id = "jobpreparation";
  TaskConstraints constraints;
  bool wait_for_success = true;
  bool rerun_on_node_reboot_after_success = true;
  std::string document;  // as of NewTask
  bool operator==(const JobPreparationTask&) const = default;
};

// What runs, when the job ends, on each node where its preparation ran. No retries.
struct JobReleaseTask {
  std::string id = "jobrelease";
  Duration max_wall_clock_time = std::chrono::minutes(15);  // and no more
  Duration retention_time = std::chrono::hours(24 * 7);
  std::string document;  // as of NewTask
  bool operator==(const JobReleaseTask&) const = default;
};

enum class PoolLifetime : std::uint8_t { jobschedule, job };  // poolLifetimeOption

// A pool that is made for a job, or for the jobs of a schedule, and goes with them.
struct AutoPoolSpec {
  std::string id_prefix;
  PoolLifetime lifetime = PoolLifetime::job;
  bool keep_alive = false;
  std::optional<PoolSpec> pool;  // its id is empty; absent only in changes, where it stays as it is
  bool operator==(const AutoPoolSpec&) const = default;
};

struct JobSpec {
  std::string id;
  std::optional<std::string> display_name;
  std::string pool_id;  // once the job is made, also that of its auto pool
  std::optional<AutoPoolSpec> auto_pool;
  std::int32_t priority = 0;             // -1000..1000, higher first
  std::int32_t parallel_tasks_max = -1;  // maxParallelTasks; -1: no limit
  bool allow_task_preemption = false;    // jobs of higher priority may have its tasks' places
  bool uses_task_dependencies = false;
  OnAllTasksComplete on_all_tasks_complete = OnAllTasksComplete::noaction;
  OnTaskFailure on_task_failure = OnTaskFailure::noaction;
  JobConstraints constraints;
  std::vector<EnvironmentSetting> common_environment_settings;
  std::vector<MetadataItem> metadata;
  std::string kept_json;  // as in PoolSpec: networkConfiguration
  std::optional<JobManagerTask> manager_task;
  std::optional<JobPreparationTask> preparation_task;
  std::optional<JobReleaseTask> release_task;  // only beside a preparation
  bool operator==(const JobSpec&) const = default;
};

// What PATCH and PUT may change. PATCH: absent = unchanged. PUT: the gateway fills in every member.
struct JobChange {
  std::optional<std::int32_t> priority;
  std::optional<std::int32_t> parallel_tasks_max;
  std::optional<bool> allow_task_preemption;
  std::optional<OnAllTasksComplete> on_all_tasks_complete;
  std::optional<JobConstraints> constraints;
  std::optional<std::string> pool_id;
  std::optional<std::vector<MetadataItem>> metadata;
  std::optional<AutoPoolSpec> auto_pool;
  bool operator==(const JobChange&) const = default;
};

struct StateCounts {
  std::int64_t active = 0;
  std::int64_t running = 0;  // preparing counts as running
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t completed() const { return succeeded + failed; }
  bool operator==(const StateCounts&) const = default;
};

struct TaskCounts {
  StateCounts tasks;
  StateCounts slots;  // weighed by requiredSlots
  bool operator==(const TaskCounts&) const = default;
};

struct JobRecord {
  std::string account;
  JobSeq seq = 0;
  std::uint64_t incarnation = 0;  // of the reservation on the home shard
  JobSpec spec;
  Version version;
  WallTime creation_time;
  JobState state = JobState::active;
  WallTime state_time;
  std::optional<JobState> previous_state;
  std::optional<WallTime> previous_state_time;
  std::optional<WallTime> end_time;
  std::string terminate_reason;
  std::optional<DisableTasks> disable_tasks;  // while disabling
  bool forced = false;                        // ends without waiting for nodes
  TaskSeq next_task = 1;
  TaskCounts counts;
  WorkUsage usage;
  bool operator==(const JobRecord&) const = default;
};

inline bool is_job_manager(const JobRecord& job, const TaskKey& task) {
  return task.task == kJobManagerSeq && job.spec.manager_task.has_value();
}

enum class NodeTaskState : std::uint8_t { running, completed };

// The last run of a job's preparation or release on a node.
struct NodeTaskRun {
  NodeTaskState state = NodeTaskState::running;  // completed: after its retries
  AttemptNumber attempt = 0;                     // counts the runs there
  // Of what is completed: it came to an end of its own. What was cut short may run again.
  bool judged = false;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int32_t> exit_code;
  std::optional<FailureInfo> failure;
  std::int32_t retry_count = 0;
  std::optional<WallTime> last_retry_time;
  std::optional<ExecutionResult> result;
  bool operator==(const NodeTaskRun&) const = default;
};

// A job on a node where it had to be prepared. Kept as long as the job, also when the node is gone.
struct JobNodeRecord {
  JobSeq job = 0;
  NodeSeq node = 0;
  std::string pool_id;
  std::string node_id;
  std::uint64_t boot = 0;  // of the node, when the preparation began
  NodeTaskRun preparation;
  std::optional<NodeTaskRun> release;
  bool release_skipped = false;  // the node could not run it when it was due
  bool operator==(const JobNodeRecord&) const = default;
};

struct JobNodeView {
  JobNodeRecord record;
  std::string preparation_id;
  std::string release_id;
  bool operator==(const JobNodeView&) const = default;
};

}  // namespace windlass
