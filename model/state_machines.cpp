#include "model/state_machines.h"

#include "model/words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace windlass {

namespace {

constexpr Move kPool[] = {
    {"", "active", "added"},
    {"active", "deleting", "deleted by request"},
    {"deleting", "", "its last node has left"},
};

constexpr Move kAllocation[] = {
    {"", "steady", "added without nodes"},
    {"", "resizing", "added with nodes"},
    {"steady", "resizing", "resize, removal of nodes, deletion, or a node is missing"},
    {"resizing", "steady", "the targets are met, or the resize timed out"},
    {"resizing", "stopping", "stop resize"},
    {"stopping", "steady", "the resize has stopped"},
    {"stopping", "resizing", "deletion"},
    {"steady", "", "the pool is gone"},
    {"resizing", "", "the pool is gone"},
    {"stopping", "", "the pool is gone"},
};

// Idle, running and offline follow the load and are recorded with the next event of the node.
constexpr Move kNode[] = {
    {"", "starting", "a worker granted it"},
    {"starting", "waitingforstarttask", "the start task begins and is waited for"},
    {"starting", "idle", "ready"},
    {"starting", "offline", "ready, and its scheduling is disabled"},
    {"starting", "starttaskfailed", "told when its start task had failed already"},
    {"waitingforstarttask", "idle", "the start task succeeded"},
    {"waitingforstarttask", "offline", "the same, and its scheduling is disabled"},
    {"waitingforstarttask", "starttaskfailed", "the start task failed with all its retries"},
    {"idle", "running", "a task is put on it"},
    {"running", "idle", "its last task has ended"},
    {"running", "offline", "the same, and its scheduling is disabled"},
    {"idle", "offline", "scheduling disabled"},
    {"offline", "idle", "scheduling enabled"},
    {"starting", "unusable", "the worker could not make it"},
    {"waitingforstarttask", "unusable", "the worker could not make it"},
    {"idle", "unusable", "its worker says that it is broken"},
    {"running", "unusable", "its worker says that it is broken"},
    {"offline", "unusable", "its worker says that it is broken"},
    {"starttaskfailed", "unusable", "its worker says that it is broken"},
    {"idle", "starting", "its worker starts it afresh"},
    {"running", "starting", "its worker starts it afresh"},
    {"offline", "starting", "its worker starts it afresh"},
    {"starttaskfailed", "starting", "its worker starts it afresh"},
    {"waitingforstarttask", "starting", "its worker starts it afresh"},
    {"unusable", "starting", "its worker starts it afresh"},
    {"idle", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"running", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"offline", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"starttaskfailed", "waitingforstarttask",
     "the same, told when its start task has begun already"},
    {"unusable", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"unusable", "idle", "its worker, which stayed away, is back"},
    {"unusable", "offline", "its worker, which stayed away, is back"},
    {"unusable", "starttaskfailed", "its worker, which stayed away, is back"},
    {"idle", "rebooting", "reboot"},
    {"running", "rebooting", "reboot"},
    {"starttaskfailed", "rebooting", "reboot"},
    {"unusable", "rebooting", "reboot"},
    {"offline", "rebooting", "reboot"},
    {"rebooting", "starting", "its worker starts it afresh"},
    {"rebooting", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"rebooting", "idle", "the same, told when it was ready already"},
    {"rebooting", "offline", "the same, told when it was ready already"},
    {"rebooting", "starttaskfailed", "the same, told when its start task had failed already"},
    {"rebooting", "unusable", "the worker could not make it"},
    {"idle", "reimaging", "reimage"},
    {"running", "reimaging", "reimage"},
    {"starttaskfailed", "reimaging", "reimage"},
    {"unusable", "reimaging", "reimage"},
    {"offline", "reimaging", "reimage"},
    {"reimaging", "starting", "its worker starts it afresh"},
    {"reimaging", "waitingforstarttask", "the same, told when its start task has begun already"},
    {"reimaging", "idle", "the same, told when it was ready already"},
    {"reimaging", "offline", "the same, told when it was ready already"},
    {"reimaging", "starttaskfailed", "the same, told when its start task had failed already"},
    {"reimaging", "unusable", "the worker could not make it"},
    {"idle", "deallocating", "deallocation"},
    {"running", "deallocating", "deallocation"},
    {"starttaskfailed", "deallocating", "deallocation"},
    {"unusable", "deallocating", "deallocation"},
    {"offline", "deallocating", "deallocation"},
    {"deallocating", "deallocated", "its worker has wiped it"},
    {"deallocated", "starting", "start"},
    {"unusable", "deallocated", "its worker, which stayed away, is back"},
    {"starting", "unknown", "the lease of its worker ended"},
    {"waitingforstarttask", "unknown", "the lease of its worker ended"},
    {"starttaskfailed", "unknown", "the lease of its worker ended"},
    {"idle", "unknown", "the lease of its worker ended"},
    {"running", "unknown", "the lease of its worker ended"},
    {"offline", "unknown", "the lease of its worker ended"},
    {"rebooting", "unknown", "the lease of its worker ended"},
    {"reimaging", "unknown", "the lease of its worker ended"},
    {"unusable", "unknown", "the lease of its worker ended"},
    {"deallocating", "unknown", "the lease of its worker ended"},
    {"deallocated", "unknown", "the lease of its worker ended"},
    {"starting", "preempted", "the same, and it is a spot node"},
    {"waitingforstarttask", "preempted", "the same, and it is a spot node"},
    {"starttaskfailed", "preempted", "the same, and it is a spot node"},
    {"idle", "preempted", "the same, and it is a spot node"},
    {"running", "preempted", "the same, and it is a spot node"},
    {"offline", "preempted", "the same, and it is a spot node"},
    {"rebooting", "preempted", "the same, and it is a spot node"},
    {"reimaging", "preempted", "the same, and it is a spot node"},
    {"unusable", "preempted", "the same, and it is a spot node"},
    {"deallocating", "preempted", "the same, and it is a spot node"},
    {"deallocated", "preempted", "the same, and it is a spot node"},
    {"unknown", "starting", "its worker is back"},
    {"unknown", "waitingforstarttask", "its worker is back"},
    {"unknown", "starttaskfailed", "its worker is back"},
    {"unknown", "idle", "its worker is back"},
    {"unknown", "offline", "its worker is back"},
    {"unknown", "rebooting", "its worker is back"},
    {"unknown", "reimaging", "its worker is back"},
    {"unknown", "deallocating", "its worker is back"},
    {"unknown", "deallocated", "its worker is back"},
    {"unknown", "unusable", "its worker stayed away"},
    {"preempted", "starting", "its worker is back"},
    {"preempted", "waitingforstarttask", "its worker is back"},
    {"preempted", "starttaskfailed", "its worker is back"},
    {"preempted", "idle", "its worker is back"},
    {"preempted", "offline", "its worker is back"},
    {"preempted", "rebooting", "its worker is back"},
    {"preempted", "reimaging", "its worker is back"},
    {"preempted", "deallocating", "its worker is back"},
    {"preempted", "deallocated", "its worker is back"},
    {"preempted", "unusable", "its worker is back, and could not make it"},
    {"starting", "leavingpool", "removed"},
    {"waitingforstarttask", "leavingpool", "removed"},
    {"starttaskfailed", "leavingpool", "removed"},
    {"idle", "leavingpool", "removed"},
    {"running", "leavingpool", "removed"},
    {"offline", "leavingpool", "removed"},
    {"rebooting", "leavingpool", "removed"},
    {"reimaging", "leavingpool", "removed"},
    {"deallocating", "leavingpool", "removed"},
    {"deallocated", "leavingpool", "removed"},
    {"unusable", "leavingpool", "removed"},
    {"unknown", "leavingpool", "removed"},
    {"preempted", "leavingpool", "removed"},
    {"leavingpool", "", "its worker has wiped it"},
    {"unknown", "", "removed while its worker is away"},
    {"preempted", "", "removed while its worker is away"},
    {"unusable", "", "removed while its worker is away"},
    {"starting", "", "its worker does not know it any more"},
    {"waitingforstarttask", "", "its worker does not know it any more"},
    {"starttaskfailed", "", "its worker does not know it any more"},
    {"idle", "", "its worker does not know it any more"},
    {"running", "", "its worker does not know it any more"},
    {"offline", "", "its worker does not know it any more"},
    {"rebooting", "", "its worker does not know it any more"},
    {"reimaging", "", "its worker does not know it any more"},
    {"deallocating", "", "its worker does not know it any more"},
    {"deallocated", "", "its worker does not know it any more"},
};

constexpr Move kJob[] = {
    {"", "active", "added"},
    {"active", "disabling", "disabled by request, or by an exit condition"},
    {"disabled", "disabling", "disabled again"},
    {"disabling", "disabled", "none of its tasks runs any more"},
    {"disabling", "enabling", "enabled"},
    {"disabled", "enabling", "enabled"},
    {"enabling", "active", "at once"},
    {"active", "terminating",
     "terminated by request, its time is over, all tasks are complete, or by an exit condition"},
    {"disabling", "terminating", "terminated by request, or its time is over"},
    {"disabled", "terminating", "terminated by request, or its time is over"},
    {"enabling", "terminating", "terminated by request"},
    {"terminating", "completed", "nothing of it runs any more"},
    {"", "completed", "its pool could not be made"},
    {"active", "deleting", "deleted"},
    {"disabling", "deleting", "deleted"},
    {"disabled", "deleting", "deleted"},
    {"enabling", "deleting", "deleted"},
    {"terminating", "deleting", "deleted"},
    {"completed", "deleting", "deleted"},
    {"deleting", "", "nothing of it is left"},
};

constexpr Move kJobSchedule[] = {
    {"", "active", "added"},
    {"active", "completed", "it makes no more jobs, and none is active"},
    {"active", "disabled", "disabled"},
    {"disabled", "active", "enabled"},
    {"active", "terminating", "terminated by request"},
    {"disabled", "terminating", "terminated by request"},
    {"terminating", "completed", "its job has ended"},
    {"active", "deleting", "deleted"},
    {"disabled", "deleting", "deleted"},
    {"terminating", "deleting", "deleted"},
    {"completed", "deleting", "deleted"},
    {"deleting", "", "its jobs are told to go"},
};

constexpr Move kTask[] = {
    {"", "active", "added"},
    {"active", "preparing", "on a node whose job preparation has not ended"},
    {"active", "running", "on a node"},
    {"preparing", "running", "the job preparation succeeded"},
    {"preparing", "active", "the job preparation failed, the node was lost, or requeued"},
    {"preparing", "completed", "terminated"},
    {"running", "active", "retried, requeued, or its node was lost"},
    {"running", "completed", "it ended, or was terminated"},
    {"active", "completed", "terminated, or a parent will never satisfy it"},
    {"completed", "active", "reactivated"},
    {"active", "", "deleted, with its job or alone"},
    {"preparing", "", "deleted, with its job or alone"},
    {"running", "", "deleted, with its job or alone"},
    {"completed", "", "deleted, with its job or alone"},
};

// Of the last attempt of a multi-instance task.
constexpr Move kSubtask[] = {
    {"", "preparing", "its task is put on nodes, of which one has to be prepared for the job"},
    {"", "running", "its task is put on nodes"},
    {"preparing", "running", "all nodes of the task are prepared"},
    {"preparing", "completed", "its task was terminated"},
    {"running", "completed", "it failed, it left nothing behind, or its task ended"},
    {"preparing", "", "its task is queued again, or deleted"},
    {"running", "", "its task is queued again, or deleted"},
    {"completed", "", "its task is queued again, or deleted"},
};

constexpr StateMachine kMachines[] = {
    {"pool", kPool},      {"pool allocation", kAllocation}, {"node", kNode},
    {"job", kJob},        {"job schedule", kJobSchedule},   {"task", kTask},
    {"subtask", kSubtask}};

// They follow the load without events of their own: each may have been passed unseen.
constexpr std::array<std::string_view, 3> kFollowLoad = {"idle", "running", "offline"};

bool follows_load(std::string_view state) {
  return std::find(kFollowLoad.begin(), kFollowLoad.end(), state) != kFollowLoad.end();
}

std::string text(const TaskKey& key) {
  return std::to_string(key.job) + "." + std::to_string(key.task);
}

}  // namespace

std::span<const StateMachine> state_machines() {
  return kMachines;
}

bool may_move(std::string_view machine, std::string_view from, std::string_view to) {
  for (const StateMachine& one : kMachines) {
    if (one.name != machine) continue;
    return std::any_of(one.moves.begin(), one.moves.end(),
                       [&](const Move& move) { return move.from == from && move.to == to; });
  }
  return false;
}

void MoveChecker::see(const ShardEvent& event) {
  std::visit([this](const auto& what) { (*this)(what); }, event);
}

void MoveChecker::move(std::string_view machine, const std::string& who, std::string_view from,
                       std::string_view to) {
  if (from == to) return;
  ++seen_[{std::string(machine), std::string(from), std::string(to)}];
  if (may_move(machine, from, to)) return;
  if (machine == "node" && follows_load(from)) {
    if (follows_load(to)) return;
    for (const std::string_view other : kFollowLoad) {
      if (may_move(machine, other, to)) return;
    }
  }
  undocumented_.push_back(std::string(machine) + " " + who + " went from '" + std::string(from) +
                          "' to '" + std::string(to) + "'");
}

template <class Key>
void MoveChecker::enter(std::string_view machine, States<Key>& states, const Key& key,
                        const std::string& who, std::string_view passed, std::string_view to) {
  const auto [found, first] = states.emplace(key, to);
  if (first) {
    if (from_the_beginning_) move(machine, who, "", to);
    return;
  }
  const std::string_view from = std::exchange(found->second, to);
  if (from != to && !passed.empty() && passed != from) {
    move(machine, who, from, passed);
    move(machine, who, passed, to);
  } else {
    move(machine, who, from, to);
  }
}

template <class Key>
void MoveChecker::leave(std::string_view machine, States<Key>& states, const Key& key,
                        const std::string& who) {
  const auto found = states.find(key);
  if (found == states.end()) return;
  move(machine, who, found->second, "");
  states.erase(found);
}

void MoveChecker::operator()(const PoolPut& event) {
  const PoolRecord& pool = event.pool;
  enter("pool", pools_, pool.seq, pool.spec.id, {}, word(pool.state));
  enter("pool allocation", allocations_, pool.seq, pool.spec.id, {}, word(pool.allocation_state));
}

void MoveChecker::operator()(const PoolErased& event) {
  leave("pool", pools_, event.pool, std::to_string(event.pool));
  leave("pool allocation", allocations_, event.pool, std::to_string(event.pool));
}

void MoveChecker::operator()(const NodePut& event) {
  enter("node", nodes_, event.node.seq, event.node.id, {}, word(event.node.state));
}

void MoveChecker::operator()(const NodeErased& event) {
  leave("node", nodes_, event.node, std::to_string(event.node));
}

void MoveChecker::operator()(const JobPut& event) {
  const JobRecord& job = *event.job;
  enter("job", jobs_, job.seq, job.spec.id,
        job.previous_state ? word(*job.previous_state) : std::string_view{}, word(job.state));
}

void MoveChecker::operator()(const JobErased& event) {
  leave("job", jobs_, event.job, std::to_string(event.job));
  // Its tasks go with it, without events of their own.
  const auto first = tasks_.lower_bound({event.job, 0});
  const auto last = tasks_.lower_bound({event.job + 1, 0});
  for (auto task = first; task != last; ++task) move("task", text(task->first), task->second, "");
  tasks_.erase(first, last);
  std::erase_if(subtasks_, [&](const auto& subtask) {
    if (subtask.first.job != event.job) return false;
    move("subtask", text(subtask.first), subtask.second, "");
    return true;
  });
}

void MoveChecker::operator()(const JobSchedulePut& event) {
  const JobScheduleRecord& schedule = *event.schedule;
  enter("job schedule", job_schedules_, schedule.seq, schedule.spec.id,
        schedule.previous_state ? word(*schedule.previous_state) : std::string_view{},
        word(schedule.state));
}

void MoveChecker::operator()(const JobScheduleErased& event) {
  leave("job schedule", job_schedules_, event.schedule, std::to_string(event.schedule));
}

void MoveChecker::operator()(const TasksWereAdded& event) {
  for (const AddedTask& added : event.tasks) {
    const TaskRecord& task = added.task.record;
    enter("task", tasks_, task.key, task.id, {}, word(task.state));
  }
}

void MoveChecker::see_subtasks(const TaskKey& task, const std::vector<Subtask>& subtasks) {
  std::int32_t number = 0;
  for (const Subtask& subtask : subtasks) {
    const TaskKey key = instance_key(task, ++number);
    enter("subtask", subtasks_, key, text(task) + "/" + std::to_string(number), {},
          word(subtask.state));
  }
  for (TaskKey key = instance_key(task, ++number); subtasks_.contains(key);
       key = instance_key(task, ++number))
    leave("subtask", subtasks_, key, text(task) + "/" + std::to_string(number));
}

void MoveChecker::operator()(const TaskPut& event) {
  const TaskRecord& task = event.task;
  see_subtasks(task.key, task.subtasks);
  enter("task", tasks_, task.key, task.id,
        task.previous_state ? word(*task.previous_state) : std::string_view{}, word(task.state));
}

void MoveChecker::operator()(const TaskErased& event) {
  see_subtasks(event.key, {});
  leave("task", tasks_, event.key, event.id);
}

}  // namespace windlass
