#include "scheduler/core/reservations.h"

#include "model/assert.h"
#include "model/museum.h"

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
  JobMade made{request.account, request.spec.id,      request.incarnation,
               std::nullopt,    step.state().shard(), {}};
  const Job* job = step.state().find_job(request.account, request.spec.id);
  if (job == nullptr) {
    make_job(step, request.account, request.incarnation, request.spec);
    job = step.state().find_job(request.account, request.spec.id);
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
  if (report.error) {
    step.emit(ReservationErased{report.account, report.job_id});
    step.say(ToClient{origin, *report.error});
    return;
  }
  reservation.state = ReservationState::held;
  reservation.origin = {};
  step.emit(ReservationPut{reservation});
  step.say(ToClient{origin, JobMadeAt{report.shard, report.version}});
}

void take(Step& step, ShardId, const JobGone& report) {
  const Reservation* found = step.state().find_reservation(report.account, report.job_id);
  if (found == nullptr || found->incarnation != report.incarnation) return;
  step.emit(ReservationErased{report.account, report.job_id});
}

}  // namespace

Decision decide(Step& step, const Origin& origin, const std::string& account,
                const AddJob& command) {
  const State& state = step.state();
  if (state.find_reservation(account, command.spec.id) != nullptr) {
    return Error{ErrorCode::job_exists, {}, {}};
  }
  Reservation reservation;
  reservation.account = account;
  reservation.job_id = command.spec.id;
  reservation.incarnation = state.counters.incarnations + 1;
  reservation.target = shard_of(account, command.spec.pool_id, state.shards_total());
  if (reservation.target == state.shard()) {
    reservation.state = ReservationState::held;
    step.emit(ReservationPut{reservation});
    make_job(step, account, reservation.incarnation, command.spec);
    const Job* job = state.find_job(account, command.spec.id);
    return JobMadeAt{state.shard(), job->record.version};
  }
  reservation.origin = origin;
  step.emit(ReservationPut{reservation});
  post(step, reservation.target, MakeJob{account, reservation.incarnation, command.spec});
  return std::nullopt;
}

void make_job(Step& step, const std::string& account, std::uint64_t incarnation,
              const JobSpec& spec) {
  WINDLASS_ASSERT(step.state().find_job(account, spec.id) == nullptr);
  const JobRecord job = new_job(step, account, incarnation, spec);
  step.emit(JobPut{job});
}

void release_reservation(Step& step, const JobRecord& job) {
  const JobGone gone{job.account, job.spec.id, job.incarnation};
  const ShardId home = shard_of(job.account, job.spec.id, step.state().shards_total());
  if (home == step.state().shard()) {
    take(step, home, gone);
  } else {
    post(step, home, gone);
  }
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
