// How a scheduler process speaks with gateways, workers and other shards, for all the shards that
// it holds. Owned by one thread for life. (Shards that have threads of their own have endpoints of
// their own, each with its own instance id.)
//
//   inputs = endpoint.poll(now)
//   ... decide; write events, and endpoint.inbox(shard, session) of each session that was heard
//   ... commit
//   endpoint.opened(...), committed(...), answer(...), tell(...)
//   endpoint.flush(now)
//
// Nothing here is durable by itself: the loop writes SessionState rows in its own transaction and
// calls committed() afterwards, which is what lets an acknowledgement out.
#pragma once

#include "bus/options.h"
#include "model/command.h"
#include "model/session.h"
#include "model/shard_message.h"
#include "model/time.h"
#include "model/worker_message.h"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace windlass::bus {

class Links;

// A process without a session on this shard wants one. Make a SessionState with a fresh id, commit
// it, call opened(). A worker that comes back as a new process has a session of its earlier life:
// close that one in the same transaction. Given once until opened() or until asked again much
// later.
struct OpenWanted {
  ShardId shard = 0;
  PeerKind kind = PeerKind::gateway;
  InstanceId instance = 0;
  std::uint64_t worker = 0;
};

// A session from before this epoch is open again; it has been answered already.
struct SessionResumed {
  ShardId shard = 0;
  SessionId session = 0;
};

struct ReceivedCommand {
  Sequence sequence = 0;
  // The inbox of the earlier epoch already had it, and the answer may have been lost with that
  // epoch: ask questions again; for commands give the answer that was stored with the commit.
  bool again = false;
  Command command;
};
struct Commands {
  ShardId shard = 0;
  SessionId session = 0;
  Sequence settled_through = 0;  // stored answers up to here are needed no more
  std::vector<ReceivedCommand> commands;
};

struct ReceivedReport {
  Sequence sequence = 0;  // zero: unnumbered (RenewLease)
  FromWorker report;
};
struct Reports {
  ShardId shard = 0;
  SessionId session = 0;
  std::vector<ReceivedReport> reports;
};

struct ShardMessages {
  ShardId shard = 0;  // the receiver
  std::vector<ShardMessage> messages;
};
struct ShardAcknowledges {
  ShardId shard = 0;  // the receiver, whose outbox shrinks
  std::vector<ShardAcknowledge> acknowledges;
};

using ShardInput =
    std::variant<OpenWanted, SessionResumed, Commands, Reports, ShardMessages, ShardAcknowledges>;

class ShardEndpoint {
 public:
  explicit ShardEndpoint(EndpointOptions options);  // kind: scheduler
  // Over other roads than sockets.
  ShardEndpoint(EndpointOptions options, std::unique_ptr<Links> links);
  ~ShardEndpoint();
  ShardEndpoint(const ShardEndpoint&) = delete;
  ShardEndpoint& operator=(const ShardEndpoint&) = delete;

  // As in PeerEndpoint.
  int fd() const;
  std::optional<MonoTime> next_deadline() const;
  std::vector<ShardInput> poll(MonoTime now, std::size_t messages_max = 10'000);
  void flush(MonoTime now);

  // The shard is this process's from now on, in this epoch, with these sessions from its rows.
  // Brokers hear of it at the next flush().
  void own(ShardId shard, ShardEpoch epoch, ShardId shards_total,
           std::vector<SessionState> sessions);
  void release(ShardId shard);

  // After the commit of a new session's row.
  void opened(ShardId shard, const SessionState& session, MonoTime now);
  // After the commit that removed the row. Later frames of it are refused.
  void close(ShardId shard, SessionId session);

  // What the row must hold so that everything given to the loop so far counts as taken.
  InboxState inbox(ShardId shard, SessionId session) const;
  // The row with this inbox is durable: acknowledges it.
  void committed(ShardId shard, SessionId session, const InboxState& durable);

  // The answer to a command or question; it acknowledges that one even without committed(). False:
  // the session is not open or its queue is full (the peer is gone or will ask again).
  bool answer(ShardId shard, SessionId session, Sequence in_reply_to, const Answer& answer);

  // Tells a worker; in this order, each once, while epoch and session last. False as above: the
  // resync after the next opening settles it.
  bool tell(ShardId shard, SessionId session, const ToWorker& message);
  // Once, unnumbered: LeaseRenewed.
  bool tell_unnumbered(ShardId shard, SessionId session, const ToWorker& message);

  // Between shards: goes out once; the outbox of the loop repeats it.
  bool send(ShardId from, ShardId to, const ShardMessage& message);
  bool send(ShardId from, ShardId to, const ShardAcknowledge& acknowledge);

  // Open in this epoch, or known from a row and waited for.
  bool is_open(ShardId shard, SessionId session) const;
  // Messages that could still be queued to this session before tell() refuses.
  std::size_t room(ShardId shard, SessionId session) const;

  // Sessions not heard of since `before`: candidates for closing. Peers say something at least
  // every 10 s. Sessions from rows count from own().
  std::vector<SessionId> silent_since(ShardId shard, MonoTime before) const;

  ShardId shards_total() const;         // as brokers tell it
  bool reachable(ShardId shard) const;  // other shards
  bool connected() const;               // some broker answers

  const BusCounters& counters() const;
  BusLoad load() const;  // walks over the sessions: about once a second

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::bus
