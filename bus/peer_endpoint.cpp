#include "bus/peer_endpoint.h"

#include "bus/brokers.h"
#include "bus/core/peer_session.h"
#include "model/assert.h"
#include "schema/codec/command.h"
#include "schema/codec/envelope.h"
#include "schema/codec/worker_message.h"

#include <algorithm>
#include <map>
#include <utility>

namespace windlass::bus {

class PeerEndpoint::Impl : private FrameSink {
 public:
  explicit Impl(Brokers brokers)
      : kind_(brokers.options().kind),
        identity_{kind_, brokers.options().instance, brokers.options().worker,
                  brokers.options().generation},
        brokers_(std::move(brokers)) {
    WINDLASS_ASSERT(kind_ == PeerKind::gateway || kind_ == PeerKind::worker);
    WINDLASS_ASSERT(identity_.instance != 0);
  }

  int fd() const { return brokers_.fd(); }

  std::vector<PeerEvent> poll(MonoTime now, std::size_t messages_max) {
    if (!started_at_) started_at_ = now;
    std::size_t messages = 0;
    while (messages < messages_max) {
      const std::optional<BusFrame> frame = brokers_.receive(now);
      if (!frame) break;
      messages += 1 + take(*frame, now);
    }
    learn_roads(now);
    return std::exchange(events_, {});
  }

  void flush(MonoTime now) {
    if (!started_at_) started_at_ = now;
    learn_roads(now);
    for (auto& [shard, session] : sessions_) session.flush(now, *this);
    brokers_.flush(now);
    // judge() may have found a broker silent.
    learn_roads(now);
    count();
  }

  BusLoad load() const {
    BusLoad load;
    for (const auto& [shard, session] : sessions_) load.add(session.outstanding());
    return load;
  }

  std::optional<MonoTime> next_deadline() const {
    std::optional<MonoTime> at = brokers_.next_deadline();
    for (const auto& [shard, session] : sessions_) {
      const std::optional<MonoTime> mine = session.next_deadline();
      if (mine && (!at || *mine < *at)) at = mine;
    }
    // Something to tell that was learned after the last poll().
    if (!events_.empty()) at = MonoTime{};
    return at;
  }

  PeerSession& session(ShardId shard) {
    return sessions_.try_emplace(shard, shard, identity_).first->second;
  }
  const PeerSession* find(ShardId shard) const {
    const auto it = sessions_.find(shard);
    return it == sessions_.end() ? nullptr : &it->second;
  }

  PeerKind kind() const { return kind_; }
  const Brokers& brokers() const { return brokers_; }

  std::optional<MonoTime> unreachable_since(ShardId shard) const {
    if (brokers_.reachable(shard)) return std::nullopt;
    const auto it = unreachable_since_.find(shard);
    return it != unreachable_since_.end() ? it->second : started_at_.value_or(MonoTime{});
  }

 private:
  // Returns how many messages it brought.
  std::size_t take(const BusFrame& frame, MonoTime now) {
    BusCounters& counters = brokers_.counters();
    const Envelope& envelope = frame.envelope;
    const ShardId shard = envelope.source_shard;
    const auto it = sessions_.find(shard);
    if (it == sessions_.end()) {
      ++counters.refused;
      return 0;
    }
    PeerSession& session = it->second;
    switch (envelope.kind) {
      case FrameKind::session_opened:
        report(shard, session, session.on_opened(envelope, now));
        return 0;
      case FrameKind::session_refused: {
        const Result<SessionRefused> body = decode_session_refused(frame.body.bytes());
        if (!body)
          ++counters.malformed;
        else
          report(shard, session, session.on_refused(envelope, body->reason, now));
        return 0;
      }
      case FrameKind::acknowledge:
        report(shard, session, session.on_frame(envelope, {}, now));
        return 0;
      case FrameKind::answers:
      case FrameKind::orders: {
        const bool expected = (envelope.kind == FrameKind::answers) == (kind_ == PeerKind::gateway);
        const Result<Bundle> bundle = Bundle::decode(frame.body.bytes());
        if (!bundle || !expected) {
          ++counters.malformed;
          return 0;
        }
        report(shard, session, session.on_frame(envelope, bundle->entries(), now));
        return bundle->entries().size();
      }
      default:
        ++counters.malformed;
        return 0;
    }
  }

  void report(ShardId shard, const PeerSession& session, PeerArrivals arrivals) {
    if (arrivals.lost) events_.push_back(SessionLost{shard, std::move(arrivals.uncertain)});
    if (arrivals.opened) {
      events_.push_back(SessionOpen{shard, session.session(), session.epoch(), arrivals.resumed});
    }
    if (!arrivals.acknowledged.empty())
      events_.push_back(Acknowledged{shard, std::move(arrivals.acknowledged)});
    if (arrivals.messages.empty()) return;
    if (kind_ == PeerKind::gateway) {
      Answered answered{shard, {}};
      answered.answers.reserve(arrivals.messages.size());
      for (const BundleEntry& entry : arrivals.messages) {
        Result<Answer> answer = decode_answer(entry.message);
        if (!answer) {
          // The request is settled for the session, so somebody must be told something.
          ++brokers_.counters().malformed;
          answered.answers.emplace_back(entry.in_reply_to, Answer{answer.error()});
          continue;
        }
        answered.answers.emplace_back(entry.in_reply_to, std::move(*answer));
      }
      events_.push_back(std::move(answered));
    } else {
      Ordered ordered{shard, {}};
      ordered.messages.reserve(arrivals.messages.size());
      for (const BundleEntry& entry : arrivals.messages) {
        Result<ToWorker> message = decode_to_worker(entry.message);
        if (!message)
          ++brokers_.counters().malformed;
        else
          ordered.messages.push_back(std::move(*message));
      }
      events_.push_back(std::move(ordered));
    }
  }

  void learn_roads(MonoTime now) {
    const std::vector<ShardId> changed = brokers_.take_changed_roads();
    if (changed.empty() && brokers_.shards_total() == shards_total_told_) return;
    shards_total_told_ = brokers_.shards_total();
    for (const ShardId shard : changed) {
      const auto route = brokers_.routes().find(shard);
      if (route == brokers_.routes().end()) {
        unreachable_since_.try_emplace(shard, now);
        continue;
      }
      unreachable_since_.erase(shard);
      const auto session = sessions_.find(shard);
      if (session != sessions_.end()) session->second.on_reachable(route->second);
    }
    events_.push_back(ReachChanged{});
  }

  void count() {
    BusCounters& counters = brokers_.counters();
    counters.retransmissions = 0;
    counters.duplicates = 0;
    std::uint64_t refused = 0;
    for (const auto& [shard, session] : sessions_) {
      counters.retransmissions += session.retransmissions();
      counters.duplicates += session.duplicates();
      refused += session.refused();
    }
    counters.refused += refused - std::exchange(refused_counted_, refused);
  }

  void frame(const Envelope& envelope, std::span<const BundleEntry> entries) override {
    brokers_.send(envelope, entries.empty() ? std::string() : encode_bundle(entries));
  }
  void open(const Envelope& envelope, const OpenSession& body) override {
    brokers_.send(envelope, encode(body));
  }
  void refuse(const Envelope&, const SessionRefused&) override { WINDLASS_ASSERT(false); }

  const PeerKind kind_;
  const PeerIdentity identity_;
  Brokers brokers_;
  std::map<ShardId, PeerSession> sessions_;
  std::map<ShardId, MonoTime> unreachable_since_;
  std::optional<MonoTime> started_at_;
  ShardId shards_total_told_ = 0;
  std::uint64_t refused_counted_ = 0;
  std::vector<PeerEvent> events_;
};

PeerEndpoint::PeerEndpoint(EndpointOptions options)
    : impl_(std::make_unique<Impl>(Brokers(std::move(options)))) {}
PeerEndpoint::PeerEndpoint(EndpointOptions options, std::unique_ptr<Links> links)
    : impl_(std::make_unique<Impl>(Brokers(std::move(options), std::move(links)))) {}
PeerEndpoint::~PeerEndpoint() = default;

int PeerEndpoint::fd() const {
  return impl_->fd();
}
std::optional<MonoTime> PeerEndpoint::next_deadline() const {
  return impl_->next_deadline();
}
std::vector<PeerEvent> PeerEndpoint::poll(MonoTime now, std::size_t messages_max) {
  return impl_->poll(now, messages_max);
}
void PeerEndpoint::flush(MonoTime now) {
  impl_->flush(now);
}

std::optional<Sequence> PeerEndpoint::send(ShardId shard, const Command& command) {
  WINDLASS_ASSERT(impl_->kind() == PeerKind::gateway);
  return impl_->session(shard).send(encode(command));
}
std::optional<Sequence> PeerEndpoint::send(ShardId shard, const FromWorker& report) {
  WINDLASS_ASSERT(impl_->kind() == PeerKind::worker);
  return impl_->session(shard).send(encode(report));
}
bool PeerEndpoint::send_unnumbered(ShardId shard, const FromWorker& report) {
  WINDLASS_ASSERT(impl_->kind() == PeerKind::worker);
  return impl_->session(shard).send_unnumbered(encode(report));
}
void PeerEndpoint::forget(ShardId shard, Sequence sequence) {
  impl_->session(shard).forget(sequence);
}
void PeerEndpoint::open(ShardId shard) {
  impl_->session(shard).open();
}

ShardId PeerEndpoint::shards_total() const {
  return impl_->brokers().shards_total();
}
bool PeerEndpoint::reachable(ShardId shard) const {
  return impl_->brokers().reachable(shard);
}
std::optional<MonoTime> PeerEndpoint::unreachable_since(ShardId shard) const {
  return impl_->unreachable_since(shard);
}
std::size_t PeerEndpoint::outstanding(ShardId shard) const {
  const PeerSession* session = impl_->find(shard);
  return session == nullptr ? 0 : session->outstanding();
}
const BusCounters& PeerEndpoint::counters() const {
  return impl_->brokers().counters();
}
BusLoad PeerEndpoint::load() const {
  return impl_->load();
}

}  // namespace windlass::bus
