#include "scheduler/core/apply.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/apply_tasks.h"
#include "scheduler/core/found.h"
#include "scheduler/core/usage.h"

#include <utility>

namespace windlass::scheduler {

namespace {

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

  void operator()(const TasksWereAdded& event) { apply_event(state, rows, event); }
  void operator()(const TaskPut& event) { apply_event(state, rows, event); }
  void operator()(const TaskErased& event) { apply_event(state, rows, event); }

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
