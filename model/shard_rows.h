// What a shard keeps on disk beside pools, nodes, jobs and tasks themselves. Plain values: the core
// makes them, the store writes them, schema/codec words them.
#pragma once

#include "model/command.h"
#include "model/shard_message.h"
#include "model/worker_message.h"

#include <string>
#include <vector>

namespace windlass {

// Numbers that must survive. One row, written with every batch that changed anything.
struct ShardCounters {
  EventNumber events = 0;  // the last one applied
  PoolSeq pools = 0;       // the last given of each
  NodeSeq nodes = 0;
  JobSeq jobs = 0;
  JobScheduleSeq job_schedules = 0;
  ClaimId claims = 0;
  std::uint64_t incarnations = 0;
  Duration lease_longest{};            // longest that may be held: what a starting shard waits for
  std::vector<AccountUsage> accounts;  // in the order in which they came; few
  bool operator==(const ShardCounters&) const = default;
};

// A task that is not completed: its record, and what recovery needs to queue it again.
struct OpenTask {
  TaskRecord record;
  std::vector<std::string> depends_on_ids;
  std::string affinity_id;
  std::vector<TaskIdRange> depends_on_ranges;
  bool operator==(const OpenTask&) const = default;
};

// Nodes asked of a worker and not yet granted or refused.
struct ClaimRecord {
  ClaimId id = 0;
  PoolSeq pool = 0;
  std::uint64_t worker = 0;
  std::int32_t count = 0;
  bool dedicated = true;
  bool operator==(const ClaimRecord&) const = default;
};

// An attempt that the record has already left (its task was terminated, deleted or requeued) but
// whose processes may live: it holds slots and lease until the worker reports it empty.
struct LingeringAttempt {
  AttemptId id;
  NodeSeq node = 0;
  SlotCount slots = 0;
  std::string job_id;  // a task added again under this id waits for the old attempt
  std::string task_id;
  bool delete_folder = false;
  bool operator==(const LingeringAttempt&) const = default;
};

// Who asked, for an answer that comes later than its batch.
struct Origin {
  SessionId session = 0;
  Sequence sequence = 0;
  auto operator<=>(const Origin&) const = default;
};

enum class ReservationState : std::uint8_t { reserved, held };

// "Job id -> shard", kept by the id's home shard.
struct Reservation {
  std::string account;
  std::string job_id;
  std::uint64_t incarnation = 0;
  ReservationState state = ReservationState::reserved;
  ShardId target = 0;
  Origin origin;  // while reserved: who waits for the answer
  bool operator==(const Reservation&) const = default;
};

struct OutboxRow {
  ShardId to = 0;
  ShardMessage message;  // its id rises by one per receiver
  bool operator==(const OutboxRow&) const = default;
};

// How far the messages of another shard have been taken, and how far ours to it are numbered.
struct ShardProgress {
  ShardId shard = 0;
  std::uint64_t received_through = 0;
  std::uint64_t sent_last = 0;
  bool operator==(const ShardProgress&) const = default;
};

}  // namespace windlass
