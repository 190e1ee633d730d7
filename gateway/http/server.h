// The HTTP/1.1 server: sockets, TLS, keep-alive, limits and timeouts. Requests of a connection are
// answered in order, and handled one after the other but for those that the handler lets join.
// Everything happens on the io_context's one thread.
#pragma once

#include "gateway/http/message.h"
#include "runtime/address.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace windlass::gateway {

struct ServerLimits {
  std::size_t head_bytes_max = 64 * 1024;    // request line and headers; more: 431
  std::size_t body_bytes_max = 1024 * 1024;  // more: the handler sees body_too_large (413)
  // A body over the limit is read to its end all the same, or clients that write before they read
  // would never see the 413. Past this the connection is cut after the answer.
  std::size_t body_discarded_bytes_max = 64 * 1024 * 1024;
  // Requests of one connection that may be under way together, where the handler lets them; the
  // body of each is copied, and one with a larger body waits for its turn.
  std::size_t joined_requests_max = 32;
  std::size_t joined_body_bytes_max = 16 * 1024;
  std::size_t connections_max = 4096;  // one more is told 503 and closed
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds idle_timeout{120'000};    // between requests
  std::chrono::milliseconds request_timeout{60'000};  // from a request's first byte to its last
  std::chrono::milliseconds write_timeout{60'000};    // while the client takes no byte
  std::chrono::milliseconds linger_timeout{2'000};    // for the client's end after our last byte
};

struct TlsFiles {
  std::string certificate;  // PEM, with its chain
  std::string key;          // PEM
};

struct ServerCounts {
  std::size_t connections = 0;
  std::uint64_t connections_refused = 0;  // over the limit
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, RequestHandler& handler, ServerLimits limits = {});
  // The io_context must have stopped for good. Requests under way are dropped.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts; port 0 picks one. `flag` names the option in a refusal. Throws StartRefused.
  runtime::Address listen(const runtime::Address& address, std::string_view flag);
  // New connections get the new certificate. Throws StartRefused and changes nothing when the files
  // cannot be used.
  void replace_tls(const TlsFiles& files);

  runtime::Address listen_tls(const runtime::Address& address, const TlsFiles& files,
                              std::string_view flag);

  // No new connection, no further request on the old ones; `on_drained` once all have ended.
  void drain(std::function<void()> on_drained);
  // Cuts what is left.
  void close_all();

  ServerCounts counts() const;
  // When the certificate of listen_tls() ends, in seconds since 1970; nothing without one.
  std::optional<std::int64_t> certificate_not_after() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace windlass::gateway
