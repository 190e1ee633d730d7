// Tasks. A task has two parts: the document (what the client wrote; written once, opaque to the
// shard, decoded by gateway and worker through schema/codec) and the record (what scheduling needs
// and changes).
#pragma once

#include "model/common.h"
#include "model/usage.h"

#include <string>
#include <vector>

namespace windlass {

enum class TaskState : std::uint8_t { active, preparing, running, completed };
// It has a place on a node.
constexpr bool is_on_node(TaskState state) {
  return state == TaskState::preparing || state == TaskState::running;
}
enum class JobAction : std::uint8_t { none, disable, terminate };
enum class DependencyAction : std::uint8_t { satisfy, block };
enum class ExitCondition : std::uint8_t {
  code,
  code_range,
  pre_processing_error,
  file_upload_error,
  otherwise  // the API's `default`
};

// One entry of exitConditions.
struct ExitRule {
  ExitCondition condition = ExitCondition::otherwise;
  std::int32_t first = 0;  // of the exit codes; both count
  std::int32_t last = 0;
  std::optional<JobAction> job_action;
  std::optional<DependencyAction> dependency_action;
  bool operator==(const ExitRule&) const = default;
};

// Tasks by number: those whose ids are decimal integers, leading zeros apart. Both ends count.
struct TaskIdRange {
  std::int32_t start = 0;
  std::int32_t end = 0;
  auto operator<=>(const TaskIdRange&) const = default;
};

// multiInstanceSettings: how many nodes a task wants at once, and what makes them ready for it.
struct MultiInstanceSettings {
  std::int32_t instances = 1;
  std::string coordination_command_line;
  std::vector<ResourceFile> common_resource_files;
  bool operator==(const MultiInstanceSettings&) const = default;
};
inline constexpr std::int32_t kInstancesMax = 256;

// The document. Constraints are not here: they live in the record, because PUT changes them.
struct TaskDocument {
  std::optional<std::string> display_name;
  std::string command_line;
  std::vector<ResourceFile> resource_files;
  std::vector<OutputFile> output_files;
  std::vector<EnvironmentSetting> environment_settings;
  std::optional<UserIdentity> user_identity;
  std::vector<std::string> depends_on_ids;
  std::vector<TaskIdRange> depends_on_ranges;
  std::string affinity_id;
  std::optional<MultiInstanceSettings> multi_instance;
  std::string kept_json;     // as in PoolSpec; exitConditions as written, the record has its rules
  bool job_access = false;   // authenticationTokenSettings: it may ask for its own job
  std::string token_secret;  // from which its token is made (bus/task_token.h); never told
  bool operator==(const TaskDocument&) const = default;
};

struct TaskConstraints {
  std::int32_t retries_max = 0;  // -1: no limit
  Duration max_wall_clock_time = kInfinite;
  Duration retention_time = std::chrono::hours(24 * 7);
  bool operator==(const TaskConstraints&) const = default;
};

// A task as a client adds it: the scheduling facts beside the encoded document.
struct NewTask {
  std::string id;
  SlotCount required_slots = 1;
  std::optional<std::int32_t> retries_max;  // absent: the job's
  std::optional<Duration> max_wall_clock_time;
  std::optional<Duration> retention_time;
  std::vector<std::string> depends_on_ids;
  std::vector<TaskIdRange> depends_on_ranges;
  std::vector<ExitRule> exit_rules;
  std::string affinity_id;
  std::int32_t instances = 0;  // nodes that a multi-instance task wants; 0: it is none
  std::string document;        // encoded TaskDocument; opaque bytes
  bool operator==(const NewTask&) const = default;
};

// Where a task runs or ran last.
struct TaskNode {
  std::string pool_id;
  std::string node_id;
  std::uint64_t worker = 0;
  bool operator==(const TaskNode&) const = default;
};

enum class SubtaskState : std::uint8_t { preparing, running, completed };

// An instance of a multi-instance task beside the primary, in the task's last attempt.
struct Subtask {
  SubtaskState state = SubtaskState::preparing;
  WallTime state_time;
  std::optional<SubtaskState> previous_state;
  std::optional<WallTime> previous_state_time;
  TaskNode node;
  bool ready = false;  // its coordination command has returned 0
  std::optional<WallTime> start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int32_t> exit_code;  // of its coordination command
  std::optional<FailureInfo> failure;
  std::optional<ExecutionResult> result;
  bool operator==(const Subtask&) const = default;
};

struct TaskRecord {
  std::string id;
  TaskKey key;
  Version version;
  WallTime creation_time;
  TaskState state = TaskState::active;
  WallTime state_time;
  std::optional<TaskState> previous_state;
  std::optional<WallTime> previous_state_time;
  SlotCount required_slots = 1;
  TaskConstraints constraints;
  AttemptNumber attempt = 0;  // of the last dispatch
  std::int32_t retry_count = 0;
  std::int32_t requeue_count = 0;
  std::optional<WallTime> start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int32_t> exit_code;
  std::optional<FailureInfo> failure;
  std::optional<ExecutionResult> result;
  std::optional<WallTime> last_retry_time;
  std::optional<WallTime> last_requeue_time;
  std::optional<TaskNode> node;
  std::vector<ExitRule> exit_rules;
  bool satisfies_dependents = false;  // said when it is completed
  TaskUsage usage;
  std::int32_t instances = 0;     // as in NewTask
  bool coordinated = false;       // the primary's coordination command has returned 0
  std::vector<Subtask> subtasks;  // 1, 2, ... of the last attempt
  bool operator==(const TaskRecord&) const = default;
};

struct TaskView {
  TaskRecord record;
  std::string document;  // empty when the request did not need it
  bool operator==(const TaskView&) const = default;
};

}  // namespace windlass
