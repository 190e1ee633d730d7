#include "bus/connection.h"

#include "model/assert.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace windlass::bus {

namespace {

constexpr int kReconnectInterval_ms = 20;
constexpr int kReconnectIntervalMax_ms = 500;
// ZeroMQ looks a broker's name up in the I/O thread and waits for the answer, seconds where no name
// server answers: each broker has a thread of its own, so that one that is away holds up no other.
constexpr std::size_t kThreadsMax = 16;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

}  // namespace

Connection::Connection(const EndpointOptions& options)
    : instance_(options.instance),
      keys_(options.keys),
      threads_(std::clamp<std::size_t>(options.brokers.size(), 1, kThreadsMax)),
      context_(static_cast<int>(threads_)) {
  WINDLASS_ASSERT(keys_ == nullptr || options.broker_keys.size() == options.brokers.size());
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw_errno("epoll_create1");
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) throw_errno("eventfd");
  watch(epoll_, wake_);
  for (std::size_t i = 0; i < options.brokers.size(); ++i) {
    Link& link = links_.emplace_back();
    link.thread = static_cast<int>(i % threads_);
    link.endpoint = options.brokers[i];
    link.number = options.link_number;
    if (keys_ != nullptr) link.server_key = options.broker_keys[i];
    start(link, std::make_unique<ZmqSocket>(context_, ZMQ_DEALER));
  }
  settle();
}

Connection::~Connection() {
  for (Link& link : links_) stop(link);
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
}

void Connection::start(Link& link, std::unique_ptr<ZmqSocket> fresh) {
  link.socket = std::move(fresh);
  ZmqSocket& socket = *link.socket;
  set_common_options(socket);
  socket.keep_to_thread(link.thread);
  socket.set(ZMQ_ROUTING_ID, routing_id(instance_, link.number));
  // Without this a dead broker's queue fills and is poured over its successor, long out of date.
  socket.set(ZMQ_IMMEDIATE, 1);
  socket.set(ZMQ_RECONNECT_IVL, kReconnectInterval_ms);
  socket.set(ZMQ_RECONNECT_IVL_MAX, kReconnectIntervalMax_ms);
  if (keys_ != nullptr) {
    link.keys_version = keys_->version();  // first: a change in between is noticed later
    const auto [public_key, secret_key] = keys_->pair();
    socket.set(ZMQ_CURVE_SERVERKEY, link.server_key);
    socket.set(ZMQ_CURVE_PUBLICKEY, public_key);
    socket.set(ZMQ_CURVE_SECRETKEY, secret_key);
  }
  if (zmq_connect(socket.get(), link.endpoint.c_str()) != 0)
    throw_zmq(("connect " + link.endpoint).c_str());
  link.fd = socket.fd();
  watch(epoll_, link.fd);
}

void Connection::stop(Link& link) {
  if (link.socket == nullptr) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, link.fd, nullptr);
  link.socket.reset();
  link.connected = false;
  link.news = false;
}

void Connection::renew(std::size_t index) {
  Link& link = links_[index];
  std::unique_ptr<ZmqSocket> fresh;
  try {
    fresh = std::make_unique<ZmqSocket>(context_, ZMQ_DEALER);
  } catch (const NoSocketLeft&) {
    return;
  }
  stop(link);
  ++link.number;
  start(link, std::move(fresh));
}

std::optional<std::size_t> Connection::outdated() const {
  if (keys_ == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i].keys_version != keys_->version()) return i;
  }
  return std::nullopt;
}

bool Connection::send(std::size_t index, std::string envelope, std::string body) {
  ZmqSocket& socket = *links_[index].socket;
  ZmqMessage first(std::move(envelope));
  while (zmq_msg_send(first.get(), socket.get(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
    if (zmq_errno() == EINTR) continue;
    if (zmq_errno() == EAGAIN) return false;
    throw_zmq("zmq_msg_send");
  }
  // A pipe that took the first part takes the second.
  ZmqMessage second(std::move(body));
  while (zmq_msg_send(second.get(), socket.get(), ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() != EINTR) throw_zmq("zmq_msg_send");
  }
  return true;
}

std::optional<ReceivedFrame> Connection::receive() {
  for (std::size_t tried = 0; tried < links_.size();) {
    const std::size_t index = turn_;
    void* const socket = links_[index].socket->get();
    ReceivedFrame frame;
    frame.link = index;
    if (zmq_msg_recv(frame.envelope.get(), socket, ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() != EAGAIN) throw_zmq("zmq_msg_recv");
      turn_ = (turn_ + 1) % links_.size();
      ++tried;
      continue;
    }
    turn_ = (turn_ + 1) % links_.size();
    if (!frame.envelope.more()) continue;  // not ours: one part
    bool whole = true;
    for (bool more = true; more;) {
      ZmqMessage part;
      while (zmq_msg_recv(part.get(), socket, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() != EINTR) throw_zmq("zmq_msg_recv");
      }
      more = part.more();
      if (more) whole = false;
      frame.body = std::move(part);
    }
    if (whole) return frame;
  }
  return std::nullopt;
}

void Connection::look(Link& link, bool& readable) {
  const int events = link.socket->events();
  const bool connected = (events & ZMQ_POLLOUT) != 0;
  if (connected && !link.connected) link.news = true;
  link.connected = connected;
  if ((events & ZMQ_POLLIN) != 0) readable = true;
}

std::vector<std::size_t> Connection::settle() {
  bool readable = false;
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    look(links_[i], readable);
    if (std::exchange(links_[i].news, false)) fresh.push_back(i);
  }
  // Each link was just asked, so nothing is missed: what comes later makes its descriptor readable.
  if (readable && !awake_) {
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) != sizeof one) throw_errno("eventfd write");
  } else if (!readable && awake_) {
    std::uint64_t value = 0;
    if (::read(wake_, &value, sizeof value) < 0 && errno != EAGAIN) throw_errno("eventfd read");
  }
  awake_ = readable;
  return fresh;
}

}  // namespace windlass::bus
