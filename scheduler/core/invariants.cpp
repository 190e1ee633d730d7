#include "scheduler/core/invariants.h"

#include <map>
#include <set>

namespace windlass::scheduler {

namespace {

class Check {
 public:
  void that(bool holds, const std::string& sentence) {
    if (!holds) broken_.push_back(sentence);
  }
  std::vector<std::string> take() { return std::move(broken_); }

 private:
  std::vector<std::string> broken_;
};

std::string name(const TaskKey& key) {
  return "task (" + std::to_string(key.job) + ", " + std::to_string(key.task) + ")";
}

// S4: counts are the sum over the tasks. S6: slots are the sum over the attempts.
void check_jobs(const State& state, Rows& rows, Check& check) {
  for (const auto& [seq, job] : state.jobs) {
    if (job.record.state == JobState::deleting) continue;  // its rows are being removed
    TaskCounts counts;
    std::size_t queued = 0;
    rows.scan_task_ids(seq, "", [&](std::string_view id, TaskSeq task_seq) {
      const TaskKey key{seq, task_seq};
      const auto open = rows.open_task(key);
      const auto done = rows.done_task(key);
      check.that(open.has_value() != done.has_value(), name(key) + " is open xor done");
      if (!open && !done) return true;
      const TaskRecord& task = open ? open->record : *done;
      check.that(lower_cased(task.id) == id, name(key) + " is found under its id");
      check.that(task.key == key, name(key) + " knows its key");
      check.that(done.has_value() == (task.state == TaskState::completed),
                 name(key) + " is done exactly when completed");
      check.that(task.constraints.retries_max < 0 ||
                     task.retry_count <= task.constraints.retries_max || task.retry_count > 0,
                 name(key) + " retries within its limit");
      const RunningTask* running = state.find_running(key);
      check.that((running != nullptr) == is_on_node(task.state),
                 name(key) + " is in memory as running exactly when its row says so");
      if (running != nullptr) {
        check.that(running->record == task, name(key) + " is the same in memory and row");
        check.that(job.running.contains(task_seq), name(key) + " is among its job's running");
      }
      const auto place = state.place_of(job, task);
      check.that((place != State::Place::nowhere) == (task.state == TaskState::active),
                 name(key) + " is queued exactly when active");
      if (place != State::Place::nowhere) ++queued;
      const auto add = [&](StateCounts& where, std::int64_t amount) {
        if (task.state == TaskState::active) where.active += amount;
        if (is_on_node(task.state)) where.running += amount;
        if (task.state == TaskState::completed) {
          (task.result == ExecutionResult::success ? where.succeeded : where.failed) += amount;
        }
      };
      add(counts.tasks, 1);
      add(counts.slots, task.required_slots);
      return true;
    });
    const std::string job_name = "job " + job.record.spec.id;
    check.that(counts == job.record.counts, job_name + " counts its tasks right");
    check.that(queued == job.ready.size() + job.ready_gangs.size() + job.held_back.size() +
                             job.dependencies.size(),
               job_name + " queues no task that is not there");
    const std::int32_t parallel_max = job.record.spec.parallel_tasks_max;
    check.that(parallel_max < 0 || parallel_max >= 1, job_name + " has a sane maxParallelTasks");
    const bool ended = job.record.state == JobState::completed;
    check.that(!ended || job.running.empty(), job_name + " is completed and runs nothing");
    const EntityKey pool_key = entity_key(job.record.account, job.record.spec.pool_id);
    const auto queue = state.pool_queues.find(pool_key);
    check.that(queue != state.pool_queues.end() && queue->second.jobs.contains(seq) &&
                   job.queue == &queue->second,
               job_name + " stands in its pool's queue");
    check.that(queue == state.pool_queues.end() || queue->second.with_gangs.contains(seq) ==
                                                       (job.queued && !job.ready_gangs.empty()),
               job_name + " is known to have multi-instance tasks that could run");
    check.that(
        queue == state.pool_queues.end() || queue->second.yielding.contains(seq) == yields(job),
        job_name + " is known to run what may be preempted");
    check.that(job.queued == state.job_takes_turns(job),
               job_name + " is runnable exactly when it has something to run");
  }
}

void check_nodes(const State& state, Check& check) {
  std::map<NodeSeq, SlotCount> used;
  std::map<NodeSeq, std::int32_t> running;
  for (const auto& [key, task] : state.running) {
    const Job* job = state.find_job(key.job);
    const Node* node = state.find_node(task.node);
    check.that(job != nullptr && node != nullptr, name(key) + " runs and has a job and a node");
    if (job == nullptr || node == nullptr) continue;
    std::set<NodeSeq> nodes;
    each_instance(task.record, [&](std::int32_t instance, const std::string& node_id) {
      const Node* at = state.find_node_by_id(node_id);
      check.that(at != nullptr, name(key) + " has a node for each of its instances");
      if (at == nullptr) return;
      check.that(at->slots.holds({state.shard(), instance_key(key, instance), task.record.attempt}),
                 name(key) + " holds slots for each of its instances");
      check.that(nodes.insert(at->record.seq).second,
                 name(key) + " has no two instances on one node");
      used[at->record.seq] += slots_held(job->record, task.record, *at);
      running[at->record.seq] += 1;
    });
    check.that(task.record.instances <= 1 || task.record.subtasks.size() + 1 ==
                                                 static_cast<std::size_t>(task.record.instances),
               name(key) + " runs with all its instances");
  }
  for (const auto& [id, attempt] : state.lingering) {
    used[attempt.node] += attempt.slots;
    const RunningTask* current = state.find_running_instance(id.task);
    check.that(current == nullptr || current->record.attempt != id.attempt,
               name(id.task) + " does not run the attempt that lingers");
    check.that(current == nullptr, name(id.task) + " is not dispatched while an attempt lingers");
  }
  for (const auto& [seq, pool] : state.pools) {
    Pool counted;
    for (const auto& [id, node] : pool.nodes) tally_node(counted, state.nodes.at(node).record);
    check.that(
        counted.dedicated_nodes == pool.dedicated_nodes && counted.spot_nodes == pool.spot_nodes,
        "pool " + pool.record.spec.id + " counts its nodes right");
  }
  for (const auto& [seq, node] : state.nodes) {
    const std::string node_name = "node " + node.record.id;
    check.that(node.slots.used() == used[seq], node_name + " counts its slots right");
    check.that(node.slots.used() <= node.slots.total(), node_name + " holds no more than it has");
    check.that(node.running == running[seq], node_name + " counts its tasks right");
    check.that(state.find_node(seq) == &node && state.find_node_by_id(node.record.id) == &node,
               node_name + " is found by its number and its id");
    const auto pool = state.pools.find(node.record.pool);
    check.that(pool != state.pools.end(), node_name + " belongs to a pool");
    if (pool == state.pools.end()) continue;
    const auto room = pool->second.making_room.find(seq);
    const bool makes_room = room != pool->second.making_room.end();
    check.that(!makes_room || !room->second.leaving.empty(),
               node_name + " makes room until those that leave have left");
    for (const AttemptId& id : makes_room ? room->second.leaving : std::set<AttemptId>{})
      check.that(state.find_lingering(id) != nullptr, name(id.task) + " is leaving its node");
    const bool wanted = node.slots.free() > 0 && takes_tasks(state, node) && !makes_room;
    check.that(pool->second.placeable.contains({node.slots.free(), seq}) == wanted,
               node_name + " is placeable exactly when it has room");
    check.that(state.nodes_unknown.contains(seq) == (node.record.state == NodeState::unknown),
               node_name + " is among the unknown exactly when it is");
    check.that(node.record.state != NodeState::idle || node.running == 0,
               node_name + " is idle and runs nothing");
    check.that(node.record.state != NodeState::idle ||
                   node.record.scheduling_state == SchedulingState::enabled,
               node_name + " is idle only when it may have tasks");
  }
}

// Preparations and releases: the indexes are what the records say, and who waits has what to wait
// for.
void check_job_nodes(const State& state, Check& check) {
  for (const auto& [seq, job] : state.jobs) {
    std::set<NodeSeq> busy;
    std::set<NodeSeq> due;
    for (const auto& [node_seq, record] : job.nodes) {
      const std::string who = "job " + job.record.spec.id + " on node " + record.node_id;
      const Node* node = state.find_node(node_seq);
      const bool releases = record.release && record.release->state == NodeTaskState::running;
      const bool prepares = record.preparation.state == NodeTaskState::running;
      check.that(!(releases && prepares), who + " does one thing at a time");
      check.that(!releases || is_ending(job.record), who + " releases only when it ends");
      check.that(job.record.state != JobState::completed || !(releases || prepares),
                 who + " runs nothing once it is completed");
      if (releases || prepares) busy.insert(node_seq);
      const bool over = record.release_skipped || (record.release && record.release->judged);
      if (node != nullptr && !releases && !prepares && !over && releases_nodes(job.record))
        due.insert(node_seq);
      if (node == nullptr) continue;
      check.that(node->node_tasks.contains(seq) == (releases || prepares),
                 who + " is known by its node while it is busy");
      check.that(node->releases_due.contains(seq) == due.contains(node_seq),
                 who + " is due on its node");
    }
    check.that(busy == job.nodes_busy, "job " + job.record.spec.id + " knows its busy nodes");
    check.that(due == job.releases_due, "job " + job.record.spec.id + " knows what is due");
    check.that(state.jobs_releasing.contains(seq) == !due.empty(),
               "job " + job.record.spec.id + " is known to have releases to begin");
  }
  for (const auto& [key, task] : state.running) {
    if (task.record.state != TaskState::preparing) continue;
    const Job* job = state.find_job(key.job);
    bool prepares = false;
    each_instance(task.record, [&](std::int32_t, const std::string& node_id) {
      const Node* node = state.find_node_by_id(node_id);
      prepares = prepares ||
                 (job != nullptr && node != nullptr && job->nodes_busy.contains(node->record.seq));
    });
    check.that(prepares, name(key) + " waits for a preparation that is under way");
  }
}

void check_job_schedules(const State& state, Check& check) {
  for (const auto& [seq, schedule] : state.job_schedules) {
    const std::string name = "job schedule " + schedule.spec.id;
    const Reservation* newest = state.find_reservation(
        schedule.account, job_of_schedule(schedule.spec.id, schedule.jobs_made));
    check.that(!schedule.job_active || newest != nullptr, name + " has the id of its active job");
    check.that(state.find_reservation(schedule.account, schedule.spec.id) == nullptr,
               name + " has its id for itself");
    check.that(state.find_job_schedule(schedule.account, schedule.spec.id) == &schedule,
               name + " is found under its id");
    check.that(
        (schedule.state == JobScheduleState::deleting) == state.job_schedules_erasing.contains(seq),
        name + " is on its way out exactly when it is deleted");
    check.that(!schedule.next_run || !schedule.last_run || *schedule.last_run < *schedule.next_run,
               name + " repeats no recurrence");
    check.that(schedule.state != JobScheduleState::completed || !schedule.job_active,
               name + " is completed and has no active job");
  }
}

}  // namespace

std::vector<std::string> broken_invariants(const State& state, Rows& rows) {
  Check check;
  check_jobs(state, rows, check);
  check_nodes(state, check);
  check_job_nodes(state, check);
  check_job_schedules(state, check);
  return check.take();
}

}  // namespace windlass::scheduler
