#include "gateway/bus_backend.h"

#include "gateway/core/awaited_answers.h"
#include "gateway/core/pending.h"
#include "runtime/clock.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace windlass::gateway {
namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds kTickMax{100};  // timeouts are noticed this late at most
constexpr std::size_t kMessagesPerTurn = 2'000;

Error busy(std::string reason, std::vector<ErrorValue> numbers) {
  Error error{ErrorCode::server_busy, {}, {{"Reason", std::move(reason)}}};
  error.values.insert(error.values.end(), std::make_move_iterator(numbers.begin()),
                      std::make_move_iterator(numbers.end()));
  return error;
}

FileReply failed_reply(Error error) {
  FileReply reply;
  reply.error = std::move(error);
  return reply;
}

}  // namespace

class BusBackend::Impl {
 public:
  Impl(asio::io_context& io, BusBackendOptions options)
      : options_(std::move(options)),
        peer_(options_.bus),
        bulk_(options_.bulk),
        peer_ready_(io.get_executor(), peer_.fd()),
        bulk_ready_(io.get_executor(), bulk_.fd()),
        timer_(io.get_executor()),
        io_(io),
        awaited_(options_.shards_total, runtime::mono_now()) {
    for (ShardId shard = 0; shard < options_.shards_total; ++shard) peer_.open(shard);
    turn();
    wait_peer();
    wait_bulk();
    wait_timer();
  }

  ~Impl() {
    // The descriptors belong to the endpoints.
    peer_ready_.release();
    bulk_ready_.release();
  }

  void ask(ShardId shard, Command command, MonoTime deadline, Later<Answer>& to) {
    if (auto refused = refusal(shard)) return to.set(std::move(*refused));
    const auto sequence = peer_.send(shard, command);
    if (!sequence)
      return to.set(busy("The queue to shard " + std::to_string(shard) + " is full", {}));
    awaited_.add(shard, *sequence, &to, deadline);
    schedule_flush();
  }

  std::optional<Error> refusal(ShardId shard) const {
    if (shard >= options_.shards_total)
      return Error{ErrorCode::internal_error, {}, {{"Reason", "no such shard"}}};
    if (const auto since = peer_.unreachable_since(shard);
        since && runtime::mono_now() - *since > Duration(options_.away_patience))
      return away(shard);
    const std::size_t waiting = awaited_.waiting(shard);
    if (waiting < options_.outstanding_per_shard_max) return std::nullopt;
    return busy("Too many requests wait for shard " + std::to_string(shard),
                {{"Waiting", std::to_string(waiting)}});
  }

  std::uint64_t ask_files(InstanceId worker, FileRequest request, MonoTime deadline,
                          Later<FileReply>& to) {
    if (pending_files_.size() >= options_.files_outstanding_max) {
      to.set(failed_reply(busy("Too many file requests are under way", {})));
      return 0;
    }
    request.id = pending_files_.add(PendingReply{worker, &to}, deadline);
    if (!bulk_.send(worker, request)) {
      pending_files_.take(request.id);
      to.set(failed_reply(busy("No broker takes file requests now", {})));
      return 0;
    }
    schedule_flush();
    return request.id;
  }

  void forget_files(std::uint64_t number) { pending_files_.take(number); }

  std::string missing() const {
    const ShardId total = peer_.shards_total();
    if (total == 0) return "no scheduler has been heard of";
    if (total != options_.shards_total)
      return "the cluster has " + std::to_string(total) + " shards, --shards-total says " +
             std::to_string(options_.shards_total);
    for (ShardId shard = 0; shard < total; ++shard) {
      if (!peer_.reachable(shard)) return "shard " + std::to_string(shard) + " cannot be reached";
    }
    if (!bulk_.connected()) return "no broker answers on the bulk road";
    return {};
  }

  ShardId shards_total() const { return options_.shards_total; }
  void on_reach_changed(std::function<void()> callback) { reach_changed_ = std::move(callback); }
  const bus::PeerEndpoint& peer() const { return peer_; }
  const bus::BulkEndpoint& bulk() const { return bulk_; }

 private:
  struct PendingReply {
    InstanceId worker;
    Later<FileReply>* to;
  };

  static Error away(ShardId shard) {
    return busy("Shard " + std::to_string(shard) + " cannot be reached",
                {{"Shard", std::to_string(shard)}});
  }

  void wait_peer() {
    peer_ready_.async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      turn();
      wait_peer();
    });
  }
  void wait_bulk() {
    bulk_ready_.async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      turn();
      wait_bulk();
    });
  }
  void wait_timer() {
    const MonoTime now = runtime::mono_now();
    Duration wait = kTickMax;
    for (const auto deadline : {peer_.next_deadline(), bulk_.next_deadline()}) {
      if (deadline) wait = std::min(wait, std::max(*deadline - now, Duration::zero()));
    }
    timer_.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(wait));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      turn();
      wait_timer();
    });
  }

  // What one turn of the loop has to say goes out together, after everything that is ready now.
  void schedule_flush() {
    if (std::exchange(flush_scheduled_, true)) return;
    asio::post(io_, [this] {
      flush_scheduled_ = false;
      const MonoTime now = runtime::mono_now();
      peer_.flush(now);
      bulk_.flush(now);
    });
  }

  void turn() {
    const MonoTime now = runtime::mono_now();
    for (bus::PeerEvent& event : peer_.poll(now, kMessagesPerTurn))
      std::visit([this](auto& what) { take(what); }, event);
    for (bus::BulkEvent& event : bulk_.poll(now, kMessagesPerTurn))
      std::visit([this](auto& what) { take(what); }, event);
    expire(now);
    peer_.flush(now);
    bulk_.flush(now);
    if (bulk_.connected() != bulk_connected_) {
      bulk_connected_ = !bulk_connected_;
      if (reach_changed_) reach_changed_();
    }
  }

  void take(bus::Answered& answered) {
    for (auto& [sequence, answer] : answered.answers) {
      if (const auto to = awaited_.answered(answered.shard, sequence))
        (*to)->set(std::move(answer));
    }
  }
  void take(bus::SessionLost& lost) {
    for (Later<Answer>* to : awaited_.lost(lost.shard))
      to->set(busy("The session with shard " + std::to_string(lost.shard) +
                       " was lost; whether the request took effect is not known",
                   {{"Shard", std::to_string(lost.shard)}}));
  }
  void take(bus::ReachChanged&) {
    if (reach_changed_) reach_changed_();
  }
  void take(bus::Ordered&) {}
  void take(bus::Acknowledged&) {}
  void take(bus::SessionOpen&) {}

  void take(bus::FileReplied& replied) {
    if (auto pending = pending_files_.take(replied.reply.id))
      pending->to->set(std::move(replied.reply));
  }
  void take(bus::InstanceUnreachable& gone) {
    while (auto pending = pending_files_.take_if(
               [&](const PendingReply& reply) { return reply.worker == gone.instance; }))
      pending->to->set(failed_reply(
          Error{ErrorCode::node_not_ready, "The node's worker cannot be reached now.", {}}));
  }
  void take(bus::FileAsked&) {}

  void expire(MonoTime now) {
    while (const auto pending = awaited_.take_expired(now)) {
      peer_.forget(pending->shard, pending->sequence);
      if (peer_.reachable(pending->shard))
        pending->to->set(Error{ErrorCode::operation_timed_out, {}, {}});
      else
        pending->to->set(away(pending->shard));
    }
    while (const auto pending = pending_files_.take_expired(now))
      pending->to->set(failed_reply(Error{ErrorCode::operation_timed_out, {}, {}}));
  }

  BusBackendOptions options_;
  bus::PeerEndpoint peer_;
  bus::BulkEndpoint bulk_;
  Descriptor peer_ready_;
  Descriptor bulk_ready_;
  Timer timer_;
  asio::io_context& io_;
  AwaitedAnswers<Later<Answer>*> awaited_;
  PendingTable<PendingReply> pending_files_{runtime::mono_now()};
  bool flush_scheduled_ = false;
  bool bulk_connected_ = false;
  std::function<void()> reach_changed_;
};

BusBackend::BusBackend(asio::io_context& io, BusBackendOptions options)
    : impl_(std::make_unique<Impl>(io, std::move(options))) {}
BusBackend::~BusBackend() = default;

ShardId BusBackend::shards_total() const {
  return impl_->shards_total();
}
void BusBackend::ask(ShardId shard, Command command, MonoTime deadline, Later<Answer>& to) {
  impl_->ask(shard, std::move(command), deadline, to);
}
std::optional<Error> BusBackend::refusal(ShardId shard) const {
  return impl_->refusal(shard);
}
std::uint64_t BusBackend::ask_files(InstanceId worker, FileRequest request, MonoTime deadline,
                                    Later<FileReply>& to) {
  return impl_->ask_files(worker, std::move(request), deadline, to);
}
void BusBackend::forget_files(std::uint64_t number) {
  impl_->forget_files(number);
}
std::string BusBackend::missing() const {
  return impl_->missing();
}
void BusBackend::on_reach_changed(std::function<void()> callback) {
  impl_->on_reach_changed(std::move(callback));
}
std::size_t BusBackend::shards_reachable() const {
  std::size_t reachable = 0;
  for (ShardId shard = 0; shard < shards_total(); ++shard) {
    if (impl_->peer().reachable(shard)) ++reachable;
  }
  return reachable;
}
const bus::BusCounters& BusBackend::bus_counters() const {
  return impl_->peer().counters();
}
bus::BusLoad BusBackend::bus_load() const {
  return impl_->peer().load();
}
const bus::BusCounters& BusBackend::bulk_counters() const {
  return impl_->bulk().counters();
}

}  // namespace windlass::gateway
