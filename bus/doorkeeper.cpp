#include "bus/doorkeeper.h"

#include "bus/key_pair.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

namespace windlass::bus {

namespace {

constexpr char kQuestionsEndpoint[] = "inproc://zeromq.zap.01";
constexpr char kMonitorEndpoint[] = "inproc://door";
constexpr char kDomain[] = "windlass";
constexpr int kHandshakeEvents = ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
constexpr std::size_t kKeyBytes = 32;

// ZAP, RFC 27: version, request id, domain, address, identity, mechanism, credentials...
constexpr std::size_t kRequestId = 1;
constexpr std::size_t kAddress = 3;
constexpr std::size_t kMechanism = 5;
constexpr std::size_t kCredentials = 6;
constexpr std::size_t kPartsTotal = 7;

// All parts of the next message; none when there is none.
std::vector<std::string> receive_parts(ZmqSocket& socket) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    ZmqMessage part;
    while (zmq_msg_recv(part.get(), socket.get(), ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EAGAIN) return {};
      throw_zmq("zmq_msg_recv");
    }
    more = part.more();
    parts.emplace_back(part.bytes());
  }
  return parts;
}

void send_part(ZmqSocket& socket, std::string_view bytes, int flags) {
  ZmqMessage part(bytes);
  while (zmq_msg_send(part.get(), socket.get(), flags) < 0) {
    if (zmq_errno() != EINTR) throw_zmq("zmq_msg_send");
  }
}

std::string key_text(const std::string& bytes) {
  std::array<char, kKeyTextBytes + 1> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(bytes.data()), kKeyBytes);
  return text.data();
}

HandshakeFailure failure_of(std::uint16_t event, std::uint32_t value) {
  if (event != ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) return HandshakeFailure::broken_off;
  if (value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) return HandshakeFailure::plaintext;
  if (value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) return HandshakeFailure::wrong_key;
  return HandshakeFailure::broken_off;
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

}  // namespace

Doorkeeper::Doorkeeper(const ZmqContext& context, ZmqSocket& socket, Gate& gate)
    : gate_(gate), socket_(socket), questions_(context, ZMQ_REP) {
  questions_.set(ZMQ_LINGER, 0);
  if (zmq_bind(questions_.get(), kQuestionsEndpoint) != 0) throw_zmq("bind the ZAP handler");
  socket_.set(ZMQ_ZAP_DOMAIN, kDomain);  // with a domain nobody comes in unasked
  if (zmq_socket_monitor(socket_.get(), kMonitorEndpoint, kHandshakeEvents) != 0)
    throw_zmq("zmq_socket_monitor");
  monitor_.emplace(context, ZMQ_PAIR);
  monitor_->set(ZMQ_LINGER, 0);
  if (zmq_connect(monitor_->get(), kMonitorEndpoint) != 0) throw_zmq("connect to the monitor");
}

Doorkeeper::~Doorkeeper() {
  zmq_socket_monitor(socket_.get(), nullptr, 0);
  if (epoll_ >= 0) ::close(epoll_);
}

int Doorkeeper::fd_with(int socket_fd) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  watch(epoll_, socket_fd);
  watch(epoll_, questions_.fd());
  watch(epoll_, monitor_->fd());
  return epoll_;
}

bool Doorkeeper::ready() const {
  const bool asked = (questions_.events() & ZMQ_POLLIN) != 0;
  const bool told = (monitor_->events() & ZMQ_POLLIN) != 0;
  return asked || told;
}

void Doorkeeper::serve() {
  while (answer_one()) {
  }
  while (hear_one()) {
  }
}

bool Doorkeeper::answer_one() {
  const std::vector<std::string> parts = receive_parts(questions_);
  if (parts.empty()) return false;
  const bool readable = parts.size() == kPartsTotal && parts[kMechanism] == "CURVE" &&
                        parts[kCredentials].size() == kKeyBytes;
  const std::string key = readable ? key_text(parts[kCredentials]) : std::string();
  const bool admitted = readable && gate_.admits(key, parts[kAddress]);
  send_part(questions_, "1.0", ZMQ_SNDMORE);
  send_part(questions_, parts.size() > kRequestId ? parts[kRequestId] : "", ZMQ_SNDMORE);
  send_part(questions_, admitted ? "200" : "400", ZMQ_SNDMORE);
  send_part(questions_, "", ZMQ_SNDMORE);  // a stranger is not told why
  send_part(questions_, admitted ? key : "", ZMQ_SNDMORE);
  send_part(questions_, "", 0);
  return true;
}

bool Doorkeeper::hear_one() {
  const std::vector<std::string> parts = receive_parts(*monitor_);
  if (parts.empty()) return false;
  std::uint16_t event = 0;
  std::uint32_t value = 0;
  if (parts.size() != 2 || parts[0].size() != sizeof event + sizeof value) return true;
  std::memcpy(&event, parts[0].data(), sizeof event);
  std::memcpy(&value, parts[0].data() + sizeof event, sizeof value);
  // Those were asked about, and counted then.
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return true;
  gate_.handshake_failed(failure_of(event, value), parts[1]);
  return true;
}

}  // namespace windlass::bus
