// Watches what shards commit and what really runs, and compares both with the promises. It keeps
// its own account of everything, from events and from the ledger of processes; it shares nothing
// with the core but the model.
#pragma once

#include "model/shard_event.h"
#include "model/state_machines.h"
#include "simulator/world.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator {

// Exit codes of processes that the guard has ended; no task of the workload ends so by itself.
inline constexpr std::int32_t kKilled = 137;
inline constexpr std::int32_t kTerminated = 143;

// What the ledger calls the coordination command of a task's primary: a number beyond all subtasks.
inline constexpr std::int32_t kPrimaryCoordination = 8191;
constexpr TaskKey coordination_key(const TaskKey& task) {
  return instance_key(task, kPrimaryCoordination);
}

class Auditor {
 public:
  explicit Auditor(World& world) : world_(world) {}

  // ---- the shard's log
  void committed(ShardId shard, EventNumber first_event, const ShardEvents& events);

  // ---- the ledger: processes of attempts, as they really are
  struct Start {
    AttemptId id;
    std::string node_id;
    SlotCount slots = 0;
    SlotCount node_slots = 0;
    // Job id and task id: another task under the same id has the same folder.
    std::string task_name;
  };
  void process_started(const Start& start);
  void process_ended(const AttemptId& id, std::int32_t exit_code);

  // ---- what clients were promised: no attempt of this job starts from now on, unless it is made
  // again after this event
  void job_stopped(const std::string& account, const std::string& job_id, EventNumber event) {
    EventNumber& stopped = stopped_jobs_[{account, job_id}];
    stopped = std::max(stopped, event);
  }
  // ---- and what they asked for: a task that failed may be active again
  void reactivation_asked(const std::string& account, const std::string& job_id,
                          const std::string& task_id) {
    reactivations_.insert({{account, job_id}, task_id});
  }

  std::uint64_t processes_started() const { return ledger_.size(); }
  std::uint64_t tasks_completed() const { return completed_; }
  std::size_t processes_alive() const { return alive_.size(); }
  // Nodes of which a shard does not say yet whether they can take tasks, in words.
  std::string nodes_not_settled() const;
  // Pools that came with a job or schedule that has ended, in words.
  std::string pools_left_behind() const;

 private:
  struct Task {
    TaskRecord record;
    std::vector<std::string> parents;  // lower-cased ids
    std::vector<TaskIdRange> parent_ranges;
  };
  struct Job {
    JobRecord record;
    EventNumber made = 0;
    std::map<std::string, TaskKey> tasks_by_id;  // lower-cased
    std::set<std::string> satisfied;             // ever; satisfied once is satisfied for good
    std::set<std::int64_t> satisfied_numbers;
  };
  struct ShardView {
    EventNumber events = 0;
    std::map<TaskKey, Task> tasks;
    std::set<TaskKey> erased_tasks;
    std::map<JobSeq, Job> jobs;
    std::set<JobSeq> erased_jobs;
    std::map<NodeSeq, NodeRecord> nodes;
    std::map<std::pair<JobSeq, NodeSeq>, JobNodeRecord> job_nodes;
    std::map<PoolSeq, PoolRecord> pools;
    std::map<JobScheduleSeq, JobScheduleRecord> schedules;
    std::set<AttemptId> lingering;
    std::map<JobSeq, std::string> to_be_stopped;  // by a task that ended in this commit
    std::set<AttemptId> let_go;  // in this commit: they run no more, or linger from now on
    MoveChecker moves{true};
    std::size_t moves_judged = 0;
  };
  struct Run {  // a process
    Start start;
    std::optional<std::int32_t> exit_code;  // once it is over
  };

  void see(ShardId shard, ShardView& view, const TasksWereAdded& added);
  void see(ShardId shard, ShardView& view, const TaskPut& put);
  void see(ShardId shard, ShardView& view, const TaskErased& erased);
  void see(ShardId shard, ShardView& view, const JobPut& put);
  void see(ShardId shard, ShardView& view, const JobErased& erased);
  void see(ShardId shard, ShardView& view, const NodePut& put);
  void see(ShardId shard, ShardView& view, const NodeErased& erased);
  void see(ShardId shard, ShardView& view, const PoolPut& put);
  void see(ShardId shard, ShardView& view, const PoolErased& erased);
  void see(ShardId shard, ShardView& view, const JobSchedulePut& put);
  void see(ShardId shard, ShardView& view, const JobScheduleErased& erased);
  void see(ShardId shard, ShardView& view, const LingeringPut& put);
  void see(ShardId shard, ShardView& view, const LingeringErased& erased);
  void see(ShardId shard, ShardView& view, const ClaimPut& put);
  void see(ShardId shard, ShardView& view, const ClaimErased& erased);
  void see(ShardId shard, ShardView& view, const JobNodePut& put);
  template <class Event>
  void see(ShardId, ShardView&, const Event&) {}

  bool may_be_reactivated(const ShardView& view, const TaskRecord& task) const;
  void check_gang(ShardId shard, const ShardView& view, const TaskRecord& task);
  void check_dispatch(ShardId shard, const ShardView& view, const Task& task);
  void check_completion(ShardId shard, const TaskRecord& task);
  void check_retry(ShardId shard, const TaskRecord& task);
  void check_prepared(ShardId shard, const ShardView& view, const TaskRecord& task);
  void check_node_task_end(const AttemptId& id, const NodeTaskRun& run);
  void check_skipped(ShardId shard, const ShardView& view, const JobNodeRecord& record);
  void check_released(ShardId shard, const ShardView& view, const JobRecord& job);
  void check_release_start(const Start& start);
  void check_start(const AttemptId& id);
  void check_let_go(ShardView& view);
  void check_alone(const JobRecord& job);
  bool is_blocked(const ShardView& view, const Task& task) const;
  void note_end(ShardId shard, ShardView& view, const TaskRecord& task);

  World& world_;
  std::map<ShardId, ShardView> shards_;
  std::map<AttemptId, Run> ledger_;
  std::map<std::pair<ShardId, TaskKey>, AttemptId> alive_;  // one attempt of each task
  std::map<std::string, SlotCount> slots_used_;             // by node id, of processes alive
  std::map<std::string, AttemptId> alive_by_name_;
  using JobName = std::pair<std::string, std::string>;  // account and id
  std::map<JobName, EventNumber> stopped_jobs_;
  std::set<std::pair<JobName, std::string>> reactivations_;
  std::uint64_t completed_ = 0;
};

}  // namespace windlass::simulator
