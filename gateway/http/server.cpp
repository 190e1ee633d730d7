#include "gateway/http/server.h"

#include "gateway/core/http_date.h"
#include "gateway/http/connection.h"
#include "runtime/clock.h"
#include "runtime/refusal.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <unordered_set>

namespace windlass::gateway {
namespace {

using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

constexpr std::chrono::milliseconds kTick{250};

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, RequestHandler& handler, ServerLimits limits)
      : io_(io), ticker_(io.get_executor()) {
    state_->handler = &handler;
    state_->limits = limits;
    state_->on_end = [this](AnyConnection* connection) { on_end(connection); };
    refresh_clock();
  }

  ~Impl() {
    // Dropping a request ends what keeps its connection alive: take them from a copy.
    const std::vector<AnyConnection*> left(connections_.begin(), connections_.end());
    for (AnyConnection* connection : left) {
      if (connections_.contains(connection)) connection->abandon();
    }
    state_->on_end = {};
  }

  void start_ticking() { tick(); }

  runtime::Address listen(const runtime::Address& address, std::string_view flag, bool secure) {
    auto acceptor = std::make_unique<Acceptor>(io_.get_executor());
    boost::system::error_code error;
    const auto host = asio::ip::make_address(
        address.host == "localhost" ? std::string("127.0.0.1") : address.host, error);
    if (error)
      throw runtime::StartRefused(std::string(flag) + ": '" + address.host +
                                  "' is not an IP address");
    const tcp::endpoint endpoint(host, address.port);
    acceptor->open(endpoint.protocol());
    acceptor->set_option(Acceptor::reuse_address(true));
    acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(Acceptor::max_listen_connections, error);
    if (error == asio::error::address_in_use)
      throw runtime::StartRefused(runtime::taken_port_message(address, flag));
    if (error)
      throw runtime::StartRefused(std::string(flag) + ": cannot listen on " +
                                  runtime::to_string(address) + ": " + error.message());
    const runtime::Address bound{address.host, acceptor->local_endpoint().port()};
    acceptors_.push_back(std::move(acceptor));
    accept(*acceptors_.back(), secure);
    return bound;
  }

  void use_tls(const TlsFiles& files) {
    auto fresh = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    fresh->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    fresh->use_certificate_chain_file(files.certificate, error);
    if (error)
      throw runtime::StartRefused("--tls-certificate: cannot use " + files.certificate + ": " +
                                  error.message());
    fresh->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error)
      throw runtime::StartRefused("--tls-key: cannot use " + files.key + ": " + error.message());
    // Connections hold on to what they need of the old one.
    tls_ = std::move(fresh);
  }

  std::optional<std::int64_t> certificate_not_after() const {
    if (!tls_) return std::nullopt;
    const X509* certificate = SSL_CTX_get0_certificate(tls_->native_handle());
    std::tm end{};
    if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
      return std::nullopt;
    return ::timegm(&end);
  }

  void drain(std::function<void()> on_drained) {
    state_->draining = true;
    on_drained_ = std::move(on_drained);
    for (const auto& acceptor : acceptors_) {
      boost::system::error_code ignored;
      acceptor->close(ignored);
    }
    for (AnyConnection* connection : connections_) connection->drain();
    report_drained();
  }

  void close_all() {
    for (AnyConnection* connection : connections_) connection->cut();
  }

  void stop_ticking() {
    stopped_ = true;
    ticker_.cancel();
  }

  const ServerCounts& counts() const { return state_->counts; }

 private:
  void refresh_clock() {
    state_->now = Clock::now();
    state_->date = http_date(runtime::wall_now());
  }

  void tick() {
    refresh_clock();
    for (AnyConnection* connection : connections_) connection->check_deadline();
    if (std::exchange(accept_again_, false)) {
      for (const auto& [acceptor, secure] : std::exchange(paused_, {})) accept(*acceptor, secure);
    }
    if (stopped_) return;
    ticker_.expires_after(kTick);
    ticker_.async_wait([self = weak_from_this()](boost::system::error_code error) {
      if (const auto alive = self.lock(); alive && !error) alive->tick();
    });
  }

  void accept(Acceptor& acceptor, bool secure) {
    acceptor.async_accept([self = weak_from_this(), &acceptor, secure](
                              boost::system::error_code error, Socket socket) {
      const auto alive = self.lock();
      if (!alive || alive->state_->draining) return;
      alive->on_accepted(acceptor, secure, error, std::move(socket));
    });
  }

  void on_accepted(Acceptor& acceptor, bool secure, boost::system::error_code error,
                   Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {  // no descriptors left, most likely: try again with the next tick
      paused_.emplace_back(&acceptor, secure);
      accept_again_ = true;
      return;
    }
    if (secure)
      add(std::make_shared<Connection<TlsStream>>(state_, std::move(socket), *tls_));
    else
      add(std::make_shared<Connection<Socket>>(state_, std::move(socket)));
    accept(acceptor, secure);
  }

  template <class Stream>
  void add(const std::shared_ptr<Connection<Stream>>& connection) {
    connections_.insert(connection.get());
    state_->counts.connections = connections_.size();
    if (connections_.size() <= state_->limits.connections_max) return connection->start();
    ++state_->counts.connections_refused;
    // Over TLS even a refusal would cost a handshake.
    if constexpr (std::is_same_v<Stream, Socket>)
      connection->refuse_and_close(503, "too many connections are open");
  }

  void on_end(AnyConnection* connection) {
    connections_.erase(connection);
    state_->counts.connections = connections_.size();
    report_drained();
  }

  // From the loop, never from a connection's destructor.
  void report_drained() {
    if (!state_->draining || !connections_.empty() || !on_drained_) return;
    asio::post(io_, std::exchange(on_drained_, {}));
  }

  asio::io_context& io_;
  std::shared_ptr<ServerState> state_ = std::make_shared<ServerState>();
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::pair<Acceptor*, bool>> paused_;
  bool accept_again_ = false;
  bool stopped_ = false;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> ticker_;
  std::function<void()> on_drained_;
  std::unordered_set<AnyConnection*> connections_;
};

HttpServer::HttpServer(asio::io_context& io, RequestHandler& handler, ServerLimits limits)
    : impl_(std::make_shared<Impl>(io, handler, limits)) {
  impl_->start_ticking();
}

HttpServer::~HttpServer() {
  impl_->stop_ticking();
}

runtime::Address HttpServer::listen(const runtime::Address& address, std::string_view flag) {
  return impl_->listen(address, flag, false);
}

runtime::Address HttpServer::listen_tls(const runtime::Address& address, const TlsFiles& files,
                                        std::string_view flag) {
  impl_->use_tls(files);
  return impl_->listen(address, flag, true);
}

void HttpServer::replace_tls(const TlsFiles& files) {
  impl_->use_tls(files);
}

void HttpServer::drain(std::function<void()> on_drained) {
  impl_->drain(std::move(on_drained));
}

void HttpServer::close_all() {
  impl_->close_all();
}

ServerCounts HttpServer::counts() const {
  return impl_->counts();
}

std::optional<std::int64_t> HttpServer::certificate_not_after() const {
  return impl_->certificate_not_after();
}

}  // namespace windlass::gateway
