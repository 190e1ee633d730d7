#include "scheduler/core/shard.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/answer.h"
#include "scheduler/core/auto_pools.h"
#include "scheduler/core/certificates.h"
#include "scheduler/core/dispatch.h"
#include "scheduler/core/job_nodes.h"
#include "scheduler/core/job_schedules.h"
#include "scheduler/core/node_commands.h"
#include "scheduler/core/nodes.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/tasks.h"
#include "scheduler/core/workers.h"

#include <utility>
#include <vector>

namespace windlass::scheduler {

namespace {

// Chooses the function for each request: commands are decided, questions answered.
struct Decider {
  Step& step;
  const Origin& origin;
  const std::string& account;

  Decision operator()(AddJob& command) { return decide(step, origin, account, command); }
  template <class Request>
  Decision operator()(Request& request) {
    if constexpr (requires { decide(step, account, request); }) {
      return decide(step, account, request);
    } else {
      return answer(step.state(), step.rows, step.settings, account, request);
    }
  }
};

}  // namespace

Shard::Shard(ShardId shard, ShardId shards_total, Settings settings)
    : settings_(settings), state_(shard, shards_total) {}

void Shard::recover(Rows& rows, Now now) {
  scheduler::recover(state_, rows);
  Duration wait = std::max(settings_.lease, state_.counters.lease_longest) + settings_.lease_margin;
  if (WINDLASS_PLANTED(takeover_without_waiting)) wait = {};
  state_.other_leases_until = lease_clock(now) + wait;
  for (auto& [id, worker] : state_.workers) worker.lease_until = state_.other_leases_until;
  for (const auto& [id, claim] : state_.claims) {
    state_.workers[claim.worker].lease_until = state_.other_leases_until;
  }
  if (!state_.outbox.empty()) outbox_due_ = now.mono;
}

std::optional<Answer> Shard::refuse_new_work(const Request& request) const {
  if (!shortage_) return std::nullopt;
  const bool is_new_work =
      std::holds_alternative<AddPool>(request) || std::holds_alternative<AddJob>(request) ||
      std::holds_alternative<AddJobSchedule>(request) ||
      std::holds_alternative<AddTasks>(request) || std::holds_alternative<AddCertificate>(request);
  if (!is_new_work) return std::nullopt;
  return Error{ErrorCode::server_busy,
               "The scheduler's disk is nearly full. Free some space; deletes still work.",
               {{"Reason", "LowDiskSpace"},
                {"FreeBytes", std::to_string(shortage_->free_bytes)},
                {"NeededBytes", std::to_string(shortage_->needed_bytes)}}};
}

Decision Shard::decide_command(Step& step, ClientInput& input) {
  if (std::optional<Answer> refused = refuse_new_work(input.command.request)) return refused;
  return std::visit(Decider{step, input.origin, input.command.account}, input.command.request);
}

void Shard::handle(Input& input, Now now, Rows& rows, Effects& effects) {
  Step step(state_, rows, now, settings_, effects);
  if (auto* client = std::get_if<ClientInput>(&input)) {
    if (Decision decision = decide_command(step, *client)) {
      step.say(ToClient{client->origin, std::move(*decision)});
    }
  } else if (auto* worker = std::get_if<WorkerInput>(&input)) {
    if (!take_worker_message(step, worker->worker, worker->message)) ++stale_reports_;
  } else if (auto* connected = std::get_if<WorkerConnected>(&input)) {
    worker_connected(step, connected->worker, connected->instance);
  } else if (auto* message = std::get_if<ShardMessage>(&input)) {
    take_shard_message(step, *message);
  } else if (auto* acknowledge = std::get_if<ShardAcknowledge>(&input)) {
    take_shard_acknowledge(step, *acknowledge);
  }
}

bool Shard::other_leases_count() const {
  return state_.counters.lease_longest > settings_.lease;
}

// What starts after this one need not wait for leases that have ended.
void Shard::forget_other_leases(Step& step) {
  if (!other_leases_count() || lease_clock(step.now) < state_.other_leases_until) return;
  step.emit(LeasesBounded{settings_.lease});
}

void Shard::check_clocks(Step& step) {
  forget_other_leases(step);
  std::vector<std::uint64_t> expired;
  for (const auto& [id, worker] : state_.workers) {
    const Duration early = WINDLASS_PLANTED(lease_not_waited_for)
                               ? settings_.lease / 2 + settings_.lease_margin
                               : Duration{};
    if (worker.lease_until <= lease_clock(step.now) + early) expired.push_back(id);
  }
  for (const std::uint64_t worker : expired) {
    expire_lease(step, worker);
  }
  give_up_unknown_nodes(step);

  std::vector<PoolSeq> pools;
  for (const auto& [seq, pool] : state_.pools) {
    if (pool.record.allocation_state != AllocationState::steady) pools.push_back(seq);
  }
  for (const PoolSeq pool : pools) check_resize_clock(step, pool);
  pools.clear();
  for (const auto& [seq, pool] : state_.pools) {
    if (pool.record.delete_at) pools.push_back(seq);
  }
  for (const PoolSeq pool : pools) check_auto_pool_clock(step, pool);

  std::vector<JobSeq> jobs;
  for (const auto& [seq, job] : state_.jobs) {
    if (job_deadline(settings_, job.record)) jobs.push_back(seq);
  }
  for (const JobSeq job : jobs) check_job_clock(step, job);
}

// While there is no room for new work, schedules make none.
void Shard::check_job_schedules(Step& step) {
  if (shortage_) return;
  std::vector<JobScheduleSeq> due;
  for (const auto& [seq, schedule] : state_.job_schedules) {
    const auto at = job_schedule_deadline(schedule);
    if (at && *at <= step.now.wall) due.push_back(seq);
  }
  for (const JobScheduleSeq schedule : due) settle_job_schedule(step, schedule);
}

void Shard::end_batch(Now now, Rows& rows, Effects& effects) {
  Step step(state_, rows, now, settings_, effects);
  check_clocks(step);
  pursue_releases(step);
  for (const JobSeq job : std::exchange(state_.jobs_to_settle, {})) settle_job(step, job);
  const std::set<JobSeq> erasing = state_.jobs_erasing;
  for (const JobSeq job : erasing) erase_some(step, job);
  check_job_schedules(step);
  const std::set<JobScheduleSeq> schedules_erasing = state_.job_schedules_erasing;
  for (const JobScheduleSeq schedule : schedules_erasing) erase_some_jobs(step, schedule);
  const std::set<JobSeq> blocked = state_.jobs_blocked;
  for (const JobSeq job : blocked) fail_some_blocked(step, job);
  for (const auto& [seq, pool] : state_.pools) dispatch(step, pool);
  if (state_.outbox.empty()) {
    outbox_due_.reset();
  } else if (!outbox_due_) {
    outbox_due_ = now.mono + settings_.outbox_resend;  // sent just now; repeat if nothing is heard
  } else if (*outbox_due_ <= now.mono) {
    resend_outbox(step);
    outbox_due_ = now.mono + settings_.outbox_resend;
  }
  const bool changed = !effects.events.empty() || !state_.pools_dirty.empty() ||
                       !state_.jobs_dirty.empty() || !state_.nodes_dirty.empty();
  if (changed) write_back(state_, rows);
}

std::optional<MonoTime> Shard::next_deadline(Now now) const {
  std::optional<MonoTime> next;
  const auto consider = [&](MonoTime at) {
    if (!next || at < *next) next = at;
  };
  const auto consider_wall = [&](WallTime at) {
    consider(at <= now.wall ? now.mono : now.mono + (at - now.wall));
  };
  if (other_leases_count()) consider(state_.other_leases_until);
  for (const auto& [id, worker] : state_.workers) {
    if (worker.lease_until != kNoLease) consider(worker.lease_until);
  }
  for (const auto& [seq, pool] : state_.pools) {
    if (const auto at = resize_deadline(pool.record)) consider_wall(*at);
    if (pool.record.delete_at) consider_wall(*pool.record.delete_at);
  }
  for (const auto& [seq, job] : state_.jobs) {
    if (const auto at = job_deadline(settings_, job.record)) consider_wall(*at);
  }
  for (const NodeSeq seq : state_.nodes_unknown) {
    consider_wall(state_.nodes.at(seq).record.state_time + settings_.unknown_node_patience);
  }
  for (const JobSeq seq : state_.jobs_erasing) {
    // One whose attempts linger is woken by their ends.
    if (is_over(state_, state_.jobs.at(seq))) consider(now.mono);
  }
  for (const JobSeq seq : state_.jobs_releasing) {
    consider_wall(*release_deadline(state_.jobs.at(seq).record));
  }
  if (!state_.nodes_to_release.empty() || !state_.jobs_to_settle.empty()) consider(now.mono);
  for (const auto& [seq, schedule] : state_.job_schedules) {
    const auto at = job_schedule_deadline(schedule);
    if (at && !shortage_) consider_wall(*at);
  }
  for (const JobScheduleSeq seq : state_.job_schedules_erasing) {
    if (has_jobs_to_tell(state_, state_.job_schedules.at(seq))) consider(now.mono);
  }
  if (!state_.jobs_blocked.empty()) consider(now.mono);
  if (outbox_due_) consider(*outbox_due_);
  return next;
}

bool Shard::awaits(const Origin& origin) const {
  for (const auto& [key, reservation] : state_.reservations) {
    if (reservation.state == ReservationState::reserved && reservation.origin == origin)
      return true;
  }
  return false;
}

void Shard::part(Now now, Rows& rows, Effects& effects) {
  Step step(state_, rows, now, settings_, effects);
  if (settings_.lease_parting > state_.counters.lease_longest &&
      !WINDLASS_PLANTED(parting_lease_forgotten)) {
    step.emit(LeasesBounded{settings_.lease_parting});
  }
  state_.other_leases_until =
      std::max(state_.other_leases_until,
               lease_clock(now) + settings_.lease_parting + settings_.lease_margin);
  for (const auto& [id, worker] : state_.workers) {
    if (worker.instance == 0 || !worker.renewed_at) continue;
    // From a moment that the worker knows and that has passed: it may hear this late.
    step.tell_worker(id, LeaseRenewed{*worker.renewed_at, settings_.lease_parting});
  }
  write_back(state_, rows);
}

}  // namespace windlass::scheduler
