#include "scheduler/core/preemption.h"

#include "model/assert.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/gangs.h"
#include "scheduler/core/job_nodes.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace windlass::scheduler {

namespace {

struct Victim {
  std::int32_t priority = 0;
  WallTime started;
  TaskKey task;
  NodeSeq node = 0;
  SlotCount slots = 0;
  bool taken = false;
};

// All that may be preempted: of the lowest priority first, and of that what has run the least.
std::vector<Victim> find_victims(const State& state, const Pool& pool, const PoolQueue& queue) {
  std::vector<Victim> victims;
  for (const JobSeq seq : queue.yielding) {
    const Job& job = *state.find_job(seq);
    for (const TaskSeq task : job.running) {
      const RunningTask& running = *state.find_running({seq, task});
      const TaskRecord& record = running.record;
      if (record.state != TaskState::running || record.instances > 0) continue;
      if (is_job_manager(job.record, record.key)) continue;
      const Node& node = *state.find_node(running.node);
      if (node.record.pool != pool.record.seq || !takes_tasks(state, node)) continue;
      victims.push_back({job.record.spec.priority, record.start_time.value_or(WallTime{}),
                         record.key, running.node, slots_held(job.record, record, node), false});
    }
  }
  std::sort(victims.begin(), victims.end(), [](const Victim& a, const Victim& b) {
    if (a.priority != b.priority) return a.priority < b.priority;
    return a.started > b.started;
  });
  return victims;
}

// A job whose next task fits nowhere, and how many of its tasks could begin if they found room.
struct Need {
  const Job* job = nullptr;
  SlotCount slots = 0;  // of its oldest task; the others are taken to be as wide
  std::size_t tasks = 0;
};

std::optional<Need> need_of(const Pool& pool, const Job& job) {
  const auto& manager = job.record.spec.manager_task;
  std::optional<TaskSeq> left_out;
  if (manager && manager->run_exclusive) left_out = kJobManagerSeq;
  const auto task = job.ready.first_fitting(pool.record.spec.task_slots_per_node, left_out);
  if (!task) return std::nullopt;
  Need need{&job, task->slots, job.ready.size()};
  if (left_out && job.ready.contains(*left_out, manager->task.required_slots)) need.tasks -= 1;
  const std::int32_t parallel_max = job.record.spec.parallel_tasks_max;
  if (parallel_max >= 0) {
    const std::int64_t more = parallel_max - job.record.counts.tasks.running;
    need.tasks = std::min(need.tasks, static_cast<std::size_t>(std::max<std::int64_t>(more, 0)));
  }
  std::size_t promised = 0;
  for (const auto& [node, room] : pool.making_room) {
    if (room.job == job.record.seq) promised += room.tasks;
  }
  need.tasks -= std::min(need.tasks, promised);
  return need;
}

// What the node will have free once all that are leaving it have left, and nobody was promised.
SlotCount room_on(const State& state, const Pool& pool, const Node& node) {
  SlotCount free = node.slots.free();
  const auto room = pool.making_room.find(node.record.seq);
  if (room == pool.making_room.end()) return free;
  for (const AttemptId& id : room->second.leaving) {
    const LingeringAttempt* attempt = state.find_lingering(id);
    WINDLASS_ASSERT(attempt != nullptr);
    free += attempt->slots;
  }
  return free - room->second.slots;
}

bool may_make_room(const State& state, const Pool& pool, const Job& job, const Node& node) {
  const auto room = pool.making_room.find(node.record.seq);
  if (room != pool.making_room.end() && room->second.job != job.record.seq) return false;
  return takes_tasks(state, node) && may_run_on(job, node);
}

// The first node where enough of them run, and no more of these than it takes.
std::vector<Victim*> choose_victims(const State& state, const Pool& pool, const Need& need,
                                    std::vector<Victim>& victims) {
  std::map<NodeSeq, std::vector<Victim*>> by_node;
  for (Victim& victim : victims) {
    if (victim.priority >= need.job->record.spec.priority) break;
    if (victim.taken) continue;
    const Node& node = *state.find_node(victim.node);
    if (!may_make_room(state, pool, *need.job, node)) continue;
    std::vector<Victim*>& chosen = by_node[victim.node];
    chosen.push_back(&victim);
    SlotCount room = room_on(state, pool, node);
    for (const Victim* one : chosen) room += one->slots;
    if (room < need.slots) continue;
    std::erase_if(chosen, [&](const Victim* one) {
      if (room - one->slots < need.slots) return false;
      room -= one->slots;
      return true;
    });
    return chosen;
  }
  return {};
}

void make_room(Step& step, PoolSeq pool, const Need& need, const std::vector<Victim*>& chosen) {
  const NodeSeq node = chosen.front()->node;
  RoomMade& room = step.soft().pools.at(pool).making_room[node];
  room.job = need.job->record.seq;
  room.tasks += 1;
  room.slots += need.slots;
  for (Victim* victim : chosen) {
    const RunningTask running = *step.state().find_running(victim->task);
    const AttemptId id{step.state().shard(), victim->task, running.record.attempt};
    requeue_running(step, running, false);
    after_task(step, victim->task.job);
    if (step.state().find_lingering(id) != nullptr) room.leaving.insert(id);
    victim->taken = true;
  }
  if (room.leaving.empty()) step.soft().pools.at(pool).making_room.erase(node);
  reindex_node(step.soft(), node);
}

}  // namespace

void preempt(Step& step, const Pool& pool, const PoolQueue& queue) {
  if (queue.yielding.empty() || queue.runnable.empty()) return;
  std::int32_t lowest = std::numeric_limits<std::int32_t>::max();
  for (const JobSeq seq : queue.yielding)
    lowest = std::min(lowest, step.state().find_job(seq)->record.spec.priority);
  const auto keeper = gang_that_keeps_nodes(step.state(), pool);
  std::vector<JobSeq> in_need;  // whoever is preempted changes the queue
  for (const JobOrder& order : queue.runnable) {
    const Job& job = *step.state().find_job(order.job);
    if (job.record.spec.priority <= lowest || in_need.size() == kJobsInNeedMax) break;
    if (keeper &&
        job.record.spec.priority <= step.state().find_job(keeper->job)->record.spec.priority)
      break;  // the nodes would be left to the gang
    in_need.push_back(order.job);
  }
  if (in_need.empty()) return;
  std::vector<Victim> victims = find_victims(step.state(), pool, queue);
  std::size_t preempted = 0;
  for (const JobSeq seq : in_need) {
    std::optional<Need> need = need_of(pool, *step.state().find_job(seq));
    for (; need && need->tasks > 0 && preempted < kPreemptedMax; need->tasks -= 1) {
      const std::vector<Victim*> chosen = choose_victims(step.state(), pool, *need, victims);
      if (chosen.empty()) break;
      make_room(step, pool.record.seq, *need, chosen);
      preempted += chosen.size();
    }
  }
}

}  // namespace windlass::scheduler
