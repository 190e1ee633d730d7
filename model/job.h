// Jobs: what clients ask for, what a shard keeps, what it answers.
#pragma once

#include "model/common.h"

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

struct JobSpec {
  std::string id;
  std::optional<std::string> display_name;
  std::string pool_id;
  std::int32_t priority = 0;             // -1000..1000, higher first
  std::int32_t parallel_tasks_max = -1;  // maxParallelTasks; -1: no limit
  bool uses_task_dependencies = false;
  OnAllTasksComplete on_all_tasks_complete = OnAllTasksComplete::noaction;
  OnTaskFailure on_task_failure = OnTaskFailure::noaction;
  JobConstraints constraints;
  std::vector<EnvironmentSetting> common_environment_settings;
  std::vector<MetadataItem> metadata;
  std::string kept_json;  // as in PoolSpec: networkConfiguration
  bool operator==(const JobSpec&) const = default;
};

// What PATCH and PUT may change. PATCH: absent = unchanged. PUT: the gateway fills in every member.
struct JobChange {
  std::optional<std::int32_t> priority;
  std::optional<std::int32_t> parallel_tasks_max;
  std::optional<OnAllTasksComplete> on_all_tasks_complete;
  std::optional<JobConstraints> constraints;
  std::optional<std::string> pool_id;
  std::optional<std::vector<MetadataItem>> metadata;
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
  TaskSeq next_task = 1;
  TaskCounts counts;
  bool operator==(const JobRecord&) const = default;
};

}  // namespace windlass
