#include "runtime/admin_server.h"

#include "runtime/metrics.h"
#include "runtime/refusal.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <thread>

namespace windlass::runtime {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kRequestTimeout{30};
constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr std::uint32_t kHeaderBytesMax = 8 * 1024;
constexpr std::uint64_t kBodyBytesMax = 8 * 1024;

using Answer =
    std::function<http::response<http::string_body>(const http::request<http::string_body>&)>;

// One connection: read, answer, read again, until the client goes or is silent for too long. No
// page takes a body, so none is read: a request with one is the connection's last.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const Answer& answer) : stream_(std::move(socket)), answer_(answer) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(kBodyBytesMax);
    stream_.expires_after(kRequestTimeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error) self->write();
                            });
  }

 private:
  void write() {
    response_ = answer_(parser_->get());
    response_.keep_alive(parser_->get().keep_alive() && parser_->is_done());
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::tcp_stream stream_;
  const Answer& answer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

void Readiness::set_ready() {
  const std::lock_guard lock(mutex_);
  state_ = State{true, "ready"};
}

void Readiness::set_not_ready(std::string reason) {
  const std::lock_guard lock(mutex_);
  state_ = State{false, std::move(reason)};
}

Readiness::State Readiness::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

class AdminServer::Server {
 public:
  Server(const Address& address, const Metrics& metrics, const Readiness& readiness,
         AdminPages pages)
      : metrics_(metrics), readiness_(readiness), pages_(std::move(pages)), acceptor_(context_) {
    beast::error_code error;
    const auto ip =
        asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
    if (error) throw StartRefused("--admin-address: '" + address.host + "' is not an IP address");
    const tcp::endpoint endpoint(ip, address.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
      throw StartRefused(taken_port_message(address, "--admin-address"));
    if (error)
      throw StartRefused("cannot listen on " + to_string(address) + ": " + error.message());
    bound_ = Address{address.host, acceptor_.local_endpoint().port()};
    answer_ = [this](const auto& request) { return answer(request); };
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  ~Server() {
    context_.stop();
    thread_.join();
  }

  const Address& address() const { return bound_; }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Session>(std::move(socket), answer_)->read();
      if (error == asio::error::operation_aborted) return;
      if (!error) return accept();
      // Out of descriptors, most likely, and the connection still waits: asking again at once would
      // spin.
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  http::response<http::string_body> answer(const http::request<http::string_body>& request) const {
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.set(http::field::cache_control, "no-store");
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      response.result(http::status::method_not_allowed);
      response.set(http::field::allow, "GET, HEAD");
      return response;
    }
    const std::string target(request.target().substr(0, request.target().find('?')));
    if (target == "/healthz") {
      response.body() = "ok\n";
    } else if (target == "/readyz") {
      const Readiness::State state = readiness_.state();
      if (!state.ready) response.result(http::status::service_unavailable);
      response.body() = state.reason + "\n";
    } else if (target == "/metrics") {
      response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
      response.body() = metrics_.text();
    } else if (const auto page = pages_.find(target); page != pages_.end()) {
      response.body() = page->second();
      if (response.body().starts_with('{') || response.body().starts_with('[')) {
        response.set(http::field::content_type, "application/json");
      }
    } else {
      response.result(http::status::not_found);
      response.body() = "no such page; there are /healthz /readyz /metrics\n";
    }
    if (request.method() == http::verb::head) response.body().clear();
    return response;
  }

  const Metrics& metrics_;
  const Readiness& readiness_;
  const AdminPages pages_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{context_};
  Answer answer_;
  Address bound_;
  std::thread thread_;
};

AdminServer::AdminServer(const Address& address, const Metrics& metrics, const Readiness& readiness,
                         AdminPages pages)
    : server_(std::make_unique<Server>(address, metrics, readiness, std::move(pages))) {}

AdminServer::~AdminServer() = default;

const Address& AdminServer::address() const {
  return server_->address();
}

}  // namespace windlass::runtime
