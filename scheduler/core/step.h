// One input being handled: what a decision may look at, and the two ways in which it may speak.
// emit() applies a fact at once, so that the rest of the decision sees it; say() keeps a message
// that goes out after the commit. Refusals come before the first emit.
#pragma once

#include "model/boxed.h"
#include "model/worker_message.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/settings.h"

#include <utility>
#include <variant>
#include <vector>

namespace windlass::scheduler {

struct ToClient {
  Origin origin;
  Boxed<Answer> answer;
};
struct ToWorkerProcess {
  std::uint64_t worker = 0;  // stable worker id
  ToWorker message;
};
struct ToShard {
  ShardId shard = 0;
  std::variant<ShardMessage, ShardAcknowledge> message;
};
// The worker's lease has ended: its session is closed, and it must open a new one and resync before
// anything that it says counts again.
struct ForgetWorker {
  std::uint64_t worker = 0;
};
using Outgoing = std::variant<ToClient, ToWorkerProcess, ToShard, ForgetWorker>;
// As of events: a batch has thousands, nearly all of them for workers.
static_assert(sizeof(Outgoing) <= sizeof(ToWorkerProcess) + 16);

struct Effects {
  ShardEvents events;              // facts, applied and written, to be committed
  std::vector<Outgoing> messages;  // to be said after the commit

  // Keeps the room that they took, for the next batch.
  void clear() {
    events.clear();
    messages.clear();
  }
};

class Step {
 public:
  Step(State& state, Rows& row_access, Now at, const Settings& shard_settings, Effects& effects)
      : rows(row_access), now(at), settings(shard_settings), state_(state), effects_(effects) {}

  const State& state() const { return state_; }

  // The version that the entity of the next event gets.
  Version next_version() const { return {state_.counters.events + 1, now.wall}; }

  template <class Event>
  void emit(Event event) {
    apply(state_, rows, effects_.events.emplace_back(std::move(event)));
  }
  void say(Outgoing message) { effects_.messages.push_back(std::move(message)); }
  void tell_worker(std::uint64_t worker, ToWorker message) {
    effects_.messages.emplace_back(ToWorkerProcess{worker, std::move(message)});
  }

  // Soft state: workers, leases, offers, turns. Nothing of it is in events.
  State& soft() { return state_; }

  Rows& rows;
  const Now now;
  const Settings& settings;

 private:
  State& state_;
  Effects& effects_;
};

}  // namespace windlass::scheduler
