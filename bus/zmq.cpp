#include "bus/zmq.h"

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace windlass::bus {

namespace {
constexpr char kRoutingIdMark = 'W';
constexpr std::size_t kTakeOverBytes = 4096;  // below, copying is cheaper than a second allocation
}  // namespace

void throw_zmq(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + zmq_strerror(zmq_errno()));
}

ZmqContext::ZmqContext(int io_threads, int sockets_max) : context_(zmq_ctx_new()) {
  if (context_ == nullptr) throw_zmq("zmq_ctx_new");
  zmq_ctx_set(context_, ZMQ_IO_THREADS, io_threads);
  zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, sockets_max);
}

ZmqContext::~ZmqContext() {
  while (zmq_ctx_term(context_) != 0 && zmq_errno() == EINTR) {
  }
}

ZmqSocket::ZmqSocket(const ZmqContext& context, int type)
    : socket_(zmq_socket(context.get(), type)) {
  if (socket_ != nullptr) return;
  if (zmq_errno() == EMFILE || zmq_errno() == ENFILE) throw NoSocketLeft(zmq_strerror(zmq_errno()));
  throw_zmq("zmq_socket");
}

ZmqSocket::~ZmqSocket() {
  zmq_close(socket_);
}

void ZmqSocket::set(int option, int value) {
  if (zmq_setsockopt(socket_, option, &value, sizeof value) != 0) throw_zmq("zmq_setsockopt");
}

void ZmqSocket::set(int option, std::int64_t value) {
  if (zmq_setsockopt(socket_, option, &value, sizeof value) != 0) throw_zmq("zmq_setsockopt");
}

void ZmqSocket::set(int option, std::string_view value) {
  if (zmq_setsockopt(socket_, option, value.data(), value.size()) != 0) throw_zmq("zmq_setsockopt");
}

int ZmqSocket::get_int(int option) const {
  int value = 0;
  std::size_t size = sizeof value;
  while (zmq_getsockopt(socket_, option, &value, &size) != 0) {
    if (zmq_errno() != EINTR) throw_zmq("zmq_getsockopt");
  }
  return value;
}

ZmqMessage::ZmqMessage(std::string_view bytes) {
  if (zmq_msg_init_size(&message_, bytes.size()) != 0) throw std::bad_alloc();
  if (!bytes.empty()) bytes.copy(static_cast<char*>(zmq_msg_data(&message_)), bytes.size());
}

ZmqMessage::ZmqMessage(std::string&& bytes) {
  if (bytes.size() < kTakeOverBytes) {
    if (zmq_msg_init_size(&message_, bytes.size()) != 0) throw std::bad_alloc();
    bytes.copy(static_cast<char*>(zmq_msg_data(&message_)), bytes.size());
    return;
  }
  auto* owned = new std::string(std::move(bytes));
  const auto free_it = [](void*, void* hint) { delete static_cast<std::string*>(hint); };
  if (zmq_msg_init_data(&message_, owned->data(), owned->size(), free_it, owned) != 0) {
    delete owned;
    throw std::bad_alloc();
  }
}

void set_common_options(ZmqSocket& socket) {
  socket.set(ZMQ_LINGER, kLinger_ms);
  socket.set(ZMQ_SNDHWM, kHighWaterMark);
  socket.set(ZMQ_RCVHWM, kHighWaterMark);
  socket.set(ZMQ_MAXMSGSIZE, kFrameBytesLimit);
  socket.set(ZMQ_HEARTBEAT_IVL, kHeartbeatInterval_ms);
  socket.set(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeout_ms);
  socket.set(ZMQ_HEARTBEAT_TTL, kHeartbeatTimeout_ms);
  socket.set(ZMQ_HANDSHAKE_IVL, kHandshakeTimeout_ms);
  socket.set(ZMQ_IPV6, 1);
}

std::string routing_id(InstanceId instance, std::uint32_t link) {
  std::string out(1, kRoutingIdMark);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(instance >> shift));
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(link >> shift));
  return out;
}

bool parse_routing_id(std::string_view bytes, InstanceId& instance, std::uint32_t& link) {
  if (bytes.size() != kRoutingIdBytes || bytes[0] != kRoutingIdMark) return false;
  instance = 0;
  link = 0;
  for (std::size_t i = 1; i < 9; ++i)
    instance = (instance << 8) | static_cast<unsigned char>(bytes[i]);
  for (std::size_t i = 9; i < kRoutingIdBytes; ++i)
    link = (link << 8) | static_cast<unsigned char>(bytes[i]);
  return instance != 0;
}

}  // namespace windlass::bus
