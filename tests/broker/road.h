// Real endpoints and real brokers in one process, for tests: brokers run on threads of their own
// and can be killed and started again on the same sockets; everything else is driven by one loop
// that waits on descriptors and deadlines and never sleeps.
#pragma once

#include "broker/loop.h"
#include "bus/bulk_endpoint.h"
#include "bus/peer_endpoint.h"
#include "bus/shard_endpoint.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace windlass::test {

class SocketFolder {
 public:
  SocketFolder() {
    char name[] = "/tmp/windlass_bus_XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~SocketFolder() { std::filesystem::remove_all(path_); }
  std::string endpoint(const std::string& name) const { return "ipc://" + path_ + "/" + name; }

 private:
  std::string path_;
};

class RunningBroker {
 public:
  // With keys, `directory` is the file that says who may use them.
  RunningBroker(const std::string& bus_endpoint, const std::string& bulk_endpoint,
                const bus::RouterKeys& keys = {}, const std::string& directory = {})
      : gate_(keys.empty() ? nullptr : std::make_unique<broker::Gate>(directory, metrics_, log_)),
        bus_({"bus", {bus_endpoint}, keys, gate_.get(), 1, bus::random_instance()}, metrics_, log_),
        bulk_({"bulk", {bulk_endpoint}, keys, gate_.get(), 1, bus::random_instance()}, metrics_,
              log_),
        loop_(bus_, bulk_, metrics_, gate_.get()),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        thread_([this] { loop_.run(stop_); }) {}
  ~RunningBroker() {
    const std::uint64_t one = 1;
    if (::write(stop_, &one, sizeof one) != sizeof one) std::abort();
    thread_.join();
    ::close(stop_);
  }

  const std::string& bus_endpoint() { return bus_.router().endpoints().front(); }
  const std::string& bulk_endpoint() { return bulk_.router().endpoints().front(); }

  // How many peers were refused for this reason, as the metrics say it.
  int refused(const std::string& reason) const {
    const std::string name = "windlass_broker_peers_refused_total{reason=\"" + reason + "\"} ";
    const std::string text = metrics_.text();
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + name.size());
  }

 private:
  runtime::Metrics metrics_{"broker"};
  runtime::Log log_{"broker", runtime::LogLevel::error};
  std::unique_ptr<broker::Gate> gate_;
  broker::Forwarder bus_;
  broker::Forwarder bulk_;
  broker::Loop loop_;
  int stop_;
  std::thread thread_;
};

// What takes part in the loop.
class Participant {
 public:
  virtual ~Participant() = default;
  virtual int fd() const = 0;
  virtual std::optional<MonoTime> next_deadline() const = 0;
  virtual void turn(MonoTime now) = 0;  // poll, handle, flush
};

inline constexpr Duration kPatience = std::chrono::seconds(60);

// Turns everybody until `done`. False when that took too long.
inline bool run_until(const std::vector<Participant*>& everybody,
                      const std::function<bool()>& done) {
  const MonoTime end = runtime::mono_now() + kPatience;
  for (;;) {
    for (Participant* p : everybody) p->turn(runtime::mono_now());
    if (done()) return true;
    const MonoTime now = runtime::mono_now();
    if (now >= end) return false;
    Duration wait = end - now;
    std::vector<pollfd> fds;
    for (Participant* p : everybody) {
      fds.push_back({p->fd(), POLLIN, 0});
      if (const auto at = p->next_deadline()) wait = std::min(wait, *at - now);
    }
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(wait, Duration{}));
    ::poll(fds.data(), fds.size(), static_cast<int>(ms.count()));
  }
}

// The same while everybody's clock stands still: nothing that only time brings about happens.
inline bool run_until_at(MonoTime standing, const std::vector<Participant*>& everybody,
                         const std::function<bool()>& done) {
  const MonoTime end = runtime::mono_now() + kPatience;
  while (runtime::mono_now() < end) {
    for (Participant* p : everybody) p->turn(standing);
    if (done()) return true;
    std::vector<pollfd> fds;
    for (Participant* p : everybody) fds.push_back({p->fd(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), 10);
  }
  return false;
}

// A shard that keeps its sessions as a real one does: rows that survive a restart of the endpoint,
// an inbox written before it is acknowledged, answers stored beside it.
class TestShard : public Participant {
 public:
  explicit TestShard(std::vector<std::string> brokers, ShardId shard = 0, ShardId shards_total = 1)
      : shard_(shard), shards_total_(shards_total) {
    options_.kind = PeerKind::scheduler;
    options_.brokers = std::move(brokers);
    start();
  }
  explicit TestShard(bus::EndpointOptions options)
      : options_(std::move(options)), shard_(0), shards_total_(1) {
    start();
  }

  void start() {
    options_.instance = bus::random_instance();
    endpoint_ = std::make_unique<bus::ShardEndpoint>(options_);
    std::vector<SessionState> sessions;
    for (const auto& [id, state] : rows) sessions.push_back(state);
    endpoint_->own(shard_, ++epoch, shards_total_, sessions);
  }
  void stop() { endpoint_.reset(); }

  int fd() const override { return endpoint_->fd(); }
  std::optional<MonoTime> next_deadline() const override { return endpoint_->next_deadline(); }

  void turn(MonoTime now) override {
    std::set<SessionId> heard;
    for (bus::ShardInput& input : endpoint_->poll(now)) {
      if (auto* wanted = std::get_if<bus::OpenWanted>(&input)) {
        SessionState state{next_session++, wanted->kind, wanted->instance, wanted->worker, {}};
        rows[state.id] = state;
        endpoint_->opened(shard_, state, now);
        if (state.kind == PeerKind::worker) worker_session = state.id;
      } else if (auto* resumed = std::get_if<bus::SessionResumed>(&input)) {
        resumed_sessions.push_back(resumed->session);
      } else if (auto* commands = std::get_if<bus::Commands>(&input)) {
        heard.insert(commands->session);
        for (bus::ReceivedCommand& c : commands->commands) handle(commands->session, c);
      } else if (auto* reports = std::get_if<bus::Reports>(&input)) {
        heard.insert(reports->session);
        for (bus::ReceivedReport& r : reports->reports) {
          if (r.sequence == 0) {
            ++unnumbered;
            endpoint_->tell_unnumbered(shard_, reports->session, LeaseRenewed{7, {}});
          } else if (auto* ended = std::get_if<AttemptEnded>(&r.report)) {
            ++reports_taken[ended->id.task.task];
          }
        }
      } else if (auto* messages = std::get_if<bus::ShardMessages>(&input)) {
        for (ShardMessage& m : messages->messages) {
          shard_messages.push_back(m);
          endpoint_->send(shard_, m.from, ShardAcknowledge{shard_, m.id});
        }
      } else if (auto* acks = std::get_if<bus::ShardAcknowledges>(&input)) {
        for (ShardAcknowledge& a : acks->acknowledges) shard_acknowledges.push_back(a);
      }
    }
    for (const SessionId id : heard) {
      rows[id].inbox = endpoint_->inbox(shard_, id);
      endpoint_->committed(shard_, id, rows[id].inbox);
    }
    endpoint_->flush(now);
  }

  bus::ShardEndpoint& endpoint() { return *endpoint_; }

  bool answering = true;
  ShardEpoch epoch = 0;
  SessionId next_session = 1;
  SessionId worker_session = 0;
  std::map<SessionId, SessionState> rows;
  std::map<std::string, int> commands_applied;  // by job id
  std::map<std::uint64_t, int> reports_taken;   // by task
  std::vector<SessionId> resumed_sessions;
  std::vector<ShardMessage> shard_messages;
  std::vector<ShardAcknowledge> shard_acknowledges;
  int unnumbered = 0;

 private:
  void handle(SessionId session, const bus::ReceivedCommand& received) {
    const std::string& job = std::get<DeleteJob>(received.command.request).job_id;
    if (!received.again) {
      ++commands_applied[job];
      stored_[{session, received.sequence}] = Done{{commands_applied.size(), {}}};
    }
    if (answering)
      endpoint_->answer(shard_, session, received.sequence,
                        stored_.at({session, received.sequence}));
  }

  bus::EndpointOptions options_;
  const ShardId shard_;
  const ShardId shards_total_;
  std::unique_ptr<bus::ShardEndpoint> endpoint_;
  std::map<std::pair<SessionId, Sequence>, Done> stored_;
};

// A gateway or worker that remembers what it was told.
class TestPeer : public Participant {
 public:
  explicit TestPeer(bus::EndpointOptions options) : endpoint_(std::move(options)) {}
  TestPeer(PeerKind kind, std::vector<std::string> brokers)
      : endpoint_({.kind = kind,
                   .instance = bus::random_instance(),
                   .worker = 77,
                   .brokers = std::move(brokers)}) {}

  int fd() const override { return endpoint_.fd(); }
  std::optional<MonoTime> next_deadline() const override { return endpoint_.next_deadline(); }

  void turn(MonoTime now) override {
    for (bus::PeerEvent& event : endpoint_.poll(now)) {
      if (auto* answered = std::get_if<bus::Answered>(&event)) {
        for (auto& [sequence, answer] : answered->answers) ++answers[sequence];
      } else if (auto* ordered = std::get_if<bus::Ordered>(&event)) {
        for (ToWorker& message : ordered->messages) {
          if (auto* end = std::get_if<EndAttempt>(&message)) orders.push_back(end->id.task.task);
          if (std::holds_alternative<LeaseRenewed>(message)) ++leases;
        }
      } else if (auto* acknowledged_now = std::get_if<bus::Acknowledged>(&event)) {
        for (const Sequence s : acknowledged_now->sequences) acknowledged.insert(s);
      } else if (auto* lost = std::get_if<bus::SessionLost>(&event)) {
        ++sessions_lost;
        uncertain = lost->uncertain;
      } else if (auto* open = std::get_if<bus::SessionOpen>(&event)) {
        opened.push_back(*open);
      }
    }
    endpoint_.flush(now);
  }

  bus::PeerEndpoint& endpoint() { return endpoint_; }
  std::optional<Sequence> delete_job(ShardId shard, const std::string& id) {
    return endpoint_.send(shard, Command{"acct", DeleteJob{id, {}}});
  }
  std::optional<Sequence> report(ShardId shard, std::uint64_t task) {
    AttemptEnded ended;
    ended.id.task.task = task;
    return endpoint_.send(shard, FromWorker{ended});
  }

  std::map<Sequence, int> answers;
  std::vector<std::uint64_t> orders;
  std::set<Sequence> acknowledged;
  std::vector<bus::SessionOpen> opened;
  std::vector<Sequence> uncertain;
  int sessions_lost = 0;
  int leases = 0;

 private:
  bus::PeerEndpoint endpoint_;
};

}  // namespace windlass::test
