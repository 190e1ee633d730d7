#include "bus/core/shard_session.h"

#include "bus/core/limits.h"
#include "model/fault_points.h"
#include "model/museum.h"

#include <algorithm>
#include <utility>

namespace windlass::bus {

namespace {
constexpr std::size_t kUnnumberedMax = 64;
}  // namespace

ShardSession::ShardSession(ShardIdentity identity, SessionState state, MonoTime now)
    : identity_(identity),
      state_(std::move(state)),
      inbox_(state_.inbox),
      durable_(inbox_.state()),
      heard_at_(now) {
  state_.inbox = inbox_.state();
}

bool ShardSession::open(MonoTime now) {
  heard_at_ = now;
  say_opened_ = true;
  return !std::exchange(open_, true);
}

std::vector<ShardArrival> ShardSession::on_frame(const Envelope& envelope,
                                                 std::span<const BundleEntry> entries,
                                                 MonoTime now) {
  std::vector<ShardArrival> arrivals;
  heard_at_ = now;
  told_.clear();
  inbox_.release_through(envelope.released_through);
  if (envelope.settled_through > settled_through_) {
    settled_through_ = envelope.settled_through;
    asked_again_.erase(asked_again_.begin(), asked_again_.upper_bound(settled_through_));
  }
  outbox_.acknowledge(envelope.taken, envelope.credit, now);
  if (outbox_.in_vain()) outbox_.resend_soon();

  arrivals.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (envelope.sequence == 0) {
      arrivals.push_back({0, false, entries[i].message});
      continue;
    }
    const Sequence sequence = envelope.sequence + i;
    if (in_order() && sequence > next() && !WINDLASS_PLANTED(reports_in_any_order)) {
      hold(sequence, entries[i].message);
      continue;
    }
    switch (inbox_.take(sequence)) {
      case Arrival::fresh:
        arrivals.push_back({sequence, false, entries[i].message});
        break;
      case Arrival::outside:
        break;
      case Arrival::duplicate:
        ++duplicates_;
        acknowledge_ = true;
        // Taken before this epoch: only a gateway repeats such a one, and only while it waits for
        // the answer.
        if (state_.kind == PeerKind::gateway && contains(state_.inbox, sequence) &&
            sequence > settled_through_ && asked_again_.insert(sequence).second)
          arrivals.push_back({sequence, true, entries[i].message});
        break;
    }
  }
  if (!held_.empty()) take_held(arrivals);
  return arrivals;
}

// Not acknowledged before it is taken: what is held is lost with this process.
void ShardSession::hold(Sequence sequence, std::string_view message) {
  if (contains(inbox_.state(), sequence)) {  // taken by a version that kept no order
    ++duplicates_;
    acknowledge_ = true;
  } else if (sequence < next() + kCreditMessages) {
    held_.emplace(sequence, message);
  }
}

void ShardSession::take_held(std::vector<ShardArrival>& arrivals) {
  told_.reserve(held_.size());
  while (!held_.empty() && held_.begin()->first <= next()) {
    auto held = held_.extract(held_.begin());
    if (inbox_.take(held.key()) != Arrival::fresh) continue;  // came again meanwhile
    told_.push_back(std::move(held.mapped()));
    arrivals.push_back({held.key(), false, told_.back()});
  }
}

void ShardSession::committed(const InboxState& durable) {
  if (durable == durable_) return;
  durable_ = durable;
  acknowledge_ = true;
}

bool ShardSession::send(Sequence in_reply_to, std::string message) {
  if (!open_ || outbox_.full()) return false;
  outbox_.push(in_reply_to, std::move(message));
  return true;
}

bool ShardSession::send_unnumbered(std::string message) {
  if (!open_ || unnumbered_.size() >= kUnnumberedMax) return false;
  unnumbered_.push_back(std::move(message));
  return true;
}

void ShardSession::flush(MonoTime now, FrameSink& sink) {
  if (!open_) return;
  if (std::exchange(say_opened_, false)) sink.frame(envelope(FrameKind::session_opened), {});
  bool spoke = false;
  const FrameKind kind = state_.kind == PeerKind::gateway ? FrameKind::answers : FrameKind::orders;
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
  if (acknowledge_ && !spoke) sink.frame(envelope(FrameKind::acknowledge), {});
  acknowledge_ = false;
}

Envelope ShardSession::envelope(FrameKind kind) const {
  Envelope out;
  out.generation = identity_.generation;
  out.source = identity_.instance;
  out.source_kind = PeerKind::scheduler;
  out.source_shard = identity_.shard;
  out.destination = ToInstance{state_.instance};
  out.kind = kind;
  out.epoch = identity_.epoch;
  out.session = state_.id;
  out.taken = durable_;
  out.credit = unlucky(FaultPoint::credit_of_one) ? 1 : kCreditMessages;
  return out;
}

bool ShardSession::wants_flush() const {
  return open_ && (say_opened_ || acknowledge_ || !unnumbered_.empty() || outbox_.has_new());
}

std::optional<MonoTime> ShardSession::next_deadline() const {
  if (!open_) return std::nullopt;
  if (wants_flush()) return MonoTime{};
  return outbox_.next_deadline();
}

}  // namespace windlass::bus
