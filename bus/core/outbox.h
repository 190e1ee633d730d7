// Messages on their way in one direction of a session: numbered, kept until the other side has
// them, repeated with back-off. Pure; the session around it words the envelopes.
//
// A message wants either an acknowledgement (reports, orders, answers) or an answer (commands and
// questions; the answer acknowledges it). It is settled when it has what it wants or was forgotten.
#pragma once

#include "bus/core/limits.h"
#include "model/envelope.h"
#include "model/session.h"
#include "model/time.h"

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windlass::bus {

class Outbox {
 public:
  explicit Outbox(bool wants_answers) : wants_answers_(wants_answers) {}

  bool full() const;
  std::size_t room() const;                                  // messages
  Sequence push(Sequence in_reply_to, std::string message);  // not when full()

  // What the other side has taken and how much more it grants. Returns the sequences settled by it.
  std::vector<Sequence> acknowledge(const InboxState& taken, std::uint32_t credit, MonoTime now);

  // True when this answer was waited for; then the message is settled.
  bool answered(Sequence sequence, MonoTime now);

  void forget(Sequence sequence);

  // The other side begins a new epoch: everything under way goes again, and what was acknowledged
  // but not answered is asked again until it is.
  void begin_epoch();

  // What is under way goes again at the next flush: the road is new.
  void resend_soon();

  // Repetitions have brought nothing for a while. Whoever hears of the other side then may as well
  // try at once (resend_soon), because the road was what was missing.
  bool in_vain() const { return backoff_ >= 2; }

  // Hands out runs of consecutive messages as they are due: (first sequence, messages). At most one
  // frame's worth a call of `emit`. Views hold until the next call of any member.
  using Emit = std::function<void(Sequence first, std::span<const BundleEntry>)>;
  void flush(MonoTime now, const Emit& emit);

  // When flush() has something to repeat; new messages are due at once and not counted here.
  std::optional<MonoTime> next_deadline() const;

  // Whether flush() would send something now.
  bool has_new() const;

  Sequence released_through() const { return released_through_; }
  Sequence settled_through() const { return first_ - 1; }
  std::vector<Sequence> unsettled() const;
  std::size_t outstanding() const { return outstanding_; }
  std::uint64_t retransmissions() const { return retransmissions_; }

 private:
  enum class State : std::uint8_t { queued, in_flight, acknowledged, settled };
  struct Item {
    Sequence in_reply_to = 0;
    std::string message;
    State state = State::queued;
    bool asked_again = false;  // in flight until answered; acknowledgements mean nothing to it
    bool repeated = false;
    MonoTime sent_at;
  };

  Item& at(Sequence sequence) { return items_[sequence - first_]; }
  const Item& at(Sequence sequence) const { return items_[sequence - first_]; }
  bool holds(Sequence sequence) const {
    return sequence >= first_ && sequence < first_ + items_.size();
  }
  void set_state(Item& item, State state);
  bool acknowledge_one(Sequence sequence, MonoTime now);
  void sample(Duration round_trip);
  void progress(MonoTime now);
  void drop_settled();
  bool window_allows(Sequence sequence) const;
  Duration wait() const;

  bool wants_answers_;
  std::deque<Item> items_;
  Sequence first_ = 1;         // of items_.front()
  Sequence next_unsent_ = 1;   // the first that was never sent
  Sequence acknowledged_ = 0;  // cumulative, as last told
  Sequence released_through_ = 0;
  std::uint32_t credit_ = kCreditMessages;

  std::size_t outstanding_ = 0;  // items not settled
  std::size_t queued_bytes_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t in_flight_bytes_ = 0;

  // Retransmission (as TCP does it: smoothed round trip and its deviation).
  bool resend_all_ = false;
  std::optional<MonoTime> retransmit_at_;
  unsigned backoff_ = 0;
  std::optional<Duration> round_trip_;
  Duration deviation_{};
  std::uint64_t retransmissions_ = 0;
};

}  // namespace windlass::bus
