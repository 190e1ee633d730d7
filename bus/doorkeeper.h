// A CURVE server socket's door: answers ZeroMQ's questions about those who knock (ZAP, RFC 27) from
// a Gate, and tells it of handshakes that failed before there was a question. It shares the
// socket's context and thread. Only bus/*.cpp include this.
#pragma once

#include "bus/gate.h"
#include "bus/zmq.h"

#include <optional>

namespace windlass::bus {

// Under this name a message says whose key it came with; the text is the key itself.
inline constexpr char kUserIdProperty[] = "User-Id";

class Doorkeeper {
 public:
  // Before the socket is bound. All three outlive the doorkeeper.
  Doorkeeper(const ZmqContext& context, ZmqSocket& socket, Gate& gate);
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  // Readable when there is news of the door or of the socket whose descriptor is given.
  int fd_with(int socket_fd);
  bool ready() const;
  void serve();

 private:
  bool answer_one();
  bool hear_one();

  Gate& gate_;
  ZmqSocket& socket_;
  ZmqSocket questions_;
  std::optional<ZmqSocket> monitor_;
  int epoll_ = -1;
};

}  // namespace windlass::bus
