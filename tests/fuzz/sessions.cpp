// Frames of a peer that keeps no rule, against both ends of a session and the broker between them.
#include "broker/core/frame_switch.h"
#include "bus/core/peer_session.h"
#include "bus/core/shard_session.h"
#include "tests/fuzz/target.h"

#include <algorithm>
#include <array>
#include <set>

namespace windlass::fuzz {
namespace {

constexpr std::array<std::uint64_t, 14> kNumbers = {
    0, 1, 2, 3, 4, 5, 6, 255, 8192, 8193, 8200, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX};
constexpr std::string_view kMessage = "message";

std::uint64_t number(Choices& choices) {
  return kNumbers[choices.below(kNumbers.size())];
}

Envelope envelope(Choices& choices, FrameKind kind) {
  Envelope out;
  out.kind = kind;
  out.generation = 1;
  out.source = 1 + choices.below(3);
  out.epoch = choices.below(4);
  out.session = choices.below(3);
  out.sequence = number(choices);
  out.taken.acknowledged_through = number(choices);
  for (std::size_t left = choices.below(4); left > 0; --left)
    out.taken.above.push_back(number(choices));
  out.credit = static_cast<std::uint32_t>(number(choices));
  out.released_through = number(choices);
  out.settled_through = number(choices);
  return out;
}

std::vector<BundleEntry> entries(Choices& choices) {
  std::vector<BundleEntry> out(choices.below(5));
  for (BundleEntry& entry : out) entry = {number(choices), kMessage};
  return out;
}

// Looks at what would be sent.
class Sink final : public bus::FrameSink {
 public:
  void frame(const Envelope& envelope, std::span<const BundleEntry> entries) override {
    WINDLASS_ASSERT(entries.size() <= bus::kFrameMessagesMax);
    WINDLASS_ASSERT(envelope.sequence == 0 || !entries.empty());
    WINDLASS_ASSERT(envelope.settled_through <= envelope.released_through);
    WINDLASS_ASSERT(envelope.credit == bus::kCreditMessages);
  }
  void open(const Envelope&, const OpenSession&) override {}
  void refuse(const Envelope&, const SessionRefused&) override {}
};

// Time goes on by up to a few seconds a step.
MonoTime later(MonoTime now, Choices& choices) {
  return now + std::chrono::milliseconds(choices.byte() * 20);
}

void shard_side(Choices& choices, PeerKind kind) {
  MonoTime now{};
  Sink sink;
  SessionState row{1, kind, 7, 0, {number(choices), {number(choices), number(choices)}}};
  bus::ShardSession session({0, 2, 9, 1}, row, now);
  session.open(now);
  std::set<Sequence> taken;
  while (!choices.rest().empty()) {
    now = later(now, choices);
    switch (choices.below(4)) {
      case 0: {
        const Envelope frame =
            envelope(choices, kind == PeerKind::worker ? FrameKind::reports : FrameKind::commands);
        const std::vector<BundleEntry> messages = entries(choices);
        for (const bus::ShardArrival& arrival : session.on_frame(frame, messages, now)) {
          WINDLASS_ASSERT(arrival.message == kMessage);
          if (arrival.sequence == 0 || arrival.again) continue;
          WINDLASS_ASSERT(taken.insert(arrival.sequence).second);  // each once
          WINDLASS_ASSERT(bus::contains(session.inbox(), arrival.sequence));
        }
        break;
      }
      case 1:
        session.send(number(choices), std::string(kMessage));
        break;
      case 2:
        session.committed(session.inbox());
        break;
      default:
        session.flush(now, sink);
    }
    (void)session.next_deadline();
    WINDLASS_ASSERT(std::is_sorted(session.inbox().above.begin(), session.inbox().above.end()));
  }
}

void peer_side(Choices& choices, PeerKind kind) {
  MonoTime now{};
  Sink sink;
  bus::PeerSession session(0, {kind, 7, 0, 1});
  std::set<Sequence> waiting;  // for an answer
  const auto judge = [&](const bus::PeerArrivals& arrivals) {
    for (const Sequence sequence : arrivals.uncertain) waiting.erase(sequence);
    if (arrivals.lost) WINDLASS_ASSERT(waiting.empty());
    for (const BundleEntry& entry : arrivals.messages) {
      WINDLASS_ASSERT(entry.message == kMessage);
      if (kind == PeerKind::gateway) WINDLASS_ASSERT(waiting.erase(entry.in_reply_to) == 1);
    }
    if (kind == PeerKind::gateway) return WINDLASS_ASSERT(arrivals.acknowledged.empty());
    for (const Sequence sequence : arrivals.acknowledged)
      WINDLASS_ASSERT(waiting.erase(sequence) == 1);
  };
  while (!choices.rest().empty()) {
    now = later(now, choices);
    switch (choices.below(7)) {
      case 0: {
        const Envelope frame = envelope(choices, FrameKind::answers);
        const std::vector<BundleEntry> messages = entries(choices);
        judge(session.on_frame(frame, messages, now));
        break;
      }
      case 1:
        judge(session.on_opened(envelope(choices, FrameKind::session_opened), now));
        break;
      case 2: {
        const auto reason = static_cast<RefusalReason>(choices.below(2));
        judge(session.on_refused(envelope(choices, FrameKind::session_refused), reason, now));
        break;
      }
      case 3:
        if (const auto sequence = session.send(std::string(kMessage)))
          WINDLASS_ASSERT(waiting.insert(*sequence).second);
        break;
      case 4: {
        const Sequence sequence = number(choices);
        session.forget(sequence);
        waiting.erase(sequence);
        break;
      }
      case 5:
        session.on_reachable(choices.below(4));
        break;
      default:
        session.flush(now, sink);
    }
    WINDLASS_ASSERT(session.outstanding() == waiting.size());
    (void)session.next_deadline();
  }
}

// Processes 1 to 4 are connected; their queues are full now and then.
class Road final : public broker::Road {
 public:
  explicit Road(Choices& choices) : choices_(choices) {}
  broker::PassResult pass_on(InstanceId to, std::uint32_t) override {
    if (to > 4) return broker::PassResult::unknown;
    return choices_.below(4) == 0 ? broker::PassResult::full : broker::PassResult::passed;
  }
  std::optional<HelloBody> hello() override {
    if (choices_.below(8) == 0) return std::nullopt;
    HelloBody hello{static_cast<ShardId>(choices_.byte() * 300), {}};
    for (std::size_t left = choices_.below(4); left > 0; --left)
      hello.claims.push_back({static_cast<ShardId>(choices_.byte() * 257), number(choices_)});
    return hello;
  }
  void say(const Envelope&, const StatusBody& body, InstanceId, std::uint32_t) override {
    std::set<ShardId> told;
    for (const ShardClaim& route : body.routes) WINDLASS_ASSERT(told.insert(route.shard).second);
  }
  void say(const Envelope&, const Undeliverable&, InstanceId, std::uint32_t) override {}

 private:
  Choices& choices_;
};

void broker_between(Choices& choices) {
  MonoTime now{};
  Road road(choices);
  broker::FrameSwitch frame_switch(1, 100, road);
  std::map<ShardId, ShardEpoch> highest;
  while (!choices.rest().empty()) {
    now = later(now, choices);
    const std::size_t choice = choices.below(6);
    if (choice == 0) {
      frame_switch.tick(now);
      continue;
    }
    if (choice == 1) {
      frame_switch.close({1 + choices.below(6)});
      continue;
    }
    Envelope frame = envelope(choices, static_cast<FrameKind>(choices.below(kFrameKindsTotal)));
    frame.generation = choices.below(8) == 0 ? 2 : 1;
    frame.source_kind = static_cast<PeerKind>(choices.below(4));
    switch (choices.below(3)) {
      case 0:
        frame.destination = ToShardOf{static_cast<ShardId>(choices.byte() * 257)};
        break;
      case 1:
        frame.destination = ToInstance{choices.below(7)};
        break;
      default:
        frame.destination = ToBroker{};
    }
    frame_switch.take(1 + choices.below(6), choices.byte(), frame, now);
    // Who owns a shard never goes back to an older epoch.
    for (const ShardClaim& route : frame_switch.routes().status().routes) {
      WINDLASS_ASSERT(route.epoch >= highest[route.shard]);
      highest[route.shard] = route.epoch;
    }
  }
}

void run(std::string_view input) {
  Choices choices(input);
  switch (choices.below(5)) {
    case 0:
      return shard_side(choices, PeerKind::gateway);
    case 1:
      return shard_side(choices, PeerKind::worker);
    case 2:
      return peer_side(choices, PeerKind::gateway);
    case 3:
      return peer_side(choices, PeerKind::worker);
    default:
      return broker_between(choices);
  }
}

// Any bytes are a story; these are long enough to have some turns.
std::vector<std::string> seeds() {
  std::vector<std::string> seeds;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < 100; ++i) {
    std::string story = chosen(i, {});
    for (std::size_t bytes = 20 + i * 3; bytes > 0; --bytes) {
      state = state * 1'103'515'245 + 12'345;
      story += static_cast<char>(state >> 16 & (i % 2 == 0 ? 0x07 : 0xff));
    }
    seeds.push_back(story);
  }
  return seeds;
}

const Target kTarget("sessions", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
