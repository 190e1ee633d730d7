#include "bus/request_road.h"

#include "bus/doorkeeper.h"
#include "bus/zmq.h"

#include <cerrno>
#include <utility>

namespace windlass::bus {

namespace {

// Answers carry the whole directory to brokers.
constexpr std::int64_t kAnswerBytesMax = std::int64_t{64} << 20;
constexpr int kWaitingMax = 64;  // questions or answers of one connection
constexpr int kBacklog = 64;

// Everybody may ask; the key is what we want to know.
class OpenGate final : public Gate {
 public:
  bool admits(std::string_view, std::string_view) override { return true; }
  void handshake_failed(HandshakeFailure, std::string_view) override {}
};

void set_options(ZmqSocket& socket, std::int64_t bytes_max) {
  set_common_options(socket);
  socket.set(ZMQ_MAXMSGSIZE, bytes_max);
  socket.set(ZMQ_SNDHWM, kWaitingMax);
  socket.set(ZMQ_RCVHWM, kWaitingMax);
}

}  // namespace

class QuestionSocket::Impl {
 public:
  Impl(const std::string& endpoint, const KeyPair& keys, std::size_t question_bytes_max)
      : socket_(context_, ZMQ_ROUTER), doorkeeper_(context_, socket_, gate_) {
    set_options(socket_, static_cast<std::int64_t>(question_bytes_max));
    socket_.set(ZMQ_BACKLOG, kBacklog);
    socket_.set(ZMQ_CURVE_SERVER, 1);
    socket_.set(ZMQ_CURVE_PUBLICKEY, keys.public_key);
    socket_.set(ZMQ_CURVE_SECRETKEY, keys.secret_key);
    if (zmq_bind(socket_.get(), endpoint.c_str()) != 0) throw_zmq(("bind " + endpoint).c_str());
    char bound[512];
    std::size_t size = sizeof bound;
    if (zmq_getsockopt(socket_.get(), ZMQ_LAST_ENDPOINT, bound, &size) != 0)
      throw_zmq("zmq_getsockopt");
    endpoint_ = bound;
    fd_ = doorkeeper_.fd_with(socket_.fd());
  }

  const std::string& endpoint() const { return endpoint_; }
  int fd() const { return fd_; }

  std::optional<Question> receive() {
    for (;;) {
      doorkeeper_.serve();
      ZmqMessage name;
      if (zmq_msg_recv(name.get(), socket_.get(), ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EINTR) continue;
        if (zmq_errno() != EAGAIN) throw_zmq("zmq_msg_recv");
        if (doorkeeper_.ready() || (socket_.events() & ZMQ_POLLIN) != 0) continue;
        return std::nullopt;
      }
      Question question;
      question.asker = name.bytes();
      unsigned parts = 0;
      for (bool more = name.more(); more;) {
        ZmqMessage part;
        if (zmq_msg_recv(part.get(), socket_.get(), ZMQ_DONTWAIT) < 0) throw_zmq("zmq_msg_recv");
        more = part.more();
        if (++parts > 1) continue;
        const char* key = zmq_msg_gets(part.get(), kUserIdProperty);
        const char* address = zmq_msg_gets(part.get(), "Peer-Address");
        question.key = key == nullptr ? "" : key;
        question.address = address == nullptr ? "" : address;
        question.bytes = part.bytes();
      }
      if (parts == 1 && !question.key.empty()) return question;
    }
  }

  void answer(const Question& question, const std::string& bytes) {
    ZmqMessage name{std::string_view(question.asker)};
    ZmqMessage body{std::string_view(bytes)};
    // Who is gone or does not listen asks again, or does not.
    if (zmq_msg_send(name.get(), socket_.get(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return;
    zmq_msg_send(body.get(), socket_.get(), ZMQ_DONTWAIT);
  }

 private:
  OpenGate gate_;
  ZmqContext context_;
  ZmqSocket socket_;
  Doorkeeper doorkeeper_;
  std::string endpoint_;
  int fd_ = -1;
};

QuestionSocket::QuestionSocket(const std::string& endpoint, const KeyPair& keys,
                               std::size_t question_bytes_max)
    : impl_(std::make_unique<Impl>(endpoint, keys, question_bytes_max)) {}
QuestionSocket::~QuestionSocket() = default;
const std::string& QuestionSocket::endpoint() const {
  return impl_->endpoint();
}
int QuestionSocket::fd() const {
  return impl_->fd();
}
std::optional<Question> QuestionSocket::receive() {
  return impl_->receive();
}
void QuestionSocket::answer(const Question& question, const std::string& bytes) {
  impl_->answer(question, bytes);
}

std::optional<std::string> ask(const std::string& endpoint, const std::string& server_key,
                               const KeyPair& own, const std::string& question,
                               std::chrono::milliseconds timeout) {
  const ZmqContext context;
  ZmqSocket socket(context, ZMQ_DEALER);
  set_options(socket, kAnswerBytesMax);
  socket.set(ZMQ_LINGER, 0);
  socket.set(ZMQ_CURVE_SERVERKEY, server_key);
  socket.set(ZMQ_CURVE_PUBLICKEY, own.public_key);
  socket.set(ZMQ_CURVE_SECRETKEY, own.secret_key);
  socket.set(ZMQ_RCVTIMEO, static_cast<int>(timeout.count()));
  if (zmq_connect(socket.get(), endpoint.c_str()) != 0) throw_zmq(("connect " + endpoint).c_str());
  ZmqMessage out{std::string_view(question)};
  while (zmq_msg_send(out.get(), socket.get(), 0) < 0) {
    if (zmq_errno() != EINTR) throw_zmq("zmq_msg_send");
  }
  ZmqMessage in;
  while (zmq_msg_recv(in.get(), socket.get(), 0) < 0) {
    if (zmq_errno() == EAGAIN) return std::nullopt;
    if (zmq_errno() != EINTR) throw_zmq("zmq_msg_recv");
  }
  return std::string(in.bytes());
}

}  // namespace windlass::bus
