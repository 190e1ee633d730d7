#include "scheduler/owned_shard.h"

#include "model/assert.h"
#include "model/fault_points.h"
#include "model/museum.h"
#include "runtime/clock.h"
#include "scheduler/store/errors.h"
#include "schema/codec/command.h"

#include <utility>

namespace windlass::scheduler {

namespace {

// A peer says something every 10 s; one that has been silent this long is gone. Longer than any
// network trouble that is worth surviving, and than the parting lease.
constexpr Duration kSessionSilenceMax = std::chrono::minutes(15);
constexpr Duration kSessionSilenceCheck = std::chrono::minutes(1);

// Session ids never repeat: the epoch is durable, the rest counts within it.
SessionId session_id(ShardEpoch epoch, std::uint64_t number) {
  return epoch << 24 | number;
}

}  // namespace

OwnedShard::OwnedShard(ShardId shard, ShardId shards_total, const Settings& settings,
                       std::unique_ptr<ShardStore> store, bus::ShardEndpoint& endpoint)
    : shard_(shard),
      shards_total_(shards_total),
      store_(std::move(store)),
      core_(shard, shards_total, settings),
      endpoint_(endpoint) {}

void OwnedShard::open(Now now) {
  epoch_ = store_->claim();
  if (WINDLASS_PLANTED(epoch_not_claimed)) epoch_ = 1;
  core_.recover(batch(), now);
  std::vector<SessionState> sessions;
  batch_->each_session([&](SessionState session) {
    if (session.kind == PeerKind::worker) worker_sessions_[session.worker] = session.id;
    sessions_.emplace(session.id, session);
    sessions.push_back(std::move(session));
  });
  batch_->commit();
  batch_.reset();
  events_before_ = core_.state().counters.events;
  silent_checked_ = now.mono;
  endpoint_.own(shard_, epoch_, shards_total_, std::move(sessions));
}

ShardBatch& OwnedShard::batch() {
  if (!batch_) batch_ = store_->begin();
  return *batch_;
}

void OwnedShard::handle(Input input, Now now) {
  ++tally_.inputs;
  core_.handle(input, now, batch(), effects_);
}

void OwnedShard::take(const bus::OpenWanted& wanted, Now now) {
  for (const auto& [id, session] : sessions_) {
    if (session.instance == wanted.instance && session.kind == wanted.kind) {
      sessions_to_open_.push_back(session);  // asked again: its answer was lost
      return;
    }
  }
  open_session(wanted, now);
}

void OwnedShard::open_session(const bus::OpenWanted& wanted, Now now) {
  SessionState session;
  session.id = session_id(epoch_, ++sessions_opened_);
  session.kind = wanted.kind;
  session.instance = wanted.instance;
  session.worker = wanted.worker;
  if (wanted.kind == PeerKind::worker) {
    const auto earlier = worker_sessions_.find(wanted.worker);
    if (earlier != worker_sessions_.end()) close_session(earlier->second);
    worker_sessions_[wanted.worker] = session.id;
  }
  batch().put_session(session);
  must_commit_ = true;
  sessions_.emplace(session.id, session);
  sessions_to_open_.push_back(session);
  if (wanted.kind == PeerKind::worker) handle(WorkerConnected{wanted.worker, wanted.instance}, now);
}

void OwnedShard::close_session(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const SessionState session = found->second;
  sessions_.erase(found);
  heard_.erase(id);
  settled_.erase(id);
  const auto worker = worker_sessions_.find(session.worker);
  if (session.kind == PeerKind::worker && worker != worker_sessions_.end() &&
      worker->second == id) {
    worker_sessions_.erase(worker);
  }
  batch().erase_session(id);
  must_commit_ = true;
  sessions_to_close_.push_back(id);
}

void OwnedShard::take(const bus::SessionResumed& input, Now now) {
  const auto found = sessions_.find(input.session);
  if (found == sessions_.end() || found->second.kind != PeerKind::worker) return;
  handle(WorkerConnected{found->second.worker, found->second.instance}, now);
}

void OwnedShard::take(bus::Commands& input, Now now) {
  if (!sessions_.contains(input.session)) return;
  heard_.insert(input.session);
  if (input.settled_through > 0) settled_[input.session] = input.settled_through;
  for (bus::ReceivedCommand& received : input.commands) {
    tally_.count(received.command.request);
    const Origin origin{input.session, received.sequence};
    const bool keeps_answer = changes_something(received.command.request);
    if (received.again && keeps_answer) {
      if (const auto stored = batch().answer(origin.session, origin.sequence)) {
        Result<Answer> decoded = decode_answer(*stored);
        if (!decoded) throw CorruptError("a stored answer cannot be read");
        effects_.messages.push_back(ToClient{origin, std::move(*decoded)});
        continue;
      }
      if (core_.awaits(origin)) continue;  // its answer comes with another shard's
      // Neither stored nor awaited: it was refused, and refused commands have changed nothing.
    }
    commands_[origin] = keeps_answer;
    handle(ClientInput{origin, std::move(received.command)}, now);
  }
}

void OwnedShard::take(const bus::Reports& input, Now now) {
  const auto session = sessions_.find(input.session);
  if (session == sessions_.end()) return;
  const std::uint64_t worker = session->second.worker;
  for (const bus::ReceivedReport& received : input.reports) {
    if (received.sequence != 0) {
      heard_.insert(input.session);
      must_commit_ = true;  // the acknowledgement says durable
    }
    // Said to a process before this one, which may have given orders since: it knows nothing of
    // them. The one for this epoch comes behind it.
    const auto* resync = std::get_if<Resync>(&received.report);
    const bool of_before = resync != nullptr && resync->epoch != 0 && resync->epoch != epoch_;
    if (of_before && !WINDLASS_PLANTED(second_resync_believed)) {
      core_.drop_stale_report();
      continue;
    }
    handle(WorkerInput{worker, received.report}, now);
  }
}

void OwnedShard::take(const bus::ShardMessages& input, Now now) {
  for (const ShardMessage& message : input.messages) handle(message, now);
}

void OwnedShard::take(const bus::ShardAcknowledges& input, Now now) {
  for (const ShardAcknowledge& acknowledge : input.acknowledges) handle(acknowledge, now);
}

void OwnedShard::close_silent_sessions(Now now) {
  if (now.mono < silent_checked_ + kSessionSilenceCheck) return;
  silent_checked_ = now.mono;
  const MonoTime before{now.mono.ticks - kSessionSilenceMax.count()};
  for (const SessionId session : endpoint_.silent_since(shard_, before)) close_session(session);
}

void OwnedShard::forget_workers() {
  for (const Outgoing& message : effects_.messages) {
    const auto* forget = std::get_if<ForgetWorker>(&message);
    if (forget == nullptr) continue;
    ++tally_.leases_expired;
    const auto session = worker_sessions_.find(forget->worker);
    if (session != worker_sessions_.end()) close_session(session->second);
  }
}

// Everything besides events that one transaction must hold: answers that may have to be repeated,
// and how far each session has been taken.
void OwnedShard::note_before_commit() {
  for (const Outgoing& message : effects_.messages) {
    if (const auto* reply = std::get_if<ToClient>(&message)) {
      const auto command = commands_.find(reply->origin);
      const bool deferred = command == commands_.end();
      const bool refused = std::holds_alternative<Error>(*reply->answer);
      if (refused || (!deferred && !command->second)) continue;
      if (!sessions_.contains(reply->origin.session)) continue;
      if (WINDLASS_PLANTED(answer_not_stored)) continue;
      batch_->put_answer(reply->origin.session, reply->origin.sequence, encode(*reply->answer));
    }
  }
  for (const auto& [session, through] : settled_) batch_->erase_answers(session, through);
  for (const SessionId id : heard_) {
    SessionState& session = sessions_.at(id);
    session.inbox = endpoint_.inbox(shard_, id);
    if (WINDLASS_PLANTED(inbox_not_stored)) continue;
    batch_->put_session(session);
  }
}

void OwnedShard::tell(std::uint64_t worker, const ToWorker& message) {
  const auto session = worker_sessions_.find(worker);
  if (session == worker_sessions_.end()) return;  // its resync will settle what it has not heard
  if (std::holds_alternative<LeaseRenewed>(message)) {
    endpoint_.tell_unnumbered(shard_, session->second, message);
    return;
  }
  const SessionId id = session->second;
  const bool full = sessions_overrun_.contains(id) || unlucky(FaultPoint::order_queue_full);
  if (!full && endpoint_.tell(shard_, id, message)) return;
  // Orders must not be lost one by one: the session ends, and the resync tells the whole truth.
  if (endpoint_.is_open(shard_, id)) sessions_overrun_.insert(id);
}

void OwnedShard::answer_clients() {
  for (const Outgoing& message : effects_.messages) {
    const auto* reply = std::get_if<ToClient>(&message);
    if (reply == nullptr) continue;
    if (const auto* error = std::get_if<Error>(&*reply->answer))
      tally_.refusals.push_back(error->code);
    if (unlucky(FaultPoint::answer_lost)) continue;
    endpoint_.answer(shard_, reply->origin.session, reply->origin.sequence, *reply->answer);
  }
}

void OwnedShard::order_workers() {
  for (const Outgoing& message : effects_.messages) {
    const auto* order = std::get_if<ToWorkerProcess>(&message);
    if (order != nullptr) tell(order->worker, order->message);
  }
}

void OwnedShard::speak(Now now) {
  for (const SessionState& session : sessions_to_open_) {
    if (sessions_.contains(session.id)) endpoint_.opened(shard_, session, now.mono);
  }
  for (const SessionId session : sessions_to_close_) endpoint_.close(shard_, session);
  for (const SessionId session : heard_) {
    endpoint_.committed(shard_, session, sessions_.at(session).inbox);
  }
  answer_clients();
  order_workers();
  for (const Outgoing& message : effects_.messages) {
    const auto* to_shard = std::get_if<ToShard>(&message);
    if (to_shard == nullptr || unlucky(FaultPoint::shard_message_lost)) continue;  // it is repeated
    std::visit([&](const auto& what) { endpoint_.send(shard_, to_shard->shard, what); },
               to_shard->message);
  }
}

BatchTally OwnedShard::end_batch(Now now) {
  const std::optional<MonoTime> due = core_.next_deadline(now);
  const bool timer = due && *due <= now.mono;
  if (!batch_ && !timer && sessions_to_open_.empty() && sessions_overrun_.empty()) return {};
  for (const SessionId session : std::exchange(sessions_overrun_, {})) close_session(session);
  close_silent_sessions(now);
  core_.end_batch(now, batch(), effects_);
  for (const ShardEvent& event : effects_.events) tally_.count(event);
  forget_workers();
  // Rows may go without an event of their own: those of a deleted job, a share each batch.
  const bool changed = !effects_.events.empty() || must_commit_ || batch_->changed();
  if (changed) {
    if (!WINDLASS_PLANTED(inbox_stored_apart)) note_before_commit();
    store_->append(events_before_ + 1, effects_.events);
    events_before_ = core_.state().counters.events;
    if (WINDLASS_PLANTED(ack_before_commit)) answer_clients();
    if (WINDLASS_PLANTED(orders_before_commit)) order_workers();
    if (WINDLASS_PLANTED(ack_before_commit) || WINDLASS_PLANTED(orders_before_commit))
      endpoint_.flush(now.mono);
    const MonoTime begun = runtime::mono_now();
    try {
      batch_->commit();
    } catch (const std::exception&) {
      if (!WINDLASS_PLANTED(commit_error_ignored)) throw;
    }
    if (WINDLASS_PLANTED(inbox_stored_apart)) {
      batch_ = store_->begin();
      note_before_commit();
      batch_->commit();
    }
    tally_.commit_time = runtime::mono_now() - begun;
    tally_.committed = true;
    may_die(FaultPoint::crash_before_speaking);
    may_stall(FaultPoint::stall_before_speaking);
  } else {
    heard_.clear();  // questions only: nothing to keep, their answers acknowledge them
  }
  batch_.reset();
  speak(now);

  effects_.clear();
  must_commit_ = false;
  heard_.clear();
  settled_.clear();
  commands_.clear();
  sessions_to_open_.clear();
  sessions_to_close_.clear();
  return std::exchange(tally_, {});
}

void OwnedShard::watch_space() {
  space_ = store_->space();
  if (space_.accepts_new_work()) {
    core_.set_space_shortage(std::nullopt);
  } else {
    core_.set_space_shortage(SpaceShortage{space_.free_bytes, space_.needed_bytes});
  }
}

std::optional<WallTime> OwnedShard::active_since(const TaskKey& task) {
  WINDLASS_ASSERT(!batch_);
  const std::optional<OpenTask> open = batch().open_task(task);
  batch_.reset();
  if (!open) return std::nullopt;
  return open->record.state_time;
}

void OwnedShard::part(Now now) {
  core_.part(now, batch(), effects_);
  must_commit_ = true;
  end_batch(now);
}

}  // namespace windlass::scheduler
