#include "bus/core/peer_session.h"

#include "model/fault_points.h"
#include "model/museum.h"

#include <algorithm>
#include <utility>

namespace windlass::bus {

namespace {

constexpr unsigned kOpenBackoffMax = 5;
constexpr std::size_t kUnnumberedMax = 64;

std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

bool due(const std::optional<MonoTime>& at, MonoTime now) {
  return at && *at <= now;
}

}  // namespace

PeerSession::PeerSession(ShardId shard, PeerIdentity identity)
    : shard_(shard), identity_(identity), outbox_(identity.kind == PeerKind::gateway) {}

std::optional<Sequence> PeerSession::send(std::string message) {
  if (outbox_.full()) return std::nullopt;
  open();
  return outbox_.push(0, std::move(message));
}

bool PeerSession::send_unnumbered(std::string message) {
  if (state_ != State::open || unnumbered_.size() >= kUnnumberedMax) return false;
  unnumbered_.push_back(std::move(message));
  return true;
}

void PeerSession::open() {
  if (state_ == State::idle) begin_opening();
}

void PeerSession::begin_opening() {
  state_ = State::opening;
  open_again_at_.reset();
  open_attempts_ = 0;
  unnumbered_.clear();
}

PeerArrivals PeerSession::on_opened(const Envelope& envelope, MonoTime now) {
  PeerArrivals arrivals;
  told_.clear();
  const bool known = session_ != 0 && envelope.session == session_;
  if (envelope.session == 0 || envelope.epoch < epoch_ ||
      (state_ == State::open && (!known || envelope.epoch == epoch_))) {
    if (state_ != State::open) ++refused_;
    return arrivals;  // late or repeated
  }
  if (session_ != 0 && !known) {  // we asked for ours and got another one
    arrivals.lost = true;
    arrivals.uncertain = outbox_.unsettled();
    retransmissions_ += outbox_.retransmissions();
    outbox_ = Outbox(wants_answers());
  }
  arrivals.opened = true;
  arrivals.resumed = known;
  if (!known || envelope.epoch != epoch_) {  // the shard counts from 1 again
    taken_through_ = 0;
    held_.clear();
    unacknowledged_ = 0;
    acknowledge_at_.reset();
  }
  const bool new_epoch = known && envelope.epoch != epoch_;
  session_ = envelope.session;
  epoch_ = envelope.epoch;
  state_ = State::open;
  alive_at_ = now + kAliveInterval;
  arrivals.acknowledged = outbox_.acknowledge(envelope.taken, envelope.credit, now);
  if (new_epoch)
    outbox_.begin_epoch();
  else
    outbox_.resend_soon();
  return arrivals;
}

PeerArrivals PeerSession::on_refused(const Envelope& envelope, RefusalReason reason, MonoTime) {
  PeerArrivals arrivals;
  told_.clear();
  if (session_ == 0 || envelope.session != session_ || envelope.epoch < epoch_) {
    ++refused_;
    return arrivals;
  }
  if (reason == RefusalReason::resume_first) {
    // In the epoch that opened us this can only be an echo of earlier frames.
    if (state_ == State::open && envelope.epoch > epoch_) begin_opening();
    return arrivals;
  }
  arrivals.lost = true;
  arrivals.uncertain = outbox_.unsettled();
  retransmissions_ += outbox_.retransmissions();
  outbox_ = Outbox(wants_answers());
  session_ = 0;
  begin_opening();
  return arrivals;
}

PeerArrivals PeerSession::on_frame(const Envelope& envelope, std::span<const BundleEntry> entries,
                                   MonoTime now) {
  PeerArrivals arrivals;
  told_.clear();
  const bool fits =
      envelope.epoch == epoch_ || (WINDLASS_PLANTED(old_epoch_accepted) && envelope.epoch < epoch_);
  if (state_ != State::open || envelope.session != session_ || !fits) {
    if (state_ == State::open && envelope.session == session_ && envelope.epoch > epoch_)
      begin_opening();
    ++refused_;
    return arrivals;
  }
  // Answers first: they settle what the acknowledgement beside them would only acknowledge.
  take_messages(envelope, entries, now, arrivals);
  arrivals.acknowledged = outbox_.acknowledge(envelope.taken, envelope.credit, now);
  if (outbox_.in_vain()) outbox_.resend_soon();
  return arrivals;
}

void PeerSession::take_messages(const Envelope& envelope, std::span<const BundleEntry> entries,
                                MonoTime now, PeerArrivals& arrivals) {
  if (envelope.sequence == 0) {
    for (const BundleEntry& entry : entries) tell(entry, now, arrivals);
    return;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Sequence sequence = envelope.sequence + i;
    if (sequence <= taken_through_ || held_.contains(sequence)) {
      ++duplicates_;
      acknowledge_now_ = true;  // our acknowledgement must have been lost
    } else if (sequence == taken_through_ + 1) {
      ++taken_through_;
      ++unacknowledged_;
      tell(entries[i], now, arrivals);
    } else if (sequence <= taken_through_ + kCreditMessages) {
      held_.emplace(sequence, Held{entries[i].in_reply_to, std::string(entries[i].message)});
      ++unacknowledged_;
    }
  }
  // What the gap held back. The nodes move to told_, whose strings the views refer to.
  told_.reserve(held_.size());
  while (!held_.empty() && held_.begin()->first == taken_through_ + 1) {
    told_.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
    ++taken_through_;
    tell({told_.back().in_reply_to, told_.back().message}, now, arrivals);
  }
  if (unacknowledged_ == 0 || acknowledge_at_) return;
  acknowledge_at_ =
      now + (unlucky(FaultPoint::acknowledge_late) ? kRetransmitMax : kAcknowledgeDelay);
}

void PeerSession::tell(const BundleEntry& entry, MonoTime now, PeerArrivals& arrivals) {
  if (wants_answers() && !outbox_.answered(entry.in_reply_to, now)) return;
  arrivals.messages.push_back(entry);
}

void PeerSession::on_reachable(ShardEpoch epoch) {
  if (state_ == State::open && epoch > epoch_) begin_opening();
  if (state_ == State::opening) open_again_at_.reset();
  if (state_ != State::open) return;
  outbox_.resend_soon();
  acknowledge_now_ = true;  // so that the shard learns of the new road to us, too
}

void PeerSession::flush(MonoTime now, FrameSink& sink) {
  if (state_ == State::opening && (!open_again_at_ || *open_again_at_ <= now)) {
    Envelope out = envelope(FrameKind::open_session);
    sink.open(out, {identity_.kind, identity_.worker, session_});
    Duration wait = kRetransmitInitial;
    for (unsigned i = 0; i < open_attempts_; ++i) wait = std::min(wait * 2, kRetransmitMax);
    open_attempts_ = std::min(open_attempts_ + 1, kOpenBackoffMax);
    open_again_at_ = now + wait;
  }
  if (state_ != State::open) return;

  bool spoke = false;
  const FrameKind kind = wants_answers() ? FrameKind::commands : FrameKind::reports;
  outbox_.flush(now, [&](Sequence first, std::span<const BundleEntry> entries) {
    Envelope out = envelope(kind);
    out.sequence = first;
    sink.frame(out, entries);
    spoke = true;
  });
  if (!unnumbered_.empty()) {
    std::vector<BundleEntry> entries;
    for (const std::string& message : unnumbered_) entries.push_back({0, message});
    sink.frame(envelope(kind), entries);
    unnumbered_.clear();
    spoke = true;
  }
  const bool wanted = acknowledge_now_ || unacknowledged_ >= kAcknowledgeMessages ||
                      due(acknowledge_at_, now) || due(alive_at_, now);
  if (!spoke && wanted) {
    sink.frame(envelope(FrameKind::acknowledge), {});
    spoke = true;
  }
  if (spoke) {
    acknowledge_now_ = false;
    unacknowledged_ = 0;
    acknowledge_at_.reset();
    alive_at_ = now + kAliveInterval;
  }
}

Envelope PeerSession::envelope(FrameKind kind) const {
  Envelope out;
  out.generation = identity_.generation;
  out.source = identity_.instance;
  out.source_kind = identity_.kind;
  out.destination = ToShardOf{shard_};
  out.kind = kind;
  out.epoch = epoch_;
  out.session = session_;
  out.taken.acknowledged_through = taken_through_;
  for (const auto& [sequence, held] : held_) out.taken.above.push_back(sequence);
  out.credit = unlucky(FaultPoint::credit_of_one) ? 1 : kCreditMessages;
  out.released_through = outbox_.released_through();
  out.settled_through = outbox_.settled_through();
  return out;
}

std::optional<MonoTime> PeerSession::next_deadline() const {
  switch (state_) {
    case State::idle:
      return std::nullopt;
    case State::opening:
      return open_again_at_ ? open_again_at_ : MonoTime{};
    case State::open:
      break;
  }
  std::optional<MonoTime> at = earlier(outbox_.next_deadline(), alive_at_);
  at = earlier(at, acknowledge_at_);
  if (acknowledge_now_ || outbox_.has_new() || !unnumbered_.empty()) at = MonoTime{};
  return at;
}

}  // namespace windlass::bus
