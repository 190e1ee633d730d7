// ZeroMQ objects that let go by themselves, and the options that all our sockets share. Only
// bus/*.cpp include this; the C interface is used directly, because it says what it does.
#pragma once

#include "bus/options.h"

#include <zmq.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace windlass::bus {

// Frames. Far above the credits of sessions, see core/limits.h.
inline constexpr int kHighWaterMark = 65'536;
// A page of a list ends at 4 MiB, a body of HTTP at 1 MB: nothing honest comes near.
inline constexpr std::int64_t kFrameBytesLimit = std::int64_t{64} << 20;
inline constexpr int kLinger_ms = 200;
inline constexpr int kHeartbeatInterval_ms = 2000;
inline constexpr int kHeartbeatTimeout_ms = 6000;
inline constexpr int kHandshakeTimeout_ms = 3000;

[[noreturn]] void throw_zmq(const char* what);

// The process may open no more descriptors: there is no new socket, and nothing else has changed.
class NoSocketLeft : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ZmqContext {
 public:
  explicit ZmqContext(int io_threads = 1, int sockets_max = 1023);
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

class ZmqSocket {
 public:
  ZmqSocket(const ZmqContext& context, int type);
  ~ZmqSocket();
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;
  void* get() const { return socket_; }

  // Before connecting: this one of the context's I/O threads serves it.
  void keep_to_thread(int io_thread) { set(ZMQ_AFFINITY, std::int64_t{1} << io_thread); }
  void set(int option, int value);
  void set(int option, std::int64_t value);
  void set(int option, std::string_view value);
  int get_int(int option) const;
  int fd() const { return get_int(ZMQ_FD); }

  // ZMQ_POLLIN, ZMQ_POLLOUT. Also takes in what the socket's thread has to say, after which fd()
  // tells of news only: whoever waits on fd() asks this first.
  int events() const { return get_int(ZMQ_EVENTS); }

 private:
  void* socket_;
};

class ZmqMessage {
 public:
  ZmqMessage() { zmq_msg_init(&message_); }
  explicit ZmqMessage(std::string_view bytes);  // copies
  explicit ZmqMessage(std::string&& bytes);     // takes large ones over
  ~ZmqMessage() { zmq_msg_close(&message_); }
  ZmqMessage(ZmqMessage&& other) noexcept : ZmqMessage() {
    zmq_msg_move(&message_, &other.message_);
  }
  ZmqMessage& operator=(ZmqMessage&& other) noexcept {
    if (this != &other) zmq_msg_move(&message_, &other.message_);
    return *this;
  }
  zmq_msg_t* get() { return &message_; }
  std::size_t size() const { return zmq_msg_size(&message_); }
  std::string_view bytes() const {
    return {static_cast<const char*>(zmq_msg_data(const_cast<zmq_msg_t*>(&message_))), size()};
  }
  bool more() const { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

// Linger, marks, limits, heartbeats: the same at both ends of every link.
void set_common_options(ZmqSocket& socket);

// A process's name on a link: one byte that is not zero, its instance id, and the number of the
// link, because a broker must never see one name on two links.
inline constexpr std::size_t kRoutingIdBytes = 13;
std::string routing_id(InstanceId instance, std::uint32_t link);
// The parts again. False: not one of ours.
bool parse_routing_id(std::string_view bytes, InstanceId& instance, std::uint32_t& link);

}  // namespace windlass::bus
