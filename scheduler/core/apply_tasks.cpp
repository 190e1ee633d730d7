#include "scheduler/core/apply_tasks.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/dependents.h"
#include "scheduler/core/found.h"
#include "scheduler/core/usage.h"

#include <utility>

namespace windlass::scheduler {

namespace {

void count(TaskCounts& counts, const TaskRecord& task, int sign) {
  const auto add = [&](StateCounts& where, std::int64_t amount) {
    switch (task.state) {
      case TaskState::active:
        where.active += amount;
        break;
      case TaskState::preparing:
      case TaskState::running:
        where.running += amount;
        break;
      case TaskState::completed:
        (task.result == ExecutionResult::success ? where.succeeded : where.failed) += amount;
        break;
    }
  };
  add(counts.tasks, sign);
  add(counts.slots, std::int64_t{sign} * task.required_slots);
  WINDLASS_ASSERT(counts.tasks.active >= 0);
  WINDLASS_ASSERT(counts.tasks.running >= 0);
  WINDLASS_ASSERT(counts.tasks.succeeded >= 0);
  WINDLASS_ASSERT(counts.tasks.failed >= 0);
}

// A node with running tasks is `running`, without it is `idle`, or `offline` where it may have
// none; the rest of its states are told.
void follow_load(State& state, Node& node, WallTime at) {
  NodeState wanted = node.record.state;
  if (wanted == NodeState::idle || wanted == NodeState::running) wanted = ready_state(node);
  if (wanted != node.record.state) {
    node.record.state = wanted;
    node.record.state_time = at;
  }
  state.nodes_dirty.insert(node.record.seq);
}

// To the books of the job and of its account.
void book(State& state, Job& job, const TaskRecord& before, const TaskRecord& after) {
  const WorkUsage used = used_between(before, after);
  if (used == WorkUsage{}) return;
  job.record.usage += used;
  book_of(state, job.record.account, job.record.creation_time).work += used;
}

AttemptId attempt_of(const State& state, const TaskRecord& task, std::int32_t instance) {
  return {state.shard(), instance_key(task.key, instance), task.attempt};
}

// What waits for nothing else goes into the queue, unless an older attempt under its id lingers.
void make_ready(const State& state, Job& job, const TaskRecord& task) {
  if (!state.lingering_by_id.empty() &&
      state.lingers(job.record.account, job.record.spec.id, task.id)) {
    job.held_back.emplace(task.key.task, queue_width(task));
  } else {
    const QueueWidth width = queue_width(task);
    queue_for(job, width).push(task.key.task, width.width);
  }
}

}  // namespace

void enqueue(State& state, Rows& rows, Job& job, const OpenTask& task) {
  const TaskRecord& record = task.record;
  if (task.depends_on_ids.empty() && task.depends_on_ranges.empty()) {
    make_ready(state, job, record);
    return;
  }
  Dependencies::Unmet unmet = unmet_of(state, rows, job, task);
  if (!unmet.empty()) {
    job.dependencies.add(record.key.task, record.required_slots, std::move(unmet));
    return;
  }
  rows.put_open_task({record, {}, task.affinity_id, {}});
  make_ready(state, job, record);
}

namespace {

void dequeue(Job& job, const TaskRecord& task) {
  const TaskSeq seq = task.key.task;
  const QueueWidth width = queue_width(task);
  if (queue_for(job, width).remove(seq, width.width)) return;
  if (job.held_back.erase(seq) != 0) return;
  job.dependencies.remove(seq);
}

// Satisfied once is satisfied for good, so the row forgets its parents too: they may be deleted and
// added again later.
void free_dependents(const State& state, Rows& rows, Job& job,
                     const Dependencies::Freed& dependents) {
  for (const auto& [task, slots] : dependents) {
    std::optional<OpenTask> open = rows.open_task({job.record.seq, task});
    WINDLASS_ASSERT(open.has_value());
    open->depends_on_ids.clear();
    open->depends_on_ranges.clear();
    rows.put_open_task(*open);
    if (WINDLASS_PLANTED(added_again_beside_lingering))
      queue_for(job, queue_width(open->record)).push(task, queue_width(open->record).width);
    else
      make_ready(state, job, open->record);
  }
}

// The newest at the end; what changed again moves there.
void note_recent(NodeRecord& node, const TaskKey& task) {
  std::erase(node.recent_tasks, task);
  if (node.recent_tasks.size() >= kRecentTasksMax)
    node.recent_tasks.erase(node.recent_tasks.begin());
  node.recent_tasks.push_back(task);
}

Node& node_named(State& state, const std::string& node_id) {
  const Node* found = state.find_node_by_id(node_id);
  WINDLASS_ASSERT(found != nullptr);
  return node_of(state, found->record.seq);
}

void take_place(State& state, const Job& job, const TaskRecord& task, std::int32_t instance,
                Node& node) {
  node.slots.take(attempt_of(state, task, instance), slots_held(job.record, task, node));
  node.running += 1;
  node.running_slots += task.required_slots;
  note_recent(node.record, instance_key(task.key, instance));
  follow_load(state, node, task.state_time);
  reindex_node(state, node.record.seq);
}

// `task` as it was while it had this place.
void leave_place(State& state, const Job& job, const TaskRecord& task, std::int32_t instance,
                 Node& node, WallTime at) {
  const SlotCount freed = node.slots.give_back(attempt_of(state, task, instance));
  WINDLASS_ASSERT(freed == slots_held(job.record, task, node));
  node.running -= 1;
  node.running_slots -= task.required_slots;
  note_recent(node.record, instance_key(task.key, instance));
  WINDLASS_ASSERT(node.running >= 0);
  follow_load(state, node, at);
  reindex_node(state, node.record.seq);
}

void start_running(State& state, Job& job, const TaskRecord& task) {
  NodeSeq primary = 0;
  each_instance(task, [&](std::int32_t instance, const std::string& node_id) {
    Node& node = node_named(state, node_id);
    if (instance == 0) primary = node.record.seq;
    take_place(state, job, task, instance, node);
  });
  const bool inserted = state.running.emplace(task.key, RunningTask{task, primary}).second;
  WINDLASS_ASSERT(inserted);
  job.running.insert(task.key.task);
}

void stop_running(State& state, Job& job, const RunningTask& running, const TaskRecord& after) {
  Node& primary = node_of(state, running.node);
  if (after.state == TaskState::completed) {
    primary.record.total_tasks_run += 1;
    if (after.result == ExecutionResult::success) primary.record.total_tasks_succeeded += 1;
  }
  each_instance(running.record, [&](std::int32_t instance, const std::string& node_id) {
    Node& node = instance == 0 ? primary : node_named(state, node_id);
    leave_place(state, job, running.record, instance, node, after.state_time);
  });
  job.running.erase(running.record.key.task);
  state.running.erase(running.record.key);
}

struct TaskApplier {
  State& state;
  Rows& rows;

  void added(const TasksWereAdded& event) {
    Job& job = job_of(state, event.job);
    for (const AddedTask& added : event.tasks) {
      const TaskRecord& record = added.task.record;
      WINDLASS_ASSERT(record.key.job == event.job);
      WINDLASS_ASSERT(record.key.task >= job.record.next_task);
      job.record.next_task = record.key.task + 1;
      rows.add_task(added.task, added.document);
      count(job.record.counts, record, +1);
      enqueue(state, rows, job, added.task);
    }
    state.jobs_dirty.insert(event.job);
    reindex_job(state, event.job);
  }

  void put(const TaskPut& event) {
    const TaskRecord& task = event.task;
    Job& job = job_of(state, task.key.job);
    const auto running = state.running.find(task.key);
    if (running != state.running.end()) {
      put_running_task(job, running->second, task);
    } else if (const auto place = state.place_of(job, task); place != State::Place::nowhere) {
      put_waiting_task(job, task);
    } else {
      put_ended_task(job, task);
    }
    state.jobs_dirty.insert(task.key.job);
    reindex_job(state, task.key.job);
  }

  void erased(const TaskErased& event) {
    Job& job = job_of(state, event.key.job);
    std::optional<TaskRecord> ended;
    if (const RunningTask* running = state.find_running(event.key)) {
      count(job.record.counts, running->record, -1);
      TaskRecord after = running->record;
      after.state = TaskState::active;  // leaves no trace in the node's totals
      stop_running(state, job, *running, after);
    } else if (const std::optional<OpenTask> open = rows.open_task(event.key)) {
      count(job.record.counts, open->record, -1);
      dequeue(job, open->record);
    } else {
      const std::optional<TaskRecord> done = rows.done_task(event.key);
      WINDLASS_ASSERT(done.has_value());
      count(job.record.counts, *done, -1);
      ended = done;
    }
    rows.erase_task(event.key, lower_cased(event.id));
    if (ended && ended->satisfies_dependents) {
      forget_parent(rows, job, lower_cased(event.id));
    } else if (ended) {
      parent_blocks_no_more(state, rows, job, *ended);
    }
    state.jobs_dirty.insert(event.key.job);
    reindex_job(state, event.key.job);
  }

 private:
  void put_running_task(Job& job, const RunningTask& running, const TaskRecord& task) {
    count(job.record.counts, running.record, -1);
    count(job.record.counts, task, +1);
    book(state, job, running.record, task);
    if (is_on_node(task.state)) {
      WINDLASS_ASSERT(task.attempt == running.record.attempt);
      each_instance(running.record, [&](std::int32_t instance, const std::string& node_id) {
        if (holds_its_node(task, instance)) return;
        leave_place(state, job, running.record, instance, node_named(state, node_id),
                    task.version.last_modified);
      });
      state.running.at(task.key).record = task;
      rows.put_placed_task(task);
      return;
    }
    stop_running(state, job, running, task);
    if (task.state == TaskState::completed) {
      complete(job, task);
      return;
    }
    // Requeued. Whoever requeues puts a lingering attempt first when processes may live.
    const OpenTask open{task, {}, {}, {}};
    rows.put_open_task(open);
    enqueue(state, rows, job, open);
  }

  // The task stands in one of the job's queues under these slots, so its row says active, and the
  // slots that this record says.
  void put_waiting_task(Job& job, const TaskRecord& task) {
    if (task.state == TaskState::active) {  // new constraints: it keeps its place
      const std::optional<OpenTask> before = rows.open_task(task.key);
      WINDLASS_ASSERT(before.has_value());
      WINDLASS_ASSERT(before->record.required_slots == task.required_slots);
      rows.put_open_task(
          {task, before->depends_on_ids, before->affinity_id, before->depends_on_ranges});
      return;
    }
    TaskCounts& counts = job.record.counts;
    counts.tasks.active -= 1;
    counts.slots.active -= task.required_slots;
    count(counts, task, +1);
    if (is_on_node(task.state)) {
      const QueueWidth width = queue_width(task);
      const bool was_ready = queue_for(job, width).remove(task.key.task, width.width);
      WINDLASS_ASSERT(was_ready);
      rows.put_placed_task(task);  // satisfied once is satisfied for good
      start_running(state, job, task);
      return;
    }
    dequeue(job, task);
    TaskRecord before = task;  // it has not run: only its end counts
    before.state = TaskState::active;
    book(state, job, before, task);
    complete(job, task);
  }

  void put_ended_task(Job& job, const TaskRecord& task) {
    const std::optional<TaskRecord> before = rows.done_task(task.key);
    WINDLASS_ASSERT(before.has_value());
    count(job.record.counts, *before, -1);
    count(job.record.counts, task, +1);
    if (task.state == TaskState::active) {
      reopen(job, task);
      if (!before->satisfies_dependents) parent_blocks_no_more(state, rows, job, task);
      return;
    }
    WINDLASS_ASSERT(task.state == TaskState::completed);
    rows.put_done_task(task);
  }

  // Reactivated. What has run once has waited for its parents already; they may be gone by now.
  void reopen(Job& job, const TaskRecord& task) {
    if (is_job_manager(job.record, task.key)) job.manager_completed = false;
    TaskWishes wishes = rows.wishes(task.key);
    if (task.attempt > 0) {
      wishes.depends_on_ids.clear();
      wishes.depends_on_ranges.clear();
    }
    const OpenTask open{task, std::move(wishes.depends_on_ids), std::move(wishes.affinity_id),
                        std::move(wishes.depends_on_ranges)};
    rows.reopen_task(open);
    enqueue(state, rows, job, open);
  }

  void complete(Job& job, const TaskRecord& task) {
    WINDLASS_ASSERT(task.result.has_value());
    rows.complete_task(task);
    if (is_job_manager(job.record, task.key)) job.manager_completed = true;
    if (task.satisfies_dependents || WINDLASS_PLANTED(dependency_ignored))
      free_dependents(state, rows, job, parent_satisfies(rows, job, task));
    else
      parent_blocks(rows, job, task);
  }
};

}  // namespace

void apply_event(State& state, Rows& rows, const TasksWereAdded& event) {
  TaskApplier{state, rows}.added(event);
}

void apply_event(State& state, Rows& rows, const TaskPut& event) {
  TaskApplier{state, rows}.put(event);
}

void apply_event(State& state, Rows& rows, const TaskErased& event) {
  TaskApplier{state, rows}.erased(event);
}

}  // namespace windlass::scheduler
