#include "worker/exec/spawner_client.h"

#include "worker/exec/boot_clock.h"
#include "worker/exec/protocol.h"
#include "worker/exec/spawner_link.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace windlass::worker::exec {

namespace {

constexpr Duration kRetryInterval = std::chrono::milliseconds(10);
constexpr Duration kLaunchPause = std::chrono::milliseconds(500);
constexpr std::size_t kReadsPerTurn = 16;

int checked(const char* what, int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

class SpawnerClient::Connection {
 public:
  explicit Connection(SpawnerOptions options) : options_(std::move(options)) {
    epoll_ = checked("epoll_create1", epoll_create1(EPOLL_CLOEXEC));
    timer_ = checked("timerfd_create", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = timer_;
    checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event));
  }
  ~Connection() {
    for (const int fd : {socket_, timer_, epoll_}) {
      if (fd >= 0) close(fd);
    }
    if (launching_ > 0) waitpid(launching_, nullptr, 0);  // it detaches at once
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void connect(std::chrono::milliseconds timeout) {
    const MonoTime end = boottime_now().mono + std::chrono::duration_cast<Duration>(timeout);
    retry();
    while (!welcomed_) {
      const Duration left = end - boottime_now().mono;
      if (left <= Duration{}) {
        throw std::runtime_error(
            "the spawner of " + options_.folder + " does not answer; " +
            (launch_error_.empty() ? "its spawner.log may say why" : launch_error_));
      }
      pollfd poll_fd{.fd = epoll_, .events = POLLIN, .revents = 0};
      poll(&poll_fd, 1,
           static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
      turn();
    }
    wake();
  }

  int fd() const { return epoll_; }
  bool connected() const { return welcomed_; }
  bool shut_down_done() const { return shut_down_done_; }

  void queue(const Request& request) {
    if (const auto* s = std::get_if<StartRequest>(&request)) {
      if (!append_frame(output_, request)) {
        events_.emplace_back(StartFailed{
            .key = s->key, .message = "The command line and its environment are too long."});
        wake();
        return;
      }
      alive_.insert(s->key);
      return;
    }
    if (const auto* l = std::get_if<LeaseRequest>(&request)) {
      if (l->deadline) {
        leases_[l->node] = *l->deadline;
      } else {
        leases_.erase(l->node);
      }
      if (!welcomed_) return;  // all leases are sent after the welcome
    }
    if (std::holds_alternative<ShutDownRequest>(request)) shutting_down_ = true;
    append_frame(output_, request);
  }

  void flush() {
    while (welcomed_ && sent_ < output_.size()) {
      const ssize_t size =
          send(socket_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
      if (size < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return;  // the next read finds it closed
        break;
      }
      sent_ += static_cast<std::size_t>(size);
    }
    if (sent_ == output_.size()) {
      output_.clear();
      sent_ = 0;
    }
    if (welcomed_) watch(EPOLLIN | (output_.empty() ? 0U : EPOLLOUT));
  }

  std::vector<SpawnerEvent> receive() {
    turn();
    return std::exchange(events_, {});
  }

 private:
  void turn() {
    std::uint64_t expirations = 0;
    if (read(timer_, &expirations, sizeof(expirations)) > 0 && socket_ < 0) retry();
    if (socket_ >= 0) read_socket();
    flush();
  }

  void read_socket() {
    static thread_local std::array<char, 65536> buffer;
    for (std::size_t i = 0; i < kReadsPerTurn && socket_ >= 0; ++i) {
      const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return;
      if (size <= 0) {
        disconnected(size == 0 ? "it closed the connection"
                               : std::generic_category().message(errno));
        return;
      }
      input_.append({buffer.data(), static_cast<std::size_t>(size)});
      while (const auto frame = input_.next()) {
        auto reply = decode_reply(*frame);
        if (!reply) {
          disconnected("it sent a malformed frame");
          return;
        }
        std::visit([&](auto& message) { handle(message); }, *reply);
        if (socket_ < 0) return;
      }
      if (input_.broken()) {
        disconnected("it sent a frame that is too long");
        return;
      }
      if (static_cast<std::size_t>(size) < buffer.size()) return;
    }
  }

  void handle(Welcome& welcome) {
    if (welcome.version != kProtocolVersion) {
      throw std::runtime_error("the running spawner (pid " + std::to_string(welcome.pid) +
                               ") speaks version " + std::to_string(welcome.version) +
                               ", this worker speaks " + std::to_string(kProtocolVersion));
    }
    std::set<AttemptKey> has(welcome.unacknowledged.begin(), welcome.unacknowledged.end());
    for (const Started& started : welcome.running) {
      has.insert(started.key);
      alive_.insert(started.key);
    }
    if (!welcomed_) {
      welcomed_ = true;
      disarm();
      // Leases before starts: nothing shall begin on a node whose lease has ended.
      std::string first;
      for (const auto& [node, deadline] : leases_) {
        append_frame(first, LeaseRequest{.node = node, .deadline = deadline});
      }
      output_.insert(0, first);
    }
    events_.emplace_back(Connected{.spawner_pid = welcome.pid,
                                   .spawner_instance = welcome.instance,
                                   .mechanism = std::move(welcome.mechanism),
                                   .running = std::move(welcome.running),
                                   .unacknowledged = std::move(welcome.unacknowledged)});
    for (const AttemptKey& key : std::exchange(at_risk_, {})) {
      if (!has.contains(key)) lose(key);
    }
  }
  void handle(Started& started) { events_.emplace_back(std::move(started)); }
  void handle(StartFailed& failed) {
    alive_.erase(failed.key);
    events_.emplace_back(std::move(failed));
  }
  void handle(Ended& ended) {
    alive_.erase(ended.key);
    events_.emplace_back(std::move(ended));
  }

  void handle(Settled& settled) { events_.emplace_back(std::move(settled)); }

  void lose(const AttemptKey& key) {
    alive_.erase(key);
    events_.emplace_back(
        Ended{.key = key, .reason = EndReason::lost, .end_wall = boottime_now().wall});
  }

  // Everything that was asked for and not heard of again is at risk: the next welcome tells what
  // still exists, and by then what was left of the rest is dead.
  void disconnected(const std::string& reason) {
    close(socket_);
    socket_ = -1;
    input_ = FrameReader();
    if (welcomed_) {
      welcomed_ = false;
      output_.clear();
      sent_ = 0;
      at_risk_.merge(alive_);
      alive_.clear();
      if (shutting_down_) {
        for (const AttemptKey& key : std::exchange(at_risk_, {})) lose(key);
        shut_down_done_ = true;
        return;
      }
      events_.emplace_back(SpawnerDied{.reason = reason});
    }
    arm(kRetryInterval);
  }

  void retry() {
    if (launching_ > 0 && waitpid(launching_, nullptr, WNOHANG) != 0) launching_ = 0;
    socket_ = connect_to_spawner(options_.folder);
    if (socket_ < 0) {
      if (shutting_down_) {
        shut_down_done_ = true;
        return;
      }
      const MonoTime now = boottime_now().mono;
      if (launching_ == 0 && (!launched_at_ || now - *launched_at_ >= kLaunchPause)) {
        launched_at_ = now;
        launch();
      }
      arm(kRetryInterval);
      return;
    }
    // Nobody would look again: what was launched is gone, or about to be, once its child listens.
    if (launching_ > 0) waitpid(std::exchange(launching_, 0), nullptr, 0);
    watched_ = EPOLLIN;
    epoll_event event{};
    event.events = watched_;
    event.data.fd = socket_;
    checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event));
    std::string hello;
    append_frame(hello, Hello{});
    // A new socket takes these few bytes; where it does not, the other side is gone already.
    if (send(socket_, hello.data(), hello.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(hello.size())) {
      disconnected("it did not listen");
    }
  }

  void launch() {
    std::vector<std::string> arguments = options_.arguments;
    const std::vector<std::string> more = {
        "--folder",       options_.folder,       "--cgroups",
        options_.cgroups, "--idle-exit-seconds", std::to_string(options_.idle_exit.count())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    try {
      launching_ = launch_spawner(options_.program, arguments, options_.folder);
      launch_error_.clear();
    } catch (const std::runtime_error& error) {
      launch_error_ = error.what();  // out of processes, perhaps: tried again
    }
  }

  void watch(std::uint32_t events) {
    if (events == watched_) return;
    watched_ = events;
    epoll_event event{};
    event.events = events;
    event.data.fd = socket_;
    checked("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event));
  }

  void arm(Duration interval) {
    itimerspec when{};
    when.it_value.tv_nsec = std::chrono::nanoseconds(interval).count();
    timerfd_settime(timer_, 0, &when, nullptr);
  }
  void disarm() { arm(Duration{}); }
  void wake() { arm(Duration{1}); }  // an event of our own making waits in receive()

  SpawnerOptions options_;
  int epoll_ = -1;
  int timer_ = -1;
  int socket_ = -1;
  std::uint32_t watched_ = 0;
  int launching_ = 0;  // pid of what was launched and not yet waited for
  std::optional<MonoTime> launched_at_;
  std::string launch_error_;
  bool welcomed_ = false;
  bool shutting_down_ = false;
  bool shut_down_done_ = false;
  FrameReader input_;
  std::string output_;
  std::size_t sent_ = 0;  // of output_
  std::vector<SpawnerEvent> events_;
  std::map<std::string, MonoTime> leases_;
  std::set<AttemptKey> alive_;    // asked for or found running, and no end heard
  std::set<AttemptKey> at_risk_;  // were alive when the connection broke
};

SpawnerClient::SpawnerClient(SpawnerOptions options)
    : connection_(std::make_unique<Connection>(std::move(options))) {}
SpawnerClient::~SpawnerClient() = default;

void SpawnerClient::connect(std::chrono::milliseconds timeout) {
  connection_->connect(timeout);
}
int SpawnerClient::fd() const {
  return connection_->fd();
}
bool SpawnerClient::connected() const {
  return connection_->connected();
}
void SpawnerClient::start(const StartRequest& request) {
  connection_->queue(request);
}
void SpawnerClient::kill(const AttemptKey& key, Duration grace) {
  connection_->queue(KillRequest{.key = key, .grace = grace});
}
void SpawnerClient::acknowledge(const AttemptKey& key) {
  connection_->queue(AcknowledgeRequest{.key = key});
}
void SpawnerClient::set_lease(const std::string& node, MonoTime deadline) {
  connection_->queue(LeaseRequest{.node = node, .deadline = deadline});
}
void SpawnerClient::forget_lease(const std::string& node) {
  connection_->queue(LeaseRequest{.node = node, .deadline = std::nullopt});
}
void SpawnerClient::list() {
  connection_->queue(Hello{});
}
void SpawnerClient::shut_down(Duration grace) {
  connection_->queue(ShutDownRequest{.grace = grace});
}
bool SpawnerClient::shut_down_done() const {
  return connection_->shut_down_done();
}
void SpawnerClient::flush() {
  connection_->flush();
}
std::vector<SpawnerEvent> SpawnerClient::receive() {
  return connection_->receive();
}

}  // namespace windlass::worker::exec
