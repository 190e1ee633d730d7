#include "bus/core/outbox.h"

#include "model/assert.h"
#include "model/fault_points.h"

#include <algorithm>
#include <utility>

namespace windlass::bus {

namespace {
constexpr unsigned kBackoffMax = 6;
}  // namespace

bool Outbox::full() const {
  return room() == 0;
}

std::size_t Outbox::room() const {
  if (queued_bytes_ + in_flight_bytes_ >= kQueueBytesMax) return 0;
  // Settled ones between open ones take memory, too, so it is places that count.
  return items_.size() >= kQueueMessagesMax ? 0 : kQueueMessagesMax - items_.size();
}

Sequence Outbox::push(Sequence in_reply_to, std::string message) {
  WINDLASS_ASSERT(!full());
  queued_bytes_ += message.size();
  ++outstanding_;
  Item& item = items_.emplace_back();
  item.in_reply_to = in_reply_to;
  item.message = std::move(message);
  return first_ + items_.size() - 1;
}

void Outbox::set_state(Item& item, State state) {
  if (item.state == state) return;
  const std::size_t bytes = item.message.size();
  if (item.state == State::queued) queued_bytes_ -= bytes;
  if (item.state == State::in_flight) {
    --in_flight_;
    in_flight_bytes_ -= bytes;
  }
  if (state == State::in_flight) {
    ++in_flight_;
    in_flight_bytes_ += bytes;
  }
  if (state == State::settled) {
    --outstanding_;
    item.message = {};
  }
  item.state = state;
}

std::vector<Sequence> Outbox::acknowledge(const InboxState& taken, std::uint32_t credit,
                                          MonoTime now) {
  std::vector<Sequence> settled;
  if (credit > 0) credit_ = std::min(credit, kCreditMessages);
  // Old news is possible: frames overtake each other.
  const Sequence through = std::min(taken.acknowledged_through, next_unsent_ - 1);
  bool any = false;
  const auto one = [&](Sequence sequence) {
    if (!acknowledge_one(sequence, now)) return;
    any = true;
    if (at(sequence).state == State::settled) settled.push_back(sequence);
  };
  for (Sequence s = std::max(acknowledged_ + 1, first_); s <= through; ++s) one(s);
  acknowledged_ = std::max(acknowledged_, through);
  for (const Sequence s : taken.above) {
    if (s > acknowledged_ && s < next_unsent_) one(s);
  }
  if (any) progress(now);
  return settled;
}

bool Outbox::acknowledge_one(Sequence sequence, MonoTime now) {
  if (!holds(sequence)) return false;
  Item& item = at(sequence);
  if (item.state != State::in_flight || item.asked_again) return false;
  if (!item.repeated) sample(now - item.sent_at);
  set_state(item, wants_answers_ ? State::acknowledged : State::settled);
  return true;
}

bool Outbox::answered(Sequence sequence, MonoTime now) {
  if (!holds(sequence)) return false;
  Item& item = at(sequence);
  // A queued one cannot have been answered: a damaged or hostile frame.
  if (item.state == State::settled || item.state == State::queued) return false;
  if (item.state == State::in_flight && !item.repeated) sample(now - item.sent_at);
  set_state(item, State::settled);
  progress(now);
  return true;
}

void Outbox::forget(Sequence sequence) {
  if (!holds(sequence)) return;
  set_state(at(sequence), State::settled);
  drop_settled();
  if (in_flight_ == 0) retransmit_at_.reset();
}

void Outbox::begin_epoch() {
  for (Sequence s = first_; s < next_unsent_; ++s) {
    Item& item = at(s);
    if (item.state != State::acknowledged) continue;
    set_state(item, State::in_flight);
    item.asked_again = true;
  }
  resend_soon();
}

void Outbox::resend_soon() {
  backoff_ = 0;
  if (in_flight_ > 0) resend_all_ = true;
}

bool Outbox::window_allows(Sequence sequence) const {
  if (in_flight_ == 0) return sequence <= released_through_ + kCreditMessages;
  return sequence <= released_through_ + credit_ && in_flight_ < credit_ &&
         in_flight_bytes_ < kInFlightBytesMax;
}

bool Outbox::has_new() const {
  return resend_all_ || (next_unsent_ < first_ + items_.size() && window_allows(next_unsent_));
}

void Outbox::flush(MonoTime now, const Emit& emit) {
  std::vector<BundleEntry> run;
  Sequence run_first = 0;
  std::size_t run_bytes = 0;
  const auto end_run = [&] {
    if (!run.empty()) emit(run_first, run);
    run.clear();
    run_bytes = 0;
  };
  const auto add = [&](Sequence sequence, Item& item) {
    const bool follows = !run.empty() && run_first + run.size() == sequence;
    if (!follows || run.size() >= kFrameMessagesMax ||
        run_bytes + item.message.size() > kFrameBytesMax || unlucky(FaultPoint::frame_of_one))
      end_run();
    if (run.empty()) run_first = sequence;
    run.push_back({item.in_reply_to, item.message});
    run_bytes += item.message.size();
    item.sent_at = now;
  };

  if (in_flight_ > 0 && unlucky(FaultPoint::resend_at_once)) resend_all_ = true;
  const bool expired = retransmit_at_ && *retransmit_at_ <= now;
  if (resend_all_ || expired) {
    if (expired && !resend_all_) backoff_ = std::min(backoff_ + 1, kBackoffMax);
    // In vain again and again: nobody is there, one frame is enough to find out when somebody is.
    const std::size_t most = in_vain() ? kFrameMessagesMax : kRetransmitMessagesMax;
    std::size_t repeated = 0;
    for (Sequence s = first_; s < next_unsent_ && repeated < most; ++s) {
      Item& item = at(s);
      if (item.state != State::in_flight) continue;
      if (!resend_all_ && now - item.sent_at < kRetransmitMin) continue;  // sent just now
      item.repeated = true;
      add(s, item);
      ++repeated;
    }
    retransmissions_ += repeated;
    resend_all_ = false;
    retransmit_at_.reset();
  }
  while (next_unsent_ < first_ + items_.size() && window_allows(next_unsent_)) {
    Item& item = at(next_unsent_);
    if (item.state == State::queued) {  // else forgotten before it was ever sent
      set_state(item, State::in_flight);
      add(next_unsent_, item);
    }
    ++next_unsent_;
  }
  end_run();
  drop_settled();
  if (in_flight_ == 0)
    retransmit_at_.reset();
  else if (!retransmit_at_)
    retransmit_at_ = now + wait();
}

std::optional<MonoTime> Outbox::next_deadline() const {
  return retransmit_at_;
}

std::vector<Sequence> Outbox::unsettled() const {
  std::vector<Sequence> out;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].state != State::settled) out.push_back(first_ + i);
  }
  return out;
}

void Outbox::sample(Duration round_trip) {
  if (!round_trip_) {
    round_trip_ = round_trip;
    deviation_ = round_trip / 2;
    return;
  }
  const Duration error = round_trip - *round_trip_;
  const Duration magnitude = error < Duration{} ? -error : error;
  deviation_ += (magnitude - deviation_) / 4;
  *round_trip_ += error / 8;
}

Duration Outbox::wait() const {
  const Duration base =
      round_trip_ ? std::max(*round_trip_ + 4 * deviation_, kRetransmitMin) : kRetransmitInitial;
  Duration wait = std::min(base, kRetransmitMax);
  for (unsigned i = 0; i < backoff_ && wait < kRetransmitMax; ++i) wait *= 2;
  return std::min(wait, kRetransmitMax);
}

void Outbox::progress(MonoTime now) {
  backoff_ = 0;
  drop_settled();
  if (in_flight_ == 0)
    retransmit_at_.reset();
  else
    retransmit_at_ = now + wait();
}

void Outbox::drop_settled() {
  // The released run first: it needs items that the next step may drop.
  while (holds(released_through_ + 1)) {
    const State state = at(released_through_ + 1).state;
    if (state != State::acknowledged && state != State::settled) break;
    ++released_through_;
  }
  while (!items_.empty() && items_.front().state == State::settled) {
    items_.pop_front();
    ++first_;
  }
  next_unsent_ = std::max(next_unsent_, first_);
  WINDLASS_ASSERT(released_through_ >= first_ - 1);
}

}  // namespace windlass::bus
