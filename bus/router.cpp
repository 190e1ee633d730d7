#include "bus/router.h"

#include "bus/doorkeeper.h"
#include "bus/zmq.h"
#include "model/assert.h"
#include "schema/codec/envelope.h"

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace windlass::bus {

namespace {
constexpr int kBacklog = 1024;
}  // namespace

struct PassingFrame::Parts {
  ZmqMessage envelope;
  ZmqMessage body;
};

PassingFrame::PassingFrame() : parts_(std::make_unique<Parts>()) {}
PassingFrame::~PassingFrame() = default;
PassingFrame::PassingFrame(PassingFrame&&) noexcept = default;
PassingFrame& PassingFrame::operator=(PassingFrame&&) noexcept = default;

std::size_t PassingFrame::bytes() const {
  return parts_->envelope.size() + parts_->body.size();
}
std::string_view PassingFrame::body() const {
  return parts_->body.bytes();
}
std::string_view PassingFrame::sender_key() const {
  const char* const key = zmq_msg_gets(parts_->envelope.get(), kUserIdProperty);
  return key == nullptr ? std::string_view() : std::string_view(key);
}

class Router::Impl {
 public:
  Impl(const std::vector<std::string>& endpoints, const RouterKeys& keys, Gate* gate)
      : socket_(context_, ZMQ_ROUTER) {
    WINDLASS_ASSERT(keys.empty() == (gate == nullptr));
    set_common_options(socket_);
    socket_.set(ZMQ_ROUTER_MANDATORY, 1);
    socket_.set(ZMQ_BACKLOG, kBacklog);
    if (gate != nullptr) {
      // Before the first bind: a handshake without somebody to ask would be let in.
      doorkeeper_.emplace(context_, socket_, *gate);
      socket_.set(ZMQ_CURVE_SERVER, 1);
      socket_.set(ZMQ_CURVE_PUBLICKEY, keys.public_key);
      socket_.set(ZMQ_CURVE_SECRETKEY, keys.secret_key);
    }
    for (const std::string& endpoint : endpoints) {
      if (zmq_bind(socket_.get(), endpoint.c_str()) != 0) throw_zmq(("bind " + endpoint).c_str());
      char bound[512];
      std::size_t size = sizeof bound;
      if (zmq_getsockopt(socket_.get(), ZMQ_LAST_ENDPOINT, bound, &size) != 0)
        throw_zmq("zmq_getsockopt");
      endpoints_.emplace_back(bound);
    }
    fd_ = socket_.fd();
    if (doorkeeper_) fd_ = doorkeeper_->fd_with(fd_);
  }

  bool ready() {
    return (socket_.events() & ZMQ_POLLIN) != 0 || (doorkeeper_ && doorkeeper_->ready());
  }

  void serve_gate() {
    if (doorkeeper_) doorkeeper_->serve();
  }

  std::optional<PassingFrame> receive() {
    for (;;) {
      ZmqMessage name;
      if (!receive_part(name)) return std::nullopt;
      PassingFrame frame;
      unsigned parts = 1;
      bool more = name.more();
      while (more) {
        ZmqMessage part;
        if (!receive_part(part)) throw std::runtime_error("ROUTER gave half a frame");
        more = part.more();
        ++parts;
        if (parts == 2) frame.parts_->envelope = std::move(part);
        if (parts == 3) frame.parts_->body = std::move(part);
      }
      if (parts != 3 || !parse_routing_id(name.bytes(), frame.from_, frame.from_link_)) {
        ++dropped_;
        continue;
      }
      Result<Envelope> envelope = decode_envelope(frame.parts_->envelope.bytes());
      if (!envelope || envelope->source != frame.from_) {
        ++dropped_;
        continue;
      }
      frame.envelope_ = std::move(*envelope);
      return frame;
    }
  }

  Passed pass_on(PassingFrame& frame, InstanceId to, std::uint32_t link) {
    return send_parts(to, link, frame.parts_->envelope, frame.parts_->body);
  }

  Passed send(const Envelope& envelope, std::string body, InstanceId to, std::uint32_t link) {
    ZmqMessage first(encode(envelope));
    ZmqMessage second(std::move(body));
    return send_parts(to, link, first, second);
  }

  int fd() const { return fd_; }
  const std::vector<std::string>& endpoints() const { return endpoints_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  bool receive_part(ZmqMessage& part) {
    while (zmq_msg_recv(part.get(), socket_.get(), ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EAGAIN) return false;
      throw_zmq("zmq_msg_recv");
    }
    return true;
  }

  Passed send_parts(InstanceId to, std::uint32_t link, ZmqMessage& envelope, ZmqMessage& body) {
    ZmqMessage name(routing_id(to, link));
    while (zmq_msg_send(name.get(), socket_.get(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EHOSTUNREACH) return Passed::unknown;
      if (zmq_errno() == EAGAIN) return Passed::full;
      throw_zmq("zmq_msg_send");
    }
    // The name was taken, so the rest is: to the peer, or nowhere if it leaves just now.
    send_part(envelope, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    send_part(body, ZMQ_DONTWAIT);
    return Passed::yes;
  }

  void send_part(ZmqMessage& part, int flags) {
    while (zmq_msg_send(part.get(), socket_.get(), flags) < 0) {
      if (zmq_errno() != EINTR) throw_zmq("zmq_msg_send");
    }
  }

  ZmqContext context_;
  ZmqSocket socket_;
  std::optional<Doorkeeper> doorkeeper_;
  std::vector<std::string> endpoints_;
  int fd_ = -1;
  std::uint64_t dropped_ = 0;
};

Router::Router(const std::vector<std::string>& endpoints, const RouterKeys& keys, Gate* gate)
    : impl_(std::make_unique<Impl>(endpoints, keys, gate)) {}
Router::~Router() = default;

const std::vector<std::string>& Router::endpoints() const {
  return impl_->endpoints();
}
int Router::fd() const {
  return impl_->fd();
}
bool Router::ready() {
  return impl_->ready();
}
void Router::serve_gate() {
  impl_->serve_gate();
}
std::optional<PassingFrame> Router::receive() {
  return impl_->receive();
}
Passed Router::pass_on(PassingFrame& frame, InstanceId to, std::uint32_t link) {
  return impl_->pass_on(frame, to, link);
}
Passed Router::send(const Envelope& envelope, std::string body, InstanceId to, std::uint32_t link) {
  return impl_->send(envelope, std::move(body), to, link);
}
std::uint64_t Router::dropped() const {
  return impl_->dropped();
}

Result<HelloBody> read_hello(const PassingFrame& frame) {
  return decode_hello_body(frame.body());
}
Result<OpenSession> read_open_session(const PassingFrame& frame) {
  return decode_open_session(frame.body());
}
std::string write_status(const StatusBody& status) {
  return encode(status);
}
std::string write_undeliverable(const Undeliverable& notice) {
  return encode(notice);
}

}  // namespace windlass::bus
