#include "scheduler/core/apply.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/dependents.h"
#include "scheduler/core/usage.h"

#include <utility>

namespace windlass::scheduler {

namespace {

Pool& pool_of(State& state, PoolSeq seq) {
  const auto found = state.pools.find(seq);
  WINDLASS_ASSERT(found != state.pools.end());
  return found->second;
}

Job& job_of(State& state, JobSeq seq) {
  const auto found = state.jobs.find(seq);
  WINDLASS_ASSERT(found != state.jobs.end());
  return found->second;
}

Node& node_of(State& state, NodeSeq seq) {
  const auto found = state.nodes.find(seq);
  WINDLASS_ASSERT(found != state.nodes.end());
  return found->second;
}

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

struct Applier {
  State& state;
  Rows& rows;

  void operator()(const PoolPut& event) {
    const PoolRecord& pool = event.pool;
    const auto [found, added] =
        state.pools.try_emplace(pool.seq, Pool{pool, {}, {}, {}, {}, 0, 0, {}, {}});
    if (added) {
      const bool named =
          state.pools_by_id.emplace(entity_key(pool.account, pool.spec.id), pool.seq).second;
      WINDLASS_ASSERT(named);
    }
    const Duration node_time_ended = added ? Duration{} : found->second.record.node_time_ended;
    found->second.record = pool;
    found->second.record.node_time_ended = node_time_ended;
    book_of(state, pool.account, pool.creation_time);
    for (const auto& [id, node] : found->second.nodes) reindex_node(state, node);
    state.counters.pools = std::max(state.counters.pools, pool.seq);
    rows.put_pool(found->second.record);
  }

  void operator()(const PoolErased& event) {
    const Pool& pool = pool_of(state, event.pool);
    WINDLASS_ASSERT(pool.nodes.empty());
    state.pools_by_id.erase(entity_key(pool.record.account, pool.record.spec.id));
    state.pools_dirty.erase(event.pool);
    state.pools.erase(event.pool);
    rows.erase_pool(event.pool);
  }

  void operator()(const NodePut& event) {
    const NodeRecord& node = event.node;
    Pool& pool = pool_of(state, node.pool);
    const auto [found, added] = state.nodes.try_emplace(
        node.seq, Node{node, NodeSlots(pool.record.spec.task_slots_per_node)});
    if (added) {
      pool.nodes.emplace(lower_cased(node.id), node.seq);
      state.nodes_by_id.emplace(lower_cased(node.id), &found->second);
      state.workers[node.worker].nodes.insert(node.seq);
    } else {
      tally_node(pool, found->second.record, -1);
    }
    found->second.record = node;
    tally_node(pool, node);
    state.counters.nodes = std::max(state.counters.nodes, node.seq);
    state.nodes_dirty.erase(node.seq);
    reindex_node(state, node.seq);
    rows.put_node(node);
  }

  void operator()(const NodeErased& event) {
    Node& node = node_of(state, event.node);
    WINDLASS_ASSERT(node.running == 0);
    WINDLASS_ASSERT(node.slots.used() == 0);
    WINDLASS_ASSERT(node.node_tasks.empty());
    WINDLASS_ASSERT(node.releases_due.empty());
    Pool& pool = pool_of(state, node.record.pool);
    tally_node(pool, node.record, -1);
    node.record.draining = true;
    reindex_node(state, event.node);
    if (node.record.dedicated) {
      const Duration time = node.record.state_time - node.record.allocation_time;
      pool.record.node_time_ended += time;
      book_of(state, pool.record.account, pool.record.creation_time).node_time_ended += time;
      state.pools_dirty.insert(pool.record.seq);
    }
    pool.nodes.erase(lower_cased(node.record.id));
    state.nodes_by_id.erase(lower_cased(node.record.id));
    state.workers[node.record.worker].nodes.erase(event.node);
    state.nodes_dirty.erase(event.node);
    state.nodes_to_release.erase(event.node);
    state.nodes_unknown.erase(event.node);
    state.nodes.erase(event.node);
    rows.erase_node(event.node);
  }

  void operator()(const JobPut& event) {
    const JobRecord& incoming = *event.job;
    const auto [found, added] = state.jobs.try_emplace(incoming.seq, Job{});
    Job& job = found->second;
    if (added) {
      job.record = incoming;
      book_of(state, incoming.account, incoming.creation_time);
      const bool named =
          state.jobs_by_id.emplace(entity_key(incoming.account, incoming.spec.id), incoming.seq)
              .second;
      WINDLASS_ASSERT(named);
    } else {
      const TaskCounts counts = job.record.counts;
      const TaskSeq next_task = job.record.next_task;
      const bool moves = job.record.state != incoming.state;
      const WorkUsage usage = job.record.usage;
      leave_queue(state, job);
      job.record = incoming;
      job.record.counts = counts;
      job.record.next_task = next_task;
      if (moves) reindex_job_nodes(state, job);
      job.record.usage = usage;
    }
    join_queue(state, job);
    if (incoming.state == JobState::deleting) state.jobs_erasing.insert(incoming.seq);
    reindex_job(state, incoming.seq);
    state.counters.jobs = std::max(state.counters.jobs, incoming.seq);
    state.jobs_dirty.erase(incoming.seq);
    rows.put_job(job.record);
  }

  void operator()(const JobErased& event) {
    Job& job = job_of(state, event.job);
    WINDLASS_ASSERT(job.running.empty());
    WINDLASS_ASSERT(job.nodes_busy.empty());
    WINDLASS_ASSERT(job.releases_due.empty());
    leave_queue(state, job);
    state.jobs_by_id.erase(entity_key(job.record.account, job.record.spec.id));
    state.jobs_dirty.erase(event.job);
    state.jobs_erasing.erase(event.job);
    state.jobs_blocked.erase(event.job);
    state.jobs_to_settle.erase(event.job);
    state.jobs.erase(event.job);
    rows.erase_job(event.job);
  }

  void operator()(const JobSchedulePut& event) {
    const JobScheduleRecord& schedule = *event.schedule;
    const bool added = state.job_schedules.insert_or_assign(schedule.seq, schedule).second;
    if (added) {
      const bool named = state.job_schedules_by_id
                             .emplace(entity_key(schedule.account, schedule.spec.id), schedule.seq)
                             .second;
      WINDLASS_ASSERT(named);
    }
    if (schedule.state == JobScheduleState::deleting) {
      state.job_schedules_erasing.insert(schedule.seq);
    }
    state.counters.job_schedules = std::max(state.counters.job_schedules, schedule.seq);
    rows.put_job_schedule(schedule);
  }

  void operator()(const CertificatePut& event) {
    const CertificateRecord& certificate = event.certificate;
    state.certificates.insert_or_assign(entity_key(certificate.account, certificate.thumbprint),
                                        certificate);
    rows.put_certificate(certificate);
  }

  void operator()(const CertificateErased& event) {
    const std::size_t erased =
        state.certificates.erase(entity_key(event.account, event.thumbprint));
    WINDLASS_ASSERT(erased == 1);
    rows.erase_certificate(event.account, event.thumbprint);
  }

  void operator()(const JobScheduleErased& event) {
    const auto found = state.job_schedules.find(event.schedule);
    WINDLASS_ASSERT(found != state.job_schedules.end());
    const JobScheduleRecord& schedule = found->second;
    state.job_schedules_by_id.erase(entity_key(schedule.account, schedule.spec.id));
    state.job_schedules_erasing.erase(event.schedule);
    state.job_schedules.erase(found);
    rows.erase_job_schedule(event.schedule);
  }

  void operator()(const TasksWereAdded& event) {
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

  void operator()(const TaskPut& event) {
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

  void operator()(const TaskErased& event) {
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

  void operator()(const ClaimPut& event) {
    const ClaimRecord& claim = event.claim;
    const bool inserted = state.claims.emplace(claim.id, claim).second;
    WINDLASS_ASSERT(inserted);
    claimed(claim) += claim.count;
    state.counters.claims = std::max(state.counters.claims, claim.id);
    rows.put_claim(claim);
  }

  void operator()(const ClaimErased& event) {
    const auto found = state.claims.find(event.claim);
    WINDLASS_ASSERT(found != state.claims.end());
    claimed(found->second) -= found->second.count;
    state.claims.erase(found);
    rows.erase_claim(event.claim);
  }

  void operator()(const LingeringPut& event) {
    const LingeringAttempt& attempt = event.attempt;
    Node& node = node_of(state, attempt.node);
    const bool inserted = state.lingering.emplace(attempt.id, attempt).second;
    WINDLASS_ASSERT(inserted);
    node.slots.take(attempt.id, attempt.slots);
    state.lingering_by_id[lingering_key(attempt)] += 1;
    hold_back(attempt);
    reindex_node(state, attempt.node);
    rows.put_lingering(attempt);
  }

  void operator()(const LingeringErased& event) {
    const auto found = state.lingering.find(event.id);
    WINDLASS_ASSERT(found != state.lingering.end());
    const LingeringAttempt attempt = found->second;
    state.lingering.erase(found);
    const SlotCount freed = node_of(state, attempt.node).slots.give_back(attempt.id);
    WINDLASS_ASSERT(freed == attempt.slots);
    leave_room(attempt);
    reindex_node(state, attempt.node);
    const auto count = state.lingering_by_id.find(lingering_key(attempt));
    WINDLASS_ASSERT(count != state.lingering_by_id.end());
    if (--count->second == 0) {
      state.lingering_by_id.erase(count);
      release_held_back(attempt);
    }
    rows.erase_lingering(event.id);
  }

  void operator()(const ReservationPut& event) {
    const Reservation& reservation = event.reservation;
    state.reservations.insert_or_assign(entity_key(reservation.account, reservation.job_id),
                                        reservation);
    state.counters.incarnations = std::max(state.counters.incarnations, reservation.incarnation);
    rows.put_reservation(reservation);
  }

  void operator()(const ReservationErased& event) {
    const std::size_t erased = state.reservations.erase(entity_key(event.account, event.job_id));
    WINDLASS_ASSERT(erased == 1);
    rows.erase_reservation(event.account, event.job_id);
  }

  void operator()(const OutboxPut& event) {
    ShardProgress& progress = progress_of(event.row.to);
    WINDLASS_ASSERT(event.row.message.id == progress.sent_last + 1);
    progress.sent_last = event.row.message.id;
    state.outbox.emplace(std::pair{event.row.to, event.row.message.id}, event.row);
    rows.put_outbox(event.row);
    rows.put_progress(progress);
  }

  void operator()(const OutboxErased& event) {
    while (true) {
      const auto first = state.outbox.lower_bound({event.to, 0});
      if (first == state.outbox.end()) break;
      if (first->first.first != event.to || first->first.second > event.through) break;
      rows.erase_outbox(event.to, first->first.second);
      state.outbox.erase(first);
    }
  }

  void operator()(const ShardReceived& event) {
    ShardProgress& progress = progress_of(event.from);
    WINDLASS_ASSERT(event.through == progress.received_through + 1);
    progress.received_through = event.through;
    rows.put_progress(progress);
  }

  void operator()(const LeasesBounded& event) {
    WINDLASS_ASSERT(event.longest != state.counters.lease_longest);
    state.counters.lease_longest = event.longest;
  }

  void operator()(const JobNodePut& event) {
    keep_job_node(state, job_of(state, event.record.job), event.record);
    rows.put_job_node(event.record);
  }

 private:
  std::int32_t& claimed(const ClaimRecord& claim) {
    Pool& pool = pool_of(state, claim.pool);
    return claim.dedicated ? pool.nodes_claimed_dedicated : pool.nodes_claimed_spot;
  }

  std::pair<EntityKey, std::string> lingering_key(const LingeringAttempt& attempt) const {
    const Node* node = state.find_node(attempt.node);
    WINDLASS_ASSERT(node != nullptr);
    const Pool* pool = state.find_pool(node->record.pool);
    WINDLASS_ASSERT(pool != nullptr);
    return {entity_key(pool->record.account, attempt.job_id), lower_cased(attempt.task_id)};
  }

  // The task itself may be active again already: it waits for this attempt to be gone.
  void hold_back(const LingeringAttempt& attempt) {
    const auto found = state.jobs.find(attempt.id.task.job);
    if (found == state.jobs.end()) return;
    Job& job = found->second;
    const TaskKey task = task_of_instance(attempt.id.task);
    // One that runs alone holds more than it waits under.
    const SlotCount slots = is_job_manager(job.record, task)
                                ? job.record.spec.manager_task->task.required_slots
                                : attempt.slots;
    QueueWidth width{slots, false};
    if (!job.ready.remove(task.task, slots)) {
      const auto nodes = job.ready_gangs.remove(task.task);
      if (!nodes) return;
      width = {*nodes, true};
    }
    job.held_back.emplace(task.task, width);
    reindex_job(state, job.record.seq);
  }

  void release_held_back(const LingeringAttempt& attempt) {
    const auto job_seq = state.jobs_by_id.find(lingering_key(attempt).first);
    if (job_seq == state.jobs_by_id.end()) return;
    Job& job = job_of(state, job_seq->second);
    const std::optional<TaskSeq> task =
        rows.find_task(job.record.seq, lower_cased(attempt.task_id));
    if (!task) return;
    const auto held = job.held_back.find(*task);
    if (held == job.held_back.end()) return;
    queue_for(job, held->second).push(held->first, held->second.width);
    job.held_back.erase(held);
    reindex_job(state, job.record.seq);
  }

  // The last of those that make room has left.
  void leave_room(const LingeringAttempt& attempt) {
    auto& making_room = pool_of(state, node_of(state, attempt.node).record.pool).making_room;
    const auto room = making_room.find(attempt.node);
    if (room == making_room.end()) return;
    room->second.leaving.erase(attempt.id);
    if (room->second.leaving.empty()) making_room.erase(room);
  }

  ShardProgress& progress_of(ShardId shard) {
    ShardProgress& progress = state.progress[shard];
    progress.shard = shard;
    return progress;
  }

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

void apply(State& state, Rows& rows, const ShardEvent& event) {
  state.counters.events += 1;
  std::visit(Applier{state, rows}, event);
}

void write_back(State& state, Rows& rows) {
  for (const JobSeq job : state.jobs_dirty) rows.put_job(state.jobs.at(job).record);
  state.jobs_dirty.clear();
  for (const NodeSeq node : state.nodes_dirty) rows.put_node(state.nodes.at(node).record);
  state.nodes_dirty.clear();
  for (const PoolSeq pool : state.pools_dirty) rows.put_pool(state.pools.at(pool).record);
  state.pools_dirty.clear();
  if (!WINDLASS_PLANTED(counters_not_stored)) rows.put_counters(state.counters);
}

}  // namespace windlass::scheduler
