// Identities. User-visible ids are strings (case kept, compared without case); inside a shard
// things are numbered, because numbers are small and append in order.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace windlass {

using ShardId = std::uint16_t;     // 0..N-1; shard 0 is also the directory
using InstanceId = std::uint64_t;  // random, new for each start of a process; never reused
using SessionId = std::uint64_t;   // given by the shard; unique within it
using Sequence = std::uint64_t;    // position in one direction of a session; the first is 1
using ShardEpoch = std::uint64_t;  // raised each time a process claims the shard
using ClusterGeneration = std::uint64_t;
using EventNumber = std::uint64_t;  // counts the events of a shard; 48 bits are used
using PoolSeq = std::uint64_t;
using NodeSeq = std::uint64_t;
using JobSeq = std::uint64_t;
using TaskSeq = std::uint64_t;
using AttemptNumber = std::uint32_t;  // counts the dispatches of a task, from 1; never restarts
using ClaimId = std::uint64_t;
using SlotCount = std::int32_t;

// A task inside its shard.
struct TaskKey {
  JobSeq job = 0;
  TaskSeq task = 0;
  auto operator<=>(const TaskKey&) const = default;
};

// A job's preparation and release on a node are numbered like tasks, far above all that clients
// add, so that their runs are attempts as any other.
enum class NodeTask : std::uint8_t { preparation, release };
inline constexpr TaskSeq kNodeTasksFrom = TaskSeq{1} << 63;
constexpr TaskKey node_task_key(JobSeq job, NodeSeq node, NodeTask kind) {
  return {job, kNodeTasksFrom | (node << 1) | static_cast<TaskSeq>(kind)};
}
constexpr bool is_node_task(const TaskKey& key) {
  return key.task >= kNodeTasksFrom;
}
constexpr NodeSeq node_of_task(const TaskKey& key) {
  return (key.task & ~kNodeTasksFrom) >> 1;
}
constexpr NodeTask kind_of_node_task(const TaskKey& key) {
  return static_cast<NodeTask>(key.task & 1);
}

// A multi-instance task runs on several nodes at once. Its first instance, the primary, is the task
// itself; the others are numbered like tasks, between those that clients add and those above.
inline constexpr TaskSeq kSubtasksFrom = TaskSeq{1} << 62;
inline constexpr int kSubtaskBits = 48;  // of the task; above them stands the subtask's number
constexpr TaskKey instance_key(const TaskKey& task, std::int32_t number) {
  if (number == 0) return task;
  return {task.job, kSubtasksFrom | static_cast<TaskSeq>(number) << kSubtaskBits | task.task};
}
constexpr bool is_subtask(const TaskKey& key) {
  return key.task >= kSubtasksFrom && key.task < kNodeTasksFrom;
}
// 0: the primary, and every task that has but one instance.
constexpr std::int32_t instance_number(const TaskKey& key) {
  return is_subtask(key) ? static_cast<std::int32_t>((key.task - kSubtasksFrom) >> kSubtaskBits)
                         : 0;
}
constexpr TaskKey task_of_instance(const TaskKey& key) {
  return is_subtask(key) ? TaskKey{key.job, key.task & ((TaskSeq{1} << kSubtaskBits) - 1)} : key;
}

// ASCII lower case: the API compares ids without case and allows only ASCII in them.
std::string lower_cased(std::string_view text);

// ^[A-Za-z0-9_-]{1,64}$: pool, job, job schedule and task ids as clients may create them.
bool valid_user_id(std::string_view id);

// Which shard owns an id: FNV-1a 64 over lower(account) + '\0' + lower(id), finished by a 64-bit
// mix (murmur3's), modulo the number of shards. Fixed for ever: clusters depend on it
// (docs/PROTOCOL.md). Pools go by pool id, reservations of jobs and schedules by job id.
ShardId shard_of(std::string_view account, std::string_view id, ShardId shards_total);

// The schedule that made this job: what stands before the colon in {schedule}:job-{n}. Empty for
// jobs that clients have added: their ids have no colon.
std::string_view schedule_of(std::string_view job_id);

// The shard that keeps the reservation of a job's id. The jobs of a schedule have that of the
// schedule, so that it knows all of them.
ShardId home_of_job(std::string_view account, std::string_view job_id, ShardId shards_total);

// The API's eTag without quotes: "0x" and 15 upper-case hex digits, 12 bits shard and 48 bits
// event.
std::string etag_text(ShardId shard, EventNumber event);

}  // namespace windlass
