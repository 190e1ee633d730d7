// The state machines of the API as tables: every change of state that may be seen, and what brings
// it about. docs/STATES.md shows them; the checker below holds what shards have recorded against
// them, in the simulator and after every conformance test.
#pragma once

#include "model/shard_event.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace windlass {

// Words as on the wire. An empty `from` is what did not exist, an empty `to` what is gone.
struct Move {
  std::string_view from;
  std::string_view to;
  std::string_view by;
};

struct StateMachine {
  std::string_view name;
  std::span<const Move> moves;
};

// pool, pool allocation, node, job, job schedule, task, subtask.
std::span<const StateMachine> state_machines();

bool may_move(std::string_view machine, std::string_view from, std::string_view to);

// Follows the events of one shard in their order. Events carry whole records: states that were
// passed within one event are told by the record's previous state.
class MoveChecker {
 public:
  // Whether the events are all that the shard ever had; otherwise what is met for the first time
  // may be in any state.
  explicit MoveChecker(bool from_the_beginning) : from_the_beginning_(from_the_beginning) {}

  void see(const ShardEvent& event);

  // Machine, from, to: how often each was seen.
  using Seen = std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t>;
  const Seen& seen() const { return seen_; }
  // Sentences, one for each move that no table has.
  const std::vector<std::string>& undocumented() const { return undocumented_; }

 private:
  void move(std::string_view machine, const std::string& who, std::string_view from,
            std::string_view to);

  template <class Key>
  using States = std::map<Key, std::string_view>;
  template <class Key>
  void enter(std::string_view machine, States<Key>& states, const Key& key, const std::string& who,
             std::string_view passed, std::string_view to);
  template <class Key>
  void leave(std::string_view machine, States<Key>& states, const Key& key, const std::string& who);

  void see_subtasks(const TaskKey& task, const std::vector<Subtask>& subtasks);

  void operator()(const PoolPut& event);
  void operator()(const PoolErased& event);
  void operator()(const NodePut& event);
  void operator()(const NodeErased& event);
  void operator()(const JobPut& event);
  void operator()(const JobErased& event);
  void operator()(const JobSchedulePut& event);
  void operator()(const JobScheduleErased& event);
  void operator()(const TasksWereAdded& event);
  void operator()(const TaskPut& event);
  void operator()(const TaskErased& event);
  template <class Event>
  void operator()(const Event&) {}

  bool from_the_beginning_;
  States<PoolSeq> pools_;
  States<PoolSeq> allocations_;
  States<NodeSeq> nodes_;
  States<JobSeq> jobs_;
  States<JobScheduleSeq> job_schedules_;
  States<TaskKey> tasks_;
  States<TaskKey> subtasks_;  // by instance_key()
  Seen seen_;
  std::vector<std::string> undocumented_;
};

}  // namespace windlass
