// A blocking socket and its bytes, for tests of servers: what is sent is exactly what is written.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace windlass::tests {

struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;

  // Empty when there is none; names without case are not needed: we wrote them.
  std::string header(const std::string& name) const {
    const auto begin = head.find("\r\n" + name + ": ");
    if (begin == std::string::npos) return {};
    const auto value = begin + name.size() + 4;
    return head.substr(value, head.find("\r\n", value) - value);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int fd() const { return fd_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Ends our side, as a client that has nothing more to say.
  void finish() { ::shutdown(fd_, SHUT_WR); }

  RawResponse receive(bool head_only = false) {
    while (input_.find("\r\n\r\n") == std::string::npos) more();
    const auto end = input_.find("\r\n\r\n") + 4;
    RawResponse response;
    response.head = input_.substr(0, end);
    input_.erase(0, end);
    response.status = std::stoi(response.head.substr(9, 3));
    const std::string length = response.header("Content-Length");
    const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (input_.size() < size) more();
    response.body = input_.substr(0, size);
    input_.erase(0, size);
    return response;
  }

  // All there is until the server closes.
  std::string receive_all() {
    try {
      for (;;) more();
    } catch (const std::runtime_error&) {
    }
    return input_;
  }

  // Whether there is something to receive by now.
  bool readable() const {
    char byte = 0;
    return !input_.empty() || ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }

  bool closed_by_server() {
    char byte = 0;
    return input_.empty() && ::recv(fd_, &byte, 1, 0) == 0;
  }

 private:
  void more() {
    char bytes[16384];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("the server closed the connection, or is silent");
    input_.append(bytes, static_cast<std::size_t>(got));
  }

  int fd_;
  std::string input_;
};

}  // namespace windlass::tests
