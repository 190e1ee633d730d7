// The sockets of a process: one DEALER to each broker. Frames go in and out whole; nothing blocks.
// One thread owns it for life.
//
// ZeroMQ's descriptors tell of news only (a change since one looked), and any call on a socket may
// swallow that news. This class hides it: fd() is readable whenever there is something to receive,
// provided that settle() was called after the last send or receive and before waiting.
#pragma once

#include "bus/links.h"
#include "bus/options.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windlass::bus {

class Connection final : public Links {
 public:
  explicit Connection(const EndpointOptions& options);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const override { return epoll_; }
  bool send(std::size_t link, std::string envelope, std::string body) override;
  std::optional<ReceivedFrame> receive() override;
  std::vector<std::size_t> settle() override;
  bool connected(std::size_t link) const override { return links_[link].connected; }
  void renew(std::size_t link) override;
  std::optional<std::size_t> outdated() const override;
  bool secured() const override { return keys_ != nullptr; }

 private:
  struct Link {
    std::string endpoint;
    std::string server_key;
    int thread = 0;
    std::uint64_t keys_version = 0;  // of the ring, when the link was started
    std::unique_ptr<ZmqSocket> socket;
    int fd = -1;
    std::uint32_t number = 0;
    bool connected = false;
    bool news = false;  // connected since the last settle()
  };

  void start(Link& link, std::unique_ptr<ZmqSocket> fresh);
  void stop(Link& link);
  void look(Link& link, bool& readable);

  const InstanceId instance_;
  const std::shared_ptr<const KeyRing> keys_;
  const std::size_t threads_;
  ZmqContext context_;
  std::vector<Link> links_;
  std::size_t turn_ = 0;
  int epoll_ = -1;
  int wake_ = -1;  // an eventfd in the epoll set: readable while we know of frames to receive
  bool awake_ = false;
};

}  // namespace windlass::bus
