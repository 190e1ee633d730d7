// The roads of a process to its brokers, as the endpoints see them: sockets in production
// (connection.h), a network of its own in the simulator. Frames go in and out whole; nothing
// blocks.
#pragma once

#include "bus/zmq.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace windlass::bus {

struct ReceivedFrame {
  std::size_t link = 0;  // which broker
  ZmqMessage envelope;
  ZmqMessage body;
};

class Links {
 public:
  virtual ~Links() = default;

  // Readable whenever there is something to receive, provided that settle() was called after the
  // last send or receive and before waiting.
  virtual int fd() const = 0;

  // False: that broker is not connected, or its queue is full. The bytes are gone either way; what
  // must arrive is kept by its session.
  virtual bool send(std::size_t link, std::string envelope, std::string body) = 0;

  // The next frame, taking turns between brokers.
  virtual std::optional<ReceivedFrame> receive() = 0;

  // Before waiting. Returns the links that have connected since the last call.
  virtual std::vector<std::size_t> settle() = 0;

  virtual bool connected(std::size_t link) const = 0;

  // Starts the link afresh under a new name: for a broker that took our connection but does not
  // hear us (it may still hold the name for a link that broke without a word). Where the process
  // may open no more descriptors the link stays as it is, and may be renewed later.
  virtual void renew(std::size_t link) = 0;

  // A link whose keys are not the ring's any more; it wants renew().
  virtual std::optional<std::size_t> outdated() const = 0;
  virtual bool secured() const = 0;
};

}  // namespace windlass::bus
