// One HTTP/1.1 connection to one server, plain or TLS, kept alive between requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::client {

struct Url {
  std::string scheme;  // http or https
  std::string host;
  std::uint16_t port = 0;
  std::string path;   // without a trailing slash; often empty
  std::string query;  // without its '?'

  std::string host_and_port() const;  // as the Host header wants it
};

// Absolute URLs only. Without a scheme https is meant, as the az program does.
std::optional<Url> parse_url(std::string_view text);

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // path and query, encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string_view header(
      std::string_view name) const;  // names compare without case; empty when absent
};

// No answer: refused, unknown host, broken off, silent for too long, or not trusted.
class Unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class HttpClient {
 public:
  // `ca_file` (PEM) is trusted instead of the system's authorities; empty: the system's.
  HttpClient(Url server, std::string ca_file,
             std::chrono::milliseconds timeout = std::chrono::seconds(60));
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Sends and reads the whole answer. With a sink, the body of a 200 goes there in pieces as it
  // comes. A kept connection that the server closed meanwhile is opened anew, once.
  HttpResponse send(const HttpRequest& request,
                    const std::function<void(std::string_view)>& sink = {});

 private:
  class Connection;
  Url server_;
  std::string ca_file_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace windlass::client
