#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/apply_tasks.h"

namespace windlass::scheduler {

namespace {

// Recovery applies to memory what the rows already say; nothing is written.
void recover_pools_and_nodes(State& state, Rows& rows) {
  rows.each_pool([&](PoolRecord pool) {
    state.pools_by_id.emplace(entity_key(pool.account, pool.spec.id), pool.seq);
    state.pools.emplace(pool.seq, Pool{std::move(pool), {}, {}, {}, {}, 0, 0, {}, {}});
  });
  rows.each_node([&](NodeRecord node) {
    Pool& pool = state.pools.at(node.pool);
    pool.nodes.emplace(lower_cased(node.id), node.seq);
    tally_node(pool, node);
    state.workers[node.worker].nodes.insert(node.seq);
    Node made{node, NodeSlots(pool.record.spec.task_slots_per_node)};
    const auto kept = state.nodes.emplace(node.seq, std::move(made)).first;
    state.nodes_by_id.emplace(lower_cased(node.id), &kept->second);
  });
  rows.each_claim([&](ClaimRecord claim) {
    Pool& pool = state.pools.at(claim.pool);
    (claim.dedicated ? pool.nodes_claimed_dedicated : pool.nodes_claimed_spot) += claim.count;
    state.claims.emplace(claim.id, claim);
  });
}

void recover_lingering(State& state, Rows& rows) {
  rows.each_lingering([&](LingeringAttempt attempt) {
    Node& node = state.nodes.at(attempt.node);
    node.slots.take(attempt.id, attempt.slots);
    const Pool& pool = state.pools.at(node.record.pool);
    state.lingering_by_id[{entity_key(pool.record.account, attempt.job_id),
                           lower_cased(attempt.task_id)}] += 1;
    state.lingering.emplace(attempt.id, std::move(attempt));
  });
}

void recover_running_task(State& state, Job& job, const TaskRecord& task) {
  each_instance(task, [&](std::int32_t instance, const std::string& node_id) {
    const Node* found = state.find_node_by_id(node_id);
    WINDLASS_ASSERT(found != nullptr);
    Node& node = state.nodes.at(found->record.seq);
    node.slots.take({state.shard(), instance_key(task.key, instance), task.attempt},
                    slots_held(job.record, task, node));
    node.running += 1;
    node.running_slots += task.required_slots;
  });
  const NodeSeq primary = state.find_node_by_id(task.node->node_id)->record.seq;
  state.running.emplace(task.key, RunningTask{task, primary});
  job.running.insert(task.key.task);
}

void recover_jobs_and_tasks(State& state, Rows& rows) {
  rows.each_job([&](JobRecord record) {
    const JobSeq seq = record.seq;
    state.jobs_by_id.emplace(entity_key(record.account, record.spec.id), seq);
    if (record.state == JobState::deleting) state.jobs_erasing.insert(seq);
    Job& job = state.jobs[seq];
    job.record = std::move(record);
    join_queue(state, job);
  });
  rows.each_job_node([&](const JobNodeRecord& record) {
    keep_job_node(state, state.jobs.at(record.job), record);
  });
  std::vector<OpenTask> dependents;  // judged when every running task is known
  rows.each_open_task([&](OpenTask open) {
    const TaskRecord& task = open.record;
    Job& job = state.jobs.at(task.key.job);
    if (task.state != TaskState::active) {
      recover_running_task(state, job, task);
    } else if (!open.depends_on_ids.empty() || !open.depends_on_ranges.empty()) {
      dependents.push_back(std::move(open));
    } else if (!state.lingering_by_id.empty() &&
               state.lingers(job.record.account, job.record.spec.id, task.id)) {
      job.held_back.emplace(task.key.task, queue_width(task));
    } else {
      const QueueWidth width = queue_width(task);
      queue_for(job, width).push(task.key.task, width.width);
    }
  });
  for (const OpenTask& open : dependents) {
    Job& job = state.jobs.at(open.record.key.job);
    enqueue(state, rows, job, open);
    const TaskSeq task = open.record.key.task;
    if (WINDLASS_PLANTED(blocked_not_recovered) && job.dependencies.waits(task))
      job.dependencies.set_blocked(task, false);
  }
}

}  // namespace

void recover(State& state, Rows& rows) {
  state.counters = rows.counters();
  recover_pools_and_nodes(state, rows);
  if (!WINDLASS_PLANTED(lingering_not_recovered)) recover_lingering(state, rows);
  recover_jobs_and_tasks(state, rows);
  rows.each_job_schedule([&](JobScheduleRecord schedule) {
    const JobScheduleSeq seq = schedule.seq;
    state.job_schedules_by_id.emplace(entity_key(schedule.account, schedule.spec.id), seq);
    if (schedule.state == JobScheduleState::deleting) state.job_schedules_erasing.insert(seq);
    state.job_schedules.emplace(seq, std::move(schedule));
  });
  rows.each_certificate([&](CertificateRecord certificate) {
    const EntityKey key = entity_key(certificate.account, certificate.thumbprint);
    state.certificates.emplace(key, std::move(certificate));
  });
  rows.each_reservation([&](Reservation reservation) {
    state.reservations.emplace(entity_key(reservation.account, reservation.job_id), reservation);
  });
  rows.each_outbox([&](OutboxRow row) {
    state.outbox.emplace(std::pair{row.to, row.message.id}, row);
  });
  rows.each_progress([&](ShardProgress progress) { state.progress[progress.shard] = progress; });
  for (const auto& [seq, node] : state.nodes) reindex_node(state, seq);
  for (const auto& [seq, job] : state.jobs) {
    reindex_job(state, seq);
    if (is_ending(job.record)) state.jobs_to_settle.insert(seq);
  }
}

}  // namespace windlass::scheduler
