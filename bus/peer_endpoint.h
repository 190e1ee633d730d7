// How a gateway or a worker speaks with shards: one endpoint a process, owned by one thread for
// life, with a session for each shard it has spoken to.
//
//   while (running) {
//     wait until endpoint.fd() is readable or endpoint.next_deadline() has come;
//     for (PeerEvent& event : endpoint.poll(now)) handle(event);   // may call send()
//     endpoint.flush(now);                                         // before waiting again
//   }
//
// What send() took is kept, numbered and repeated until the shard has it. Nothing goes out before
// flush(), so the messages of one turn of the loop share a frame; a lone one goes at once.
#pragma once

#include "bus/options.h"
#include "model/command.h"
#include "model/time.h"
#include "model/worker_message.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace windlass::bus {

class Links;

// Answers to commands and questions, as they came in one frame. Gateways only.
struct Answered {
  ShardId shard = 0;
  std::vector<std::pair<Sequence, Answer>> answers;  // the sequence that send() gave
};

// What a shard tells a worker, in the shard's order and each once. Workers only.
struct Ordered {
  ShardId shard = 0;
  std::vector<ToWorker> messages;
};

// Sequences whose messages are durable at the shard: the worker may forget these reports. Answers
// acknowledge by themselves and are not listed here.
struct Acknowledged {
  ShardId shard = 0;
  std::vector<Sequence> sequences;
};

// A session is open: a new one, or the old one with a new process of the shard (new epoch), or
// after a break. Workers now send OffersFree and Resync; what was not acknowledged goes again by
// itself.
struct SessionOpen {
  ShardId shard = 0;
  SessionId session = 0;
  ShardEpoch epoch = 0;
  bool resumed = false;
};

// The shard does not know our session any more. The messages listed were dropped: whether they took
// effect is not known. A new session is being opened; its sequences start at 1 again.
struct SessionLost {
  ShardId shard = 0;
  std::vector<Sequence> uncertain;
};

// The set of shards that can be reached has changed: see reachable(), shards_total().
struct ReachChanged {};

using PeerEvent =
    std::variant<Answered, Ordered, Acknowledged, SessionOpen, SessionLost, ReachChanged>;

class PeerEndpoint {
 public:
  explicit PeerEndpoint(EndpointOptions options);
  // Over other roads than sockets.
  PeerEndpoint(EndpointOptions options, std::unique_ptr<Links> links);
  ~PeerEndpoint();
  PeerEndpoint(const PeerEndpoint&) = delete;
  PeerEndpoint& operator=(const PeerEndpoint&) = delete;

  // Readable when poll() has something to do. Only to be waited on (epoll, poll, Asio's
  // stream_descriptor::async_wait); never read, never closed. Stays the same for life.
  int fd() const;

  // When poll() wants to be called even if nothing arrives.
  std::optional<MonoTime> next_deadline() const;

  // Takes what has arrived, at most about `messages_max` messages (fd() stays readable when more
  // are waiting), and lets timers run.
  std::vector<PeerEvent> poll(MonoTime now, std::size_t messages_max = 10'000);

  // Sends what has gathered. Call it at the end of each turn of the loop, before waiting.
  void flush(MonoTime now);

  // The message's number, with which its answer or acknowledgement comes. Nothing when the queue to
  // this shard is full: the caller keeps the message and answers "busy" or tries again. Opens the
  // session when there is none.
  std::optional<Sequence> send(ShardId shard, const Command& command);    // gateways
  std::optional<Sequence> send(ShardId shard, const FromWorker& report);  // workers

  // Goes out once, unnumbered, only while the session is open; a lost one is not repeated.
  bool send_unnumbered(ShardId shard, const FromWorker& report);

  // The caller waits no longer: it is not sent (again), and a late answer is dropped. It may have
  // taken effect.
  void forget(ShardId shard, Sequence sequence);

  // Opens the session with a shard without having anything to say. Workers do so for each shard.
  void open(ShardId shard);

  // Zero until a scheduler has been heard of.
  ShardId shards_total() const;

  // Whether some broker says that it can pass frames on to this shard.
  bool reachable(ShardId shard) const;
  // Since when not; nothing while it can be reached. Counts from the start of this process at the
  // earliest. Gateways answer 503 when it has lasted a moment.
  std::optional<MonoTime> unreachable_since(ShardId shard) const;

  // Messages not yet acknowledged or answered.
  std::size_t outstanding(ShardId shard) const;

  const BusCounters& counters() const;
  BusLoad load() const;  // walks over the sessions: about once a second

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::bus
