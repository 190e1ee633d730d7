// Facts. Each event carries the whole new record, so apply() is "replace and re-index", and the
// journal can rebuild a shard from nothing else. Events are numbered by the shard in order; the
// number of an entity's last event is its version (ETag).
#pragma once

#include "model/boxed.h"
#include "model/shard_rows.h"

#include <variant>
#include <vector>

namespace windlass {

struct PoolPut {
  PoolRecord pool;
  bool operator==(const PoolPut&) const = default;
};
struct PoolErased {
  PoolSeq pool = 0;
  bool operator==(const PoolErased&) const = default;
};
struct NodePut {
  NodeRecord node;
  bool operator==(const NodePut&) const = default;
};
struct NodeErased {
  NodeSeq node = 0;
  bool operator==(const NodeErased&) const = default;
};
// Counts and next_task in the record are ignored: apply() keeps them.
struct JobPut {
  Boxed<JobRecord> job;
  bool operator==(const JobPut&) const = default;
};
struct JobErased {
  JobSeq job = 0;
  bool operator==(const JobErased&) const = default;
};

struct JobSchedulePut {
  Boxed<JobScheduleRecord> schedule;
  bool operator==(const JobSchedulePut&) const = default;
};
struct JobScheduleErased {
  JobScheduleSeq schedule = 0;
  bool operator==(const JobScheduleErased&) const = default;
};

struct CertificatePut {
  CertificateRecord certificate;
  bool operator==(const CertificatePut&) const = default;
};
struct CertificateErased {
  std::string account;
  std::string thumbprint;
  bool operator==(const CertificateErased&) const = default;
};

struct AddedTask {
  OpenTask task;
  std::string document;  // in the journal a reference to the row of the same transaction
  bool operator==(const AddedTask&) const = default;
};
struct TasksWereAdded {
  JobSeq job = 0;
  std::vector<AddedTask> tasks;
  bool operator==(const TasksWereAdded&) const = default;
};
// Any change of a task that exists: dispatch, completion, requeue, new constraints.
struct TaskPut {
  TaskRecord task;
  bool operator==(const TaskPut&) const = default;
};
struct TaskErased {
  TaskKey key;
  std::string id;
  bool operator==(const TaskErased&) const = default;
};

struct ClaimPut {
  ClaimRecord claim;
  bool operator==(const ClaimPut&) const = default;
};
struct ClaimErased {
  ClaimId claim = 0;
  bool operator==(const ClaimErased&) const = default;
};
struct LingeringPut {
  LingeringAttempt attempt;
  bool operator==(const LingeringPut&) const = default;
};
struct LingeringErased {
  AttemptId id;
  bool operator==(const LingeringErased&) const = default;
};
struct ReservationPut {
  Reservation reservation;
  bool operator==(const ReservationPut&) const = default;
};
struct ReservationErased {
  std::string account;
  std::string job_id;
  bool operator==(const ReservationErased&) const = default;
};
struct OutboxPut {
  OutboxRow row;
  bool operator==(const OutboxPut&) const = default;
};
struct OutboxErased {
  ShardId to = 0;
  std::uint64_t through = 0;
  bool operator==(const OutboxErased&) const = default;
};
struct ShardReceived {
  ShardId from = 0;
  std::uint64_t through = 0;
  bool operator==(const ShardReceived&) const = default;
};
// No lease that a worker may hold is longer.
struct LeasesBounded {
  Duration longest{};
  bool operator==(const LeasesBounded&) const = default;
};

// The job's preparation or release on a node began, ended, or is skipped.
struct JobNodePut {
  JobNodeRecord record;
  bool operator==(const JobNodePut&) const = default;
};

using ShardEvent =
    std::variant<PoolPut, PoolErased, NodePut, NodeErased, JobPut, JobErased, TasksWereAdded,
                 TaskPut, TaskErased, ClaimPut, ClaimErased, LingeringPut, LingeringErased,
                 ReservationPut, ReservationErased, OutboxPut, OutboxErased, ShardReceived,
                 LeasesBounded, JobNodePut, JobSchedulePut, JobScheduleErased, CertificatePut,
                 CertificateErased>;
using ShardEvents = std::vector<ShardEvent>;
// A batch has thousands, nearly all of them TaskPut: nothing else may make them larger.
static_assert(sizeof(ShardEvent) <= sizeof(TaskPut) + 16);

}  // namespace windlass
