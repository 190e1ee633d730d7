// The road for file bytes: requests and replies between two processes, through the brokers' bulk
// sockets, so that leases and reports never queue behind them. Nothing is numbered or repeated: a
// request that brings no reply is asked again by the gateway.
#pragma once

#include "bus/options.h"
#include "model/file_message.h"
#include "model/time.h"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace windlass::bus {

struct FileAsked {  // to a worker
  InstanceId from = 0;
  FileRequest request;
};
struct FileReplied {  // to a gateway
  InstanceId from = 0;
  FileReply reply;
};
// No broker could pass a frame on to this process: it is gone or was never connected.
struct InstanceUnreachable {
  InstanceId instance = 0;
};
using BulkEvent = std::variant<FileAsked, FileReplied, InstanceUnreachable>;

class BulkEndpoint {
 public:
  explicit BulkEndpoint(EndpointOptions options);  // brokers: their bulk endpoints
  ~BulkEndpoint();
  BulkEndpoint(const BulkEndpoint&) = delete;
  BulkEndpoint& operator=(const BulkEndpoint&) = delete;

  // As in PeerEndpoint. send() goes out at once, but flush() is still due before waiting.
  int fd() const;
  std::optional<MonoTime> next_deadline() const;
  std::vector<BulkEvent> poll(MonoTime now, std::size_t messages_max = 100);
  void flush(MonoTime now);

  // False: no broker is connected or its queue is full; the caller keeps the message.
  bool send(InstanceId to, const FileRequest& request);
  bool send(InstanceId to, const FileReply& reply);

  bool connected() const;  // some broker answers
  const BusCounters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::bus
