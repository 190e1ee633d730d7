#include "scheduler/core/reservations.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/auto_pools.h"
#include "scheduler/core/job_schedules.h"
#include "scheduler/core/tasks.h"

namespace windlass::scheduler {

namespace {

void post(Step& step, ShardId to, ShardRequest request) {
  const auto progress = step.state().progress.find(to);
  const std::uint64_t last =
      progress == step.state().progress.end() ? 0 : progress->second.sent_last;
  const ShardMessage message{step.state().shard(), last + 1, std::move(request)};
  step.emit(OutboxPut{{to, message}});
  step.say(ToShard{to, message});
}

JobRecord new_job(Step& step, const std::string& account, std::uint64_t incarnation,
                  const JobSpec& spec) {
  JobRecord job;
  job.account = account;
  job.seq = step.state().counters.jobs + 1;
  job.incarnation = incarnation;
  job.spec = spec;
  job.version = step.next_version();
  job.creation_time = step.now.wall;
  job.state_time = step.now.wall;
  return job;
}

void take(Step& step, ShardId from, const MakeJob& request) {
  JobMade made{request.account, request.spec->id,     request.incarnation,
               std::nullopt,    step.state().shard(), {}};
  const Job* job = step.state().find_job(request.account, request.spec->id);
  if (job == nullptr) {
    make_job(step, request.account, request.incarnation, *request.spec);
    job = step.state().find_job(request.account, request.spec->id);
  } else if (job->record.incarnation != request.incarnation) {
    made.error = Error{ErrorCode::job_exists, {}, {}};
  }
  made.version = job->record.version;
  post(step, from, made);
}

void take(Step& step, ShardId, const JobMade& report) {
  const Reservation* found = step.state().find_reservation(report.account, report.job_id);
  if (found == nullptr || found->incarnation != report.incarnation) return;
  if (found->state != ReservationState::reserved) return;
  Reservation reservation = *found;
  const Origin origin = reservation.origin;
  const bool awaited = origin != Origin{};  // by a client; else a schedule wanted it
  if (report.error) {
    step.emit(ReservationErased{report.account, report.job_id});
    if (awaited) step.say(ToClient{origin, Answer{*report.error}});
    job_of_schedule_ended(step, report.account, report.job_id);
    return;
  }
  reservation.state = ReservationState::held;
  reservation.origin = {};
  step.emit(ReservationPut{reservation});
  if (awaited) step.say(ToClient{origin, Answer{JobMadeAt{report.shard, report.version}}});
}

void take(Step& step, ShardId, const JobGone& report) {
  const Reservation* found = step.state().find_reservation(report.account, report.job_id);
  if (found == nullptr || found->incarnation != report.incarnation) return;
  step.emit(ReservationErased{report.account, report.job_id});
  job_of_schedule_ended(step, report.account, report.job_id);
}

void take(Step& step, ShardId, const EndJob& request) {
  const Job* job = step.state().find_job(request.account, request.job_id);
  if (job == nullptr || job->record.incarnation != request.incarnation) return;
  if (request.deletes) {
    delete_job(step, job->record.seq, request.force);
  } else {
    terminate_job(step, job->record.seq, "TerminateJobSchedule", request.force);
  }
}

void take(Step& step, ShardId, const JobEnded& report) {
  const Reservation* found = step.state().find_reservation(report.account, report.job_id);
  if (found == nullptr || found->incarnation != report.incarnation) return;
  job_of_schedule_ended(step, report.account, report.job_id);
}

// To a shard that may be this one.
template <class Message>
void pass_on(Step& step, ShardId to, const Message& message) {
  if (to == step.state().shard()) {
    take(step, to, message);
  } else {
    post(step, to, message);
  }
}

}  // namespace

Decision decide(Step& step, const Origin& origin, const std::string& account,
                const AddJob& command) {
  const State& state = step.state();
  if (state.find_reservation(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::job_exists, {}, {}};
  }
  if (state.find_job_schedule(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::job_schedule_with_same_id_exists, {}, {}};
  }
  if (auto made = reserve_job(step, origin, account, command.spec)) return *made;
  return std::nullopt;
}

std::optional<JobMadeAt> reserve_job(Step& step, const Origin& origin, const std::string& account,
                                     JobSpec spec) {
  const State& state = step.state();
  WINDLASS_ASSERT(state.find_reservation(account, spec.id) == nullptr);
  Reservation reservation;
  reservation.account = account;
  reservation.job_id = spec.id;
  reservation.incarnation = state.counters.incarnations + 1;
  if (spec.auto_pool && spec.pool_id.empty()) {
    spec.pool_id = make_auto_pool(step, account, *spec.auto_pool);
  }
  reservation.target = shard_of(account, spec.pool_id, state.shards_total());
  if (reservation.target == state.shard()) {
    reservation.state = ReservationState::held;
    step.emit(ReservationPut{reservation});
    make_job(step, account, reservation.incarnation, spec);
    const Job* job = state.find_job(account, spec.id);
    return JobMadeAt{state.shard(), job->record.version};
  }
  reservation.origin = origin;
  step.emit(ReservationPut{reservation});
  post(step, reservation.target, MakeJob{account, reservation.incarnation, std::move(spec)});
  return std::nullopt;
}

void end_reserved_job(Step& step, const std::string& account, const std::string& job_id,
                      bool deletes, bool force) {
  const Reservation* found = step.state().find_reservation(account, job_id);
  if (found == nullptr) return;
  const ShardId target = found->target;
  pass_on(step, target, EndJob{account, job_id, found->incarnation, deletes, force});
}

void report_job_end(Step& step, const JobRecord& job) {
  if (schedule_of(job.spec.id).empty()) return;
  pass_on(step, home_of_job(job.account, job.spec.id, step.state().shards_total()),
          JobEnded{job.account, job.spec.id, job.incarnation});
}

void make_job(Step& step, const std::string& account, std::uint64_t incarnation,
              const JobSpec& spec) {
  WINDLASS_ASSERT(step.state().find_job(account, spec.id) == nullptr);
  const JobRecord job = new_job(step, account, incarnation, spec);
  step.emit(JobPut{job});
  if (spec.manager_task) add_job_manager(step, job.seq, spec.manager_task->task);
}

void release_reservation(Step& step, const JobRecord& job) {
  pass_on(step, home_of_job(job.account, job.spec.id, step.state().shards_total()),
          JobGone{job.account, job.spec.id, job.incarnation});
}

void take_shard_message(Step& step, const ShardMessage& message) {
  const auto progress = step.state().progress.find(message.from);
  const std::uint64_t through =
      progress == step.state().progress.end() ? 0 : progress->second.received_through;
  if (message.id > through + 1) return;  // a gap: the sender repeats from the first missing one
  if (message.id == through + 1) {
    step.emit(ShardReceived{message.from, message.id});
    std::visit([&](const auto& request) { take(step, message.from, request); }, message.request);
  }
  step.say(
      ToShard{message.from, ShardAcknowledge{step.state().shard(), std::max(through, message.id)}});
}

void take_shard_acknowledge(Step& step, const ShardAcknowledge& acknowledge) {
  const auto first = step.state().outbox.lower_bound({acknowledge.by, 0});
  if (first == step.state().outbox.end() || first->first.first != acknowledge.by) return;
  if (first->first.second > acknowledge.through) return;
  step.emit(OutboxErased{acknowledge.by, acknowledge.through});
}

void resend_outbox(Step& step) {
  if (WINDLASS_PLANTED(shard_messages_not_repeated)) return;
  for (const auto& [key, row] : step.state().outbox) step.say(ToShard{row.to, row.message});
}

}  // namespace windlass::scheduler
