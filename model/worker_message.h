// What shards and workers say to each other. Everything may arrive twice or late: claims, boots and
// attempts carry numbers, and what is old is counted and dropped.
#pragma once

#include "model/pool.h"
#include "model/task.h"

#include <variant>

namespace windlass {

// One run of a task on a node. `shard` completes the key outside of the shard.
struct AttemptId {
  ShardId shard = 0;
  TaskKey task;
  AttemptNumber attempt = 0;
  auto operator<=>(const AttemptId&) const = default;
};

// ---- worker to shard -----------------------------------------------------------------------

struct OfferClass {
  std::string vm_size;  // a name, or "*" for any
  bool dedicated = true;
  std::int32_t free = 0;
  bool operator==(const OfferClass&) const = default;
};
// The free offers of a worker by class; sent to every shard when a session opens and when the
// numbers change. Soft: the newest wins, a lost one is repaired by the next.
struct OffersFree {
  std::vector<OfferClass> classes;
  bool operator==(const OffersFree&) const = default;
};

struct GrantedNode {
  std::string node_id;
  std::uint64_t boot = 1;
  std::string ip_address;
  bool operator==(const GrantedNode&) const = default;
};
// The answer to ClaimNodes; the same answer to the same claim, however often it comes. Fewer than
// asked for is normal.
struct ClaimAnswered {
  ClaimId claim = 0;
  std::vector<GrantedNode> nodes;
  bool operator==(const ClaimAnswered&) const = default;
};

// State of a node as its worker sees it: starting, waitingforstarttask, starttaskfailed, idle
// (ready), unusable, or one of a restart: rebooting, reimaging, deallocating, deallocated.
struct NodeStatus {
  std::string node_id;
  std::uint64_t boot = 0;
  NodeState state = NodeState::starting;
  std::optional<StartTaskInfo> start_task_info;
  std::vector<NodeError> errors;
  std::uint64_t restarts = 0;  // the newest restart that has begun
  bool operator==(const NodeStatus&) const = default;
};
// The node is wiped and its offer free again.
struct NodeReturned {
  std::string node_id;
  bool operator==(const NodeReturned&) const = default;
};

enum class AttemptEnd : std::uint8_t {
  exited,         // the command line ended by itself: exit_code
  wall_clock,     // killed by maxWallClockTime: exit_code as the kill gave it, failure TaskEnded
  stopped,        // ended because the shard asked (EndAttempt)
  not_started,    // failed before the process began: failure says why; no exit_code
  upload_failed,  // exited, then an output file could not be uploaded: exit_code and failure
  lost,           // the worker or its guard lost it (lease ended, restart, guard died): run again
  coordination_failed  // the coordination command of a multi-instance task ended so: exit_code
};

// The attempt is over and no process of it is left. Resent until acknowledged.
struct AttemptEnded {
  AttemptId id;
  AttemptEnd end = AttemptEnd::exited;
  std::optional<WallTime> start_time;
  WallTime end_time;
  std::optional<std::int32_t> exit_code;
  std::optional<FailureInfo> failure;
  ResourceUsage usage;
  bool operator==(const AttemptEnded&) const = default;
};

// An instance of a multi-instance task: its coordination command has returned 0, and what that left
// running goes on. Said again after each Resync.
struct InstanceReady {
  AttemptId id;
  bool operator==(const InstanceReady&) const = default;
};

// Asks the shard to prolong the lease of all nodes that this worker speaks for on it. Unsequenced.
struct RenewLease {
  std::int64_t sent_at = 0;      // the worker's own clock; echoed
  std::uint64_t nodes_hash = 0;  // reserved for comparing the sets of nodes cheaply
  bool operator==(const RenewLease&) const = default;
};

struct NodeHeld {
  std::string node_id;
  ClaimId claim = 0;
  std::uint64_t boot = 0;
  NodeState state = NodeState::starting;
  std::uint64_t restarts = 0;
  bool operator==(const NodeHeld&) const = default;
};
// After each opening or resuming of the session: what this worker runs and holds for the shard, and
// which claims it has answered. Reports that were not acknowledged follow as usual.
struct Resync {
  ShardEpoch epoch = 0;               // of the shard that this was said to; 0: not said
  std::vector<AttemptId> running;     // assigned or running and not ended
  std::vector<AttemptId> unreported;  // ended, report still to be acknowledged
  std::vector<NodeHeld> nodes;
  std::string agent_version;  // of the worker
  bool operator==(const Resync&) const = default;
};

using FromWorker = std::variant<OffersFree, ClaimAnswered, NodeStatus, NodeReturned, AttemptEnded,
                                RenewLease, Resync, InstanceReady>;

// ---- shard to worker -----------------------------------------------------------------------

// What a node of a pool needs to know.
struct NodePlan {
  std::string account;
  std::string pool_id;
  SlotCount task_slots_per_node = 1;
  bool dedicated = true;
  std::optional<StartTask> start_task;
  bool operator==(const NodePlan&) const = default;
};

struct ClaimNodes {
  ClaimId claim = 0;
  std::string vm_size;
  std::int32_t count = 0;
  NodePlan plan;
  bool operator==(const ClaimNodes&) const = default;
};
// End what runs there, wipe the node, free its offer, say NodeReturned. Said again without
// `after_retention`, it waits no more.
struct ReturnNode {
  std::string node_id;
  bool after_retention = false;  // not before every folder of a task that is kept may go
  bool operator==(const ReturnNode&) const = default;
};

// End what runs there and begin the node anew, in a boot of its own, by the plan that its pool has
// now. Each number is acted on once; a repeated one is answered with the node's status.
struct BeginRestart {
  std::string node_id;
  std::uint64_t number = 0;
  NodeRestart restart = NodeRestart::reboot;
  bool after_retention = false;
  NodePlan plan;
  bool operator==(const BeginRestart&) const = default;
};

// Which of the instances of a multi-instance task an assignment is.
struct InstancePlace {
  std::int32_t number = 0;             // 0: the primary, else the subtask's
  std::vector<std::string> addresses;  // of the nodes of all, in the order of their numbers
  bool operator==(const InstancePlace&) const = default;
};

struct Assignment {
  AttemptId id;
  std::string account;
  std::string job_id;
  std::string task_id;
  std::string node_id;
  std::uint64_t node_boot = 0;
  SlotCount required_slots = 1;  // 0: preparation or release of a job
  Duration max_wall_clock_time = kInfinite;
  Duration retention_time = std::chrono::hours(24 * 7);
  std::vector<EnvironmentSetting> common_environment_settings;  // the job's
  std::string document;                                         // encoded TaskDocument
  std::string preparation_id;  // of the job, where tasks may know its folder; empty: none
  // Present: the coordination command first, and then nothing before BeginCommand or EndAttempt.
  std::optional<InstancePlace> instance;
  bool operator==(const Assignment&) const = default;
};

// To the primary: all instances are ready, run the task's command. Said again after each Resync.
struct BeginCommand {
  AttemptId id;
  bool operator==(const BeginCommand&) const = default;
};

// Stop this attempt (SIGTERM, grace, SIGKILL) and report its end. Unknown attempts are answered
// with AttemptEnded{lost}.
struct EndAttempt {
  AttemptId id;
  bool delete_folder = false;  // its task is deleted: the folder goes regardless of retention
  bool operator==(const EndAttempt&) const = default;
};
// The task is deleted and does not run: remove its folder. Without task_id: the job's whole folder.
struct DeleteTaskFolder {
  std::string node_id;
  std::string job_id;
  std::string task_id;
  bool operator==(const DeleteTaskFolder&) const = default;
};

// Answer to RenewLease: the lease runs `length` from the worker's own sending of `sent_at`.
struct LeaseRenewed {
  std::int64_t sent_at = 0;
  Duration length{};
  bool operator==(const LeaseRenewed&) const = default;
};

// Answer to Resync. What is not named here stays as it is.
struct Resynced {
  std::vector<AttemptId> recorded;          // ended and already recorded: forget them
  std::vector<AttemptId> unwanted;          // stop and forget: superseded or unknown
  std::vector<std::string> unwanted_nodes;  // not ours any more: wipe, free the offer
  bool operator==(const Resynced&) const = default;
};

using ToWorker = std::variant<ClaimNodes, ReturnNode, Assignment, EndAttempt, DeleteTaskFolder,
                              LeaseRenewed, Resynced, BeginRestart, BeginCommand>;

}  // namespace windlass
