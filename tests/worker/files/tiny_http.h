// An HTTP server as small as tests need: one request a connection, answered by a function that may
// also cut the answer short.
#pragma once

#include "worker/files/fd.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace windlass::worker {

struct TinyRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // lower case names
  std::string body;
};

struct TinyAnswer {
  int status = 200;
  std::string body;
  std::string extra_headers;         // each with its \r\n
  std::size_t cut_after = SIZE_MAX;  // of the body
};

class TinyHttp {
 public:
  using Handler = std::function<TinyAnswer(const TinyRequest&)>;

  explicit TinyHttp(Handler handler) : handler_(std::move(handler)) {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), any, &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<TinyRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve(const std::stop_token& stop) {
    std::vector<std::jthread> connections;
    while (!stop.stop_requested()) {
      pollfd wanted{listener_.get(), POLLIN, 0};
      if (::poll(&wanted, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) connections.emplace_back([this, fd] { one(Fd(fd)); });
    }
  }

  void one(Fd connection) {
    TinyRequest request;
    std::string bytes;
    const auto more = [&] {
      char buffer[65536];
      const ssize_t n = ::read(connection.get(), buffer, sizeof buffer);
      if (n <= 0) return false;
      bytes.append(buffer, static_cast<std::size_t>(n));
      return true;
    };
    std::size_t end = std::string::npos;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return;
    }
    const std::string head = bytes.substr(0, end + 2);
    bytes.erase(0, end + 4);
    const auto first = head.find(' ');
    const auto second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const auto line_end = head.find("\r\n", at);
      const auto colon = head.find(": ", at);
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      request.headers[name] = head.substr(colon + 2, line_end - colon - 2);
      at = line_end + 2;
    }
    const auto length = request.headers.find("content-length");
    const std::size_t wanted = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (bytes.size() < wanted) {
      if (!more()) return;
    }
    request.body = bytes;
    const TinyAnswer answer = handler_(request);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    std::string out =
        "HTTP/1.1 " + std::to_string(answer.status) +
        " X\r\nConnection: close\r\nContent-Length: " + std::to_string(answer.body.size()) +
        "\r\n" + answer.extra_headers + "\r\n";
    out += answer.body.substr(0, std::min(answer.body.size(), answer.cut_after));
    for (std::size_t sent = 0; sent < out.size();) {
      const ssize_t n =
          ::send(connection.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

  Handler handler_;
  Fd listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<TinyRequest> requests_;
  std::jthread thread_;
};

}  // namespace windlass::worker
