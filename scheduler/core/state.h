// Everything a shard holds in memory: scheduling facts and indexes over them. Documents and ended
// tasks stay in the rows. Only apply() (and recovery through it) changes what is derived from
// events; what is soft (workers, leases, offers) is changed by the shard as messages come.
#pragma once

#include "model/shard_event.h"
#include "scheduler/core/dependencies.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/slots.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace windlass::scheduler {

// Account and id in lower case: the map order is the order of lists within an account.
using EntityKey = std::pair<std::string, std::string>;
EntityKey entity_key(std::string_view account, std::string_view id);

struct Node {
  NodeRecord record;
  NodeSlots slots;
  std::int32_t running = 0;  // attempts on record here
  SlotCount running_slots = 0;
  SlotCount placeable_as = 0;   // the free slots it stands under in its pool's index; 0: not there
  std::set<JobSeq> node_tasks;  // whose preparation or release is under way here
  std::set<JobSeq> releases_due;  // whose release should begin here
};

// A multi-instance task whose turn has come, and whose nodes are not idle all at once (gangs.h).
struct AwaitedGang {
  TaskKey task;
  std::int32_t passed = 0;  // tasks of its priority or below that have begun since
};

// A node that takes nothing until preempted attempts have ended there (preemption.h).
struct RoomMade {
  JobSeq job = 0;         // for whose tasks
  std::size_t tasks = 0;  // how many of them
  SlotCount slots = 0;    // and what they take
  std::set<AttemptId> leaving;
};

// Nodes of one kind in a pool.
struct NodeTally {
  std::int32_t staying = 0;
  std::int32_t draining = 0;
  std::int32_t leaving = 0;  // of these: soon gone, whatever becomes of the resize
  bool operator==(const NodeTally&) const = default;
};

struct Pool {
  PoolRecord record;
  std::map<std::string, NodeSeq> nodes;  // by lower-cased node id
  // Nodes that may take a task, by free slots (nodes with none are left out).
  std::set<std::pair<SlotCount, NodeSeq>> placeable;
  NodeTally dedicated_nodes;
  NodeTally spot_nodes;
  std::int32_t nodes_claimed_dedicated = 0;  // asked for and not answered
  std::int32_t nodes_claimed_spot = 0;
  std::optional<AwaitedGang> awaited;       // soft
  std::map<NodeSeq, RoomMade> making_room;  // soft
};

struct RunningTask {
  TaskRecord record;
  NodeSeq node = 0;  // of the primary, if it has several instances
};

// Where a task stands in the queues of its job: by the slots that it takes, or among those with
// several instances by the nodes.
struct QueueWidth {
  SlotCount width = 1;
  bool of_nodes = false;
  bool operator==(const QueueWidth&) const = default;
};
QueueWidth queue_width(const TaskRecord& task);

struct PoolQueue;

struct Job {
  JobRecord record;
  PoolQueue* queue = nullptr;  // of its pool id; there as long as a job names that
  ReadyQueue ready;
  ReadyQueue ready_gangs;  // of tasks with several instances, by the nodes that they want
  Dependencies dependencies;
  // Ready but for an older attempt that still lingers somewhere.
  std::map<TaskSeq, QueueWidth> held_back;
  std::set<TaskSeq> running;
  std::uint64_t turn = 0;          // when it was served last, for fairness among equals
  bool queued = false;             // in the pool queue, under `turn`
  bool manager_completed = false;  // its job manager task has ended in this very batch

  // Empty without a preparation task.
  std::map<NodeSeq, JobNodeRecord> nodes;
  std::set<NodeSeq> nodes_busy;     // preparation or release under way
  std::set<NodeSeq> nodes_refused;  // preparation failed, and tasks must wait for its success
  std::set<NodeSeq> releases_due;   // the job ends, and the release has yet to begin
};

// Jobs of one pool id that have a task to run, in the order in which they are served. A pool id
// need not exist: its jobs wait here until it does.
struct JobOrder {
  std::int32_t priority_reversed = 0;
  std::uint64_t turn = 0;
  JobSeq job = 0;
  auto operator<=>(const JobOrder&) const = default;
};
struct PoolQueue {
  std::set<JobSeq> jobs;  // all that name this pool
  std::set<JobOrder> runnable;
  std::set<JobSeq> with_gangs;  // of the runnable ones, those that have a multi-instance task ready
  std::set<JobSeq> yielding;    // that run something and allow it to be preempted
};

struct TaskKeyHash {
  std::size_t operator()(const TaskKey& key) const {
    return static_cast<std::size_t>(key.job * 0x9e3779b97f4a7c15ULL ^
                                    key.task * 0xff51afd7ed558ccdULL);
  }
};

// The lease of a worker that has none: it is not connected, and holds nothing that could run.
inline constexpr MonoTime kNoLease{INT64_MAX};

// A worker process as the shard knows it now. Soft: rebuilt by its resync.
struct Worker {
  InstanceId instance = 0;  // 0: not connected
  bool synced = false;      // has told what it runs, in this epoch
  MonoTime lease_until;     // includes the shard's margin
  // Its newest renewal in this epoch, on its own clock; what a parting lease counts from.
  std::optional<std::int64_t> renewed_at;
  std::map<std::pair<std::string, bool>, std::int32_t> offers_free;  // (vm size, dedicated)
  std::set<NodeSeq> nodes;
  std::string agent_version;
};

// For maps of texts that are asked by views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

class State {
 public:
  State(ShardId shard, ShardId shards_total) : shard_(shard), shards_total_(shards_total) {}

  ShardId shard() const { return shard_; }
  ShardId shards_total() const { return shards_total_; }

  const Pool* find_pool(std::string_view account, std::string_view id) const;
  const Pool* find_pool(PoolSeq seq) const;
  const Node* find_node(NodeSeq seq) const;
  const Node* find_node(const Pool& pool, std::string_view node_id) const;
  const Node* find_node_by_id(std::string_view node_id) const;
  const Job* find_job(std::string_view account, std::string_view id) const;
  const Job* find_job(JobSeq seq) const;
  const JobScheduleRecord* find_job_schedule(std::string_view account, std::string_view id) const;
  const JobScheduleRecord* find_job_schedule(JobScheduleSeq seq) const;
  const CertificateRecord* find_certificate(std::string_view account,
                                            std::string_view thumbprint) const;
  const RunningTask* find_running(const TaskKey& key) const;
  // The same by the key of any instance of it.
  const RunningTask* find_running_instance(const TaskKey& key) const;
  const LingeringAttempt* find_lingering(const AttemptId& id) const;
  const Reservation* find_reservation(std::string_view account, std::string_view id) const;

  // Where an open task is while it does not run.
  enum class Place { ready, waiting, held_back, nowhere };
  Place place_of(const Job& job, const TaskRecord& task) const;

  bool job_takes_turns(const Job& job) const;  // active, below maxParallelTasks, with a ready task
  // The old attempt of a task with this id, if one lingers.
  bool lingers(std::string_view account, std::string_view job_id, std::string_view task_id) const;

  ShardCounters counters;
  std::map<PoolSeq, Pool> pools;
  std::map<EntityKey, PoolSeq> pools_by_id;
  std::map<NodeSeq, Node> nodes;
  std::unordered_map<std::string, Node*, TextHash, std::equal_to<>> nodes_by_id;  // lower-cased
  std::set<NodeSeq> nodes_unknown;  // by the clock they are given up
  std::map<JobSeq, Job> jobs;
  std::map<EntityKey, JobSeq> jobs_by_id;
  std::map<JobScheduleSeq, JobScheduleRecord> job_schedules;
  std::map<EntityKey, JobScheduleSeq> job_schedules_by_id;
  std::map<EntityKey, CertificateRecord> certificates;  // by (account, thumbprint)
  std::map<EntityKey, PoolQueue> pool_queues;           // by (account, pool id)
  std::unordered_map<TaskKey, RunningTask, TaskKeyHash> running;
  std::map<AttemptId, LingeringAttempt> lingering;
  std::map<std::pair<EntityKey, std::string>, int>
      lingering_by_id;  // ((account, job), task) -> count
  std::map<ClaimId, ClaimRecord> claims;
  std::map<EntityKey, Reservation> reservations;
  std::map<std::pair<ShardId, std::uint64_t>, OutboxRow> outbox;
  std::map<ShardId, ShardProgress> progress;
  std::map<std::uint64_t, Worker> workers;  // by stable worker id
  std::uint64_t turns = 0;
  // Until then any worker may still hold a lease of an earlier epoch, also one that had nothing to
  // run when this one began, or a parting one of this epoch. No lease ends before.
  MonoTime other_leases_until;

  // Rows that apply() changed in memory only, to be written once at the end of the batch.
  std::set<JobSeq> jobs_dirty;
  std::set<NodeSeq> nodes_dirty;
  std::set<PoolSeq> pools_dirty;
  std::set<JobSeq> jobs_blocked;  // that fail tasks which will never start, and have some
  std::set<JobSeq> jobs_erasing;  // gone for everybody, rows of tasks still being removed
  std::set<JobScheduleSeq> job_schedules_erasing;  // wait for their jobs to be gone

  std::set<JobSeq> jobs_releasing;     // with releases that have yet to begin
  std::set<NodeSeq> nodes_to_release;  // where one of them may be able to, since something changed
  std::set<JobSeq> jobs_to_settle;     // in this batch, because of what became of their nodes

 private:
  ShardId shard_;
  ShardId shards_total_;
};

// Neither open nor completed: it terminates or is being deleted.
bool is_ending(const JobRecord& job);
// Whether the nodes that it prepared are to be released now: it ends, and had not ended before.
bool releases_nodes(const JobRecord& job);
// The slots that a task takes from a node where it runs: all of them if nothing may run beside it.
SlotCount slots_held(const JobRecord& job, const TaskRecord& task, const Node& node);
// Takes the record in and keeps the indexes over it true.
void keep_job_node(State& state, Job& job, const JobNodeRecord& record);
// The same for all records of the job, after a change of its state.
void reindex_job_nodes(State& state, Job& job);

// Adds the node to the tally of its kind, or with -1 takes it from there.
void tally_node(Pool& pool, const NodeRecord& node, std::int32_t by = 1);
// Keeps `pool.placeable` and `nodes_unknown` true for the node after any change of it, its worker
// or its slots.
void reindex_node(State& state, NodeSeq node);
// The job stands in the queue of the pool id that its record names, or in none.
void join_queue(State& state, Job& job);
void leave_queue(State& state, Job& job);

// Whether the job is open and its owner asked that tasks which will never start fail at once, by
// the metadata item windlass.failBlockedDependents: unmodified SDKs can set that.
bool fails_blocked_tasks(const JobRecord& job);

JobOrder order_of(const Job& job);
// Whether it runs something that a job of higher priority may have the place of.
bool yields(const Job& job);
// The job's queue that tasks of this kind stand in.
ReadyQueue& queue_for(Job& job, const QueueWidth& width);

// Whether the instance still has its place on its node; 0 is the primary.
bool holds_its_node(const TaskRecord& task, std::int32_t instance);
// Each instance that does: visit(number, node id).
template <class Visitor>
void each_instance(const TaskRecord& task, Visitor&& visit) {
  if (holds_its_node(task, 0)) visit(0, task.node->node_id);
  for (std::size_t i = 0; i < task.subtasks.size(); ++i) {
    const auto number = static_cast<std::int32_t>(i) + 1;
    if (holds_its_node(task, number)) visit(number, task.subtasks[i].node.node_id);
  }
}

// Keeps the pool queue true for the job after any change of its state or queues.
void reindex_job(State& state, JobSeq job);

// What a node that could run tasks is called.
NodeState ready_state(const Node& node);

// Whether the node's state, scheduling and worker allow a new task, slots apart.
bool takes_tasks(const State& state, const Node& node);

}  // namespace windlass::scheduler
