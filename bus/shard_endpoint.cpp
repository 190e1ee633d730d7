#include "bus/shard_endpoint.h"

#include "bus/brokers.h"
#include "bus/core/shard_session.h"
#include "model/assert.h"
#include "model/fault_points.h"
#include "schema/codec/command.h"
#include "schema/codec/envelope.h"
#include "schema/codec/shard_message.h"
#include "schema/codec/worker_message.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace windlass::bus {

namespace {
// A wish to open is told to the loop again when it has not come to opened() for this long.
constexpr Duration kOpenWantedAgain = std::chrono::seconds(10);
}  // namespace

class ShardEndpoint::Impl : private FrameSink {
 public:
  explicit Impl(Brokers brokers) : brokers_(std::move(brokers)) {
    WINDLASS_ASSERT(brokers_.options().kind == PeerKind::scheduler);
    WINDLASS_ASSERT(brokers_.options().instance != 0);
  }

  const Brokers& brokers() const { return brokers_; }

  // ---- shards and sessions ----

  void own(ShardId shard, ShardEpoch epoch, ShardId shards_total,
           std::vector<SessionState> sessions) {
    release(shard);
    Owned& owned = shards_[shard];
    owned.epoch = epoch;
    shards_total_ = shards_total;
    for (SessionState& state : sessions) add(shard, owned, std::move(state), heard_);
    claim();
  }

  void release(ShardId shard) {
    const auto it = shards_.find(shard);
    if (it == shards_.end()) return;
    for (auto& [id, entry] : it->second.sessions) unschedule(shard, id, entry);
    shards_.erase(it);
    claim();
  }

  void opened(ShardId shard, const SessionState& state, MonoTime now) {
    Owned* owned = find(shard);
    if (owned == nullptr) return;
    std::size_t link = kNoLink;
    const auto wanted = owned->wanted.find(state.instance);
    if (wanted != owned->wanted.end()) {
      link = wanted->second.link;
      owned->wanted.erase(wanted);
    }
    Entry& entry = add(shard, *owned, state, now);
    entry.link = link;
    entry.session.open(now);
    touch(shard, state.id, entry);
  }

  void close(ShardId shard, SessionId id) {
    Owned* owned = find(shard);
    if (owned == nullptr) return;
    const auto it = owned->sessions.find(id);
    if (it == owned->sessions.end()) return;
    unschedule(shard, id, it->second);
    const auto named = owned->by_instance.find(it->second.session.state().instance);
    if (named != owned->by_instance.end() && named->second == id) owned->by_instance.erase(named);
    owned->sessions.erase(it);
  }

  const ShardSession* session(ShardId shard, SessionId id) const {
    const auto owned = shards_.find(shard);
    if (owned == shards_.end()) return nullptr;
    const auto it = owned->second.sessions.find(id);
    return it == owned->second.sessions.end() ? nullptr : &it->second.session;
  }

  // Calls act(session) and sees to it that the session is flushed.
  template <class Act>
  bool with(ShardId shard, SessionId id, Act&& act) {
    Owned* owned = find(shard);
    if (owned == nullptr) return false;
    const auto it = owned->sessions.find(id);
    if (it == owned->sessions.end()) return false;
    const bool done = act(it->second.session);
    touch(shard, id, it->second);
    return done;
  }

  std::vector<SessionId> silent_since(ShardId shard, MonoTime before) const {
    std::vector<SessionId> out;
    const auto owned = shards_.find(shard);
    if (owned == shards_.end()) return out;
    for (const auto& [id, entry] : owned->second.sessions) {
      if (entry.session.heard_at() < before) out.push_back(id);
    }
    return out;
  }

  BusLoad load() const {
    BusLoad load;
    for (const auto& [shard, owned] : shards_) {
      for (const auto& [id, entry] : owned.sessions) load.add(entry.session.outstanding());
    }
    return load;
  }

  void send_shard(ShardId from, ShardId to, FrameKind kind, std::string message) {
    between_shards_[{from, to, kind}].push_back(std::move(message));
  }

  // ---- the turn of the loop ----

  std::vector<ShardInput> poll(MonoTime now, std::size_t messages_max) {
    hear(now);
    if (unlucky(FaultPoint::batch_of_one)) messages_max = 1;
    std::size_t messages = 0;
    while (messages < messages_max) {
      const std::optional<BusFrame> frame = brokers_.receive(now);
      if (!frame) break;
      messages += 1 + take(*frame, now);
    }
    brokers_.take_changed_roads();
    brokers_.take_unknown_instances();
    return std::exchange(inputs_, {});
  }

  void flush(MonoTime now) {
    hear(now);
    while (!timers_.empty() && std::get<0>(*timers_.begin()) <= now) {
      const auto [at, shard, id] = *timers_.begin();
      timers_.erase(timers_.begin());
      Entry& entry = shards_.at(shard).sessions.at(id);
      entry.timer.reset();
      touch(shard, id, entry);
    }
    for (const auto& [shard, id] : std::exchange(touched_, {})) {
      Owned* owned = find(shard);
      if (owned == nullptr) continue;
      const auto it = owned->sessions.find(id);
      if (it == owned->sessions.end()) continue;
      Entry& entry = it->second;
      entry.touched = false;
      link_now_ = entry.link;
      const std::uint64_t before = entry.session.retransmissions();
      entry.session.flush(now, *this);
      brokers_.counters().retransmissions += entry.session.retransmissions() - before;
      schedule(shard, id, entry);
    }
    flush_between_shards();
    brokers_.flush(now);
    brokers_.take_changed_roads();
  }

  std::optional<MonoTime> next_deadline() const {
    std::optional<MonoTime> at = brokers_.next_deadline();
    if (!timers_.empty() && (!at || std::get<0>(*timers_.begin()) < *at))
      at = std::get<0>(*timers_.begin());
    if (!touched_.empty() || !between_shards_.empty()) at = MonoTime{};
    return at;
  }

 private:
  static constexpr std::size_t kNoLink = SIZE_MAX;

  struct Entry {
    ShardSession session;
    std::size_t link = kNoLink;  // the broker through which the peer was heard last
    bool touched = false;
    std::optional<MonoTime> timer;
  };
  struct Wanted {
    MonoTime told_at;
    std::size_t link = kNoLink;
  };
  struct Owned {
    ShardEpoch epoch = 0;
    std::map<SessionId, Entry> sessions;
    std::map<InstanceId, SessionId> by_instance;
    std::map<InstanceId, Wanted> wanted;
  };

  Owned* find(ShardId shard) {
    const auto it = shards_.find(shard);
    return it == shards_.end() ? nullptr : &it->second;
  }

  void hear(MonoTime now) {
    // own() knows no time: what it took before the first turn has not been silent since the epoch.
    if (heard_ == MonoTime{}) {
      for (auto& [shard, owned] : shards_) {
        for (auto& [id, entry] : owned.sessions) entry.session.count_silence_from(now);
      }
    }
    heard_ = std::max(heard_, now);
  }

  Entry& add(ShardId shard, Owned& owned, SessionState state, MonoTime now) {
    const SessionId id = state.id;
    const InstanceId instance = state.instance;
    const EndpointOptions& options = brokers_.options();
    const ShardIdentity identity{shard, owned.epoch, options.instance, options.generation};
    close(shard, id);
    owned.by_instance[instance] = id;
    return owned.sessions.try_emplace(id, Entry{ShardSession(identity, std::move(state), now)})
        .first->second;
  }

  void claim() {
    std::vector<ShardClaim> claims;
    for (const auto& [shard, owned] : shards_) claims.push_back({shard, owned.epoch});
    brokers_.set_claims(shards_total_, std::move(claims));
  }

  void touch(ShardId shard, SessionId id, Entry& entry) {
    if (std::exchange(entry.touched, true)) return;
    touched_.emplace_back(shard, id);
  }

  void schedule(ShardId shard, SessionId id, Entry& entry) {
    const std::optional<MonoTime> at = entry.session.next_deadline();
    if (at == entry.timer) return;
    unschedule(shard, id, entry);
    if (!at) return;
    entry.timer = at;
    timers_.emplace(*at, shard, id);
  }

  void unschedule(ShardId shard, SessionId id, Entry& entry) {
    if (entry.timer) timers_.erase({*entry.timer, shard, id});
    entry.timer.reset();
  }

  // Returns how many messages it brought.
  std::size_t take(const BusFrame& frame, MonoTime now) {
    BusCounters& counters = brokers_.counters();
    const Envelope& envelope = frame.envelope;
    const auto* to = std::get_if<ToShardOf>(&envelope.destination);
    Owned* owned = to == nullptr ? nullptr : find(to->shard);
    if (owned == nullptr) {
      ++counters.refused;
      return 0;
    }
    switch (envelope.kind) {
      case FrameKind::open_session:
        take_open(to->shard, *owned, frame, now);
        return 1;
      case FrameKind::shard_messages:
      case FrameKind::shard_acknowledges:
        return take_from_shard(to->shard, frame);
      case FrameKind::acknowledge:
      case FrameKind::commands:
      case FrameKind::reports:
        return take_from_peer(to->shard, *owned, frame, now);
      default:
        ++counters.malformed;
        return 0;
    }
  }

  void take_open(ShardId shard, Owned& owned, const BusFrame& frame, MonoTime now) {
    const Envelope& envelope = frame.envelope;
    const Result<OpenSession> body = decode_open_session(frame.body.bytes());
    if (!body || (body->kind != PeerKind::gateway && body->kind != PeerKind::worker)) {
      ++brokers_.counters().malformed;
      return;
    }
    // A process has one session here, so it is found by its name, too: its first wish may have been
    // repeated while we made the row.
    const auto named = owned.by_instance.find(envelope.source);
    if (named != owned.by_instance.end() && (body->resume == 0 || body->resume == named->second)) {
      Entry& entry = owned.sessions.at(named->second);
      entry.link = frame.link;
      if (entry.session.open(now)) inputs_.push_back(SessionResumed{shard, named->second});
      touch(shard, named->second, entry);
      return;
    }
    if (body->resume != 0) {
      refuse_frame(frame, shard, owned.epoch, body->resume, RefusalReason::session_unknown);
      return;
    }
    const auto [wanted, fresh] = owned.wanted.try_emplace(envelope.source, Wanted{now, frame.link});
    wanted->second.link = frame.link;
    if (!fresh) {
      if (now - wanted->second.told_at < kOpenWantedAgain) return;
      wanted->second.told_at = now;
    }
    inputs_.push_back(OpenWanted{shard, body->kind, envelope.source, body->worker});
  }

  std::size_t take_from_peer(ShardId shard, Owned& owned, const BusFrame& frame, MonoTime now) {
    BusCounters& counters = brokers_.counters();
    const Envelope& envelope = frame.envelope;
    if (envelope.epoch > owned.epoch) {  // somebody else owns the shard by now
      ++counters.refused;
      return 0;
    }
    const auto it = owned.sessions.find(envelope.session);
    if (it == owned.sessions.end() || it->second.session.state().instance != envelope.source) {
      ++counters.refused;
      refuse_frame(frame, shard, owned.epoch, envelope.session, RefusalReason::session_unknown);
      return 0;
    }
    Entry& entry = it->second;
    if (!entry.session.is_open() || envelope.epoch != owned.epoch) {
      ++counters.refused;
      refuse_frame(frame, shard, owned.epoch, envelope.session, RefusalReason::resume_first);
      return 0;
    }
    std::vector<BundleEntry> entries;
    Result<Bundle> bundle{Bundle{}};
    if (envelope.kind != FrameKind::acknowledge) {
      bundle = Bundle::decode(frame.body.bytes());
      const bool from_gateway = entry.session.state().kind == PeerKind::gateway;
      if (!bundle || from_gateway != (envelope.kind == FrameKind::commands)) {
        ++counters.malformed;
        return 0;
      }
      entries = bundle->entries();
    }
    entry.link = frame.link;
    const std::uint64_t before = entry.session.duplicates();
    const std::vector<ShardArrival> arrivals = entry.session.on_frame(envelope, entries, now);
    counters.duplicates += entry.session.duplicates() - before;
    touch(shard, envelope.session, entry);
    if (arrivals.empty()) return 0;
    if (envelope.kind == FrameKind::commands)
      deliver_commands(shard, entry.session, arrivals);
    else
      deliver_reports(shard, entry.session, arrivals);
    return arrivals.size();
  }

  void deliver_commands(ShardId shard, ShardSession& session,
                        const std::vector<ShardArrival>& arrivals) {
    Commands commands{shard, session.state().id, session.settled_through(), {}};
    commands.commands.reserve(arrivals.size());
    for (const ShardArrival& arrival : arrivals) {
      Result<Command> command = decode_command(arrival.message);
      if (!command) {  // numbered and taken, so it must have an answer
        ++brokers_.counters().malformed;
        session.send(arrival.sequence, encode(Answer{command.error()}));
        continue;
      }
      commands.commands.push_back({arrival.sequence, arrival.again, std::move(*command)});
    }
    if (!commands.commands.empty()) inputs_.push_back(std::move(commands));
  }

  void deliver_reports(ShardId shard, const ShardSession& session,
                       const std::vector<ShardArrival>& arrivals) {
    Reports reports{shard, session.state().id, {}};
    reports.reports.reserve(arrivals.size());
    for (const ShardArrival& arrival : arrivals) {
      Result<FromWorker> report = decode_from_worker(arrival.message);
      if (!report) {
        ++brokers_.counters().malformed;
        continue;
      }
      reports.reports.push_back({arrival.sequence, std::move(*report)});
    }
    // Also when none could be read: the loop writes the inbox and acknowledges.
    inputs_.push_back(std::move(reports));
  }

  std::size_t take_from_shard(ShardId shard, const BusFrame& frame) {
    const Result<Bundle> bundle = Bundle::decode(frame.body.bytes());
    if (!bundle) {
      ++brokers_.counters().malformed;
      return 0;
    }
    ShardMessages messages{shard, {}};
    ShardAcknowledges acknowledges{shard, {}};
    for (const BundleEntry& entry : bundle->entries()) {
      if (frame.envelope.kind == FrameKind::shard_messages) {
        Result<ShardMessage> message = decode_shard_message(entry.message);
        if (message)
          messages.messages.push_back(std::move(*message));
        else
          ++brokers_.counters().malformed;
      } else {
        Result<ShardAcknowledge> acknowledge = decode_shard_acknowledge(entry.message);
        if (acknowledge)
          acknowledges.acknowledges.push_back(*acknowledge);
        else
          ++brokers_.counters().malformed;
      }
    }
    if (!messages.messages.empty()) inputs_.push_back(std::move(messages));
    if (!acknowledges.acknowledges.empty()) inputs_.push_back(std::move(acknowledges));
    return bundle->entries().size();
  }

  void flush_between_shards() {
    for (const auto& [road, messages] : std::exchange(between_shards_, {})) {
      const auto& [from, to, kind] = road;
      const Owned* owned = find(from);
      if (owned == nullptr) continue;
      Envelope envelope = envelope_from(from, owned->epoch);
      envelope.destination = ToShardOf{to};
      envelope.kind = kind;
      std::vector<BundleEntry> entries;
      for (const std::string& message : messages) entries.push_back({0, message});
      brokers_.send(envelope, encode_bundle(entries));
    }
  }

  Envelope envelope_from(ShardId shard, ShardEpoch epoch) const {
    Envelope envelope;
    envelope.generation = brokers_.options().generation;
    envelope.source = brokers_.options().instance;
    envelope.source_kind = PeerKind::scheduler;
    envelope.source_shard = shard;
    envelope.epoch = epoch;
    return envelope;
  }

  void refuse_frame(const BusFrame& frame, ShardId shard, ShardEpoch epoch, SessionId session,
                    RefusalReason reason) {
    Envelope envelope = envelope_from(shard, epoch);
    envelope.destination = ToInstance{frame.envelope.source};
    envelope.kind = FrameKind::session_refused;
    envelope.session = session;
    link_now_ = frame.link;
    refuse(envelope, {reason});
  }

  void frame(const Envelope& envelope, std::span<const BundleEntry> entries) override {
    brokers_.send(envelope, entries.empty() ? std::string() : encode_bundle(entries), link_now_);
  }
  void open(const Envelope&, const OpenSession&) override { WINDLASS_ASSERT(false); }
  void refuse(const Envelope& envelope, const SessionRefused& body) override {
    brokers_.send(envelope, encode(body), link_now_);
  }

  Brokers brokers_;
  ShardId shards_total_ = 0;
  std::map<ShardId, Owned> shards_;
  std::vector<std::pair<ShardId, SessionId>> touched_;
  std::set<std::tuple<MonoTime, ShardId, SessionId>> timers_;
  std::map<std::tuple<ShardId, ShardId, FrameKind>, std::vector<std::string>> between_shards_;
  std::vector<ShardInput> inputs_;
  MonoTime heard_;  // the latest time we were told
  std::size_t link_now_ = kNoLink;
};

ShardEndpoint::ShardEndpoint(EndpointOptions options)
    : impl_(std::make_unique<Impl>(Brokers(std::move(options)))) {}
ShardEndpoint::ShardEndpoint(EndpointOptions options, std::unique_ptr<Links> links)
    : impl_(std::make_unique<Impl>(Brokers(std::move(options), std::move(links)))) {}
ShardEndpoint::~ShardEndpoint() = default;

int ShardEndpoint::fd() const {
  return impl_->brokers().fd();
}
std::optional<MonoTime> ShardEndpoint::next_deadline() const {
  return impl_->next_deadline();
}
std::vector<ShardInput> ShardEndpoint::poll(MonoTime now, std::size_t messages_max) {
  return impl_->poll(now, messages_max);
}
void ShardEndpoint::flush(MonoTime now) {
  impl_->flush(now);
}

void ShardEndpoint::own(ShardId shard, ShardEpoch epoch, ShardId shards_total,
                        std::vector<SessionState> sessions) {
  impl_->own(shard, epoch, shards_total, std::move(sessions));
}
void ShardEndpoint::release(ShardId shard) {
  impl_->release(shard);
}
void ShardEndpoint::opened(ShardId shard, const SessionState& session, MonoTime now) {
  impl_->opened(shard, session, now);
}
void ShardEndpoint::close(ShardId shard, SessionId session) {
  impl_->close(shard, session);
}

InboxState ShardEndpoint::inbox(ShardId shard, SessionId session) const {
  const ShardSession* found = impl_->session(shard, session);
  return found == nullptr ? InboxState{} : found->inbox();
}
void ShardEndpoint::committed(ShardId shard, SessionId session, const InboxState& durable) {
  impl_->with(shard, session, [&](ShardSession& s) {
    s.committed(durable);
    return true;
  });
}

bool ShardEndpoint::answer(ShardId shard, SessionId session, Sequence in_reply_to,
                           const Answer& answer) {
  return impl_->with(shard, session,
                     [&](ShardSession& s) { return s.send(in_reply_to, encode(answer)); });
}
bool ShardEndpoint::tell(ShardId shard, SessionId session, const ToWorker& message) {
  return impl_->with(shard, session, [&](ShardSession& s) { return s.send(0, encode(message)); });
}
bool ShardEndpoint::tell_unnumbered(ShardId shard, SessionId session, const ToWorker& message) {
  return impl_->with(shard, session,
                     [&](ShardSession& s) { return s.send_unnumbered(encode(message)); });
}
bool ShardEndpoint::send(ShardId from, ShardId to, const ShardMessage& message) {
  impl_->send_shard(from, to, FrameKind::shard_messages, encode(message));
  return true;
}
bool ShardEndpoint::send(ShardId from, ShardId to, const ShardAcknowledge& acknowledge) {
  impl_->send_shard(from, to, FrameKind::shard_acknowledges, encode(acknowledge));
  return true;
}

bool ShardEndpoint::is_open(ShardId shard, SessionId session) const {
  const ShardSession* found = impl_->session(shard, session);
  return found != nullptr && found->is_open();
}
std::size_t ShardEndpoint::room(ShardId shard, SessionId session) const {
  const ShardSession* found = impl_->session(shard, session);
  return found == nullptr ? 0 : found->room();
}
std::vector<SessionId> ShardEndpoint::silent_since(ShardId shard, MonoTime before) const {
  return impl_->silent_since(shard, before);
}

ShardId ShardEndpoint::shards_total() const {
  return impl_->brokers().shards_total();
}
bool ShardEndpoint::reachable(ShardId shard) const {
  return impl_->brokers().reachable(shard);
}
bool ShardEndpoint::connected() const {
  return impl_->brokers().connected();
}
const BusCounters& ShardEndpoint::counters() const {
  return impl_->brokers().counters();
}
BusLoad ShardEndpoint::load() const {
  return impl_->load();
}

}  // namespace windlass::bus
