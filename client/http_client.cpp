#include "client/http_client.h"

#include "model/ids.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <charconv>

namespace windlass::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::uint64_t kBodyBytesMax = 256ULL * 1024 * 1024;  // of answers kept in memory
constexpr std::size_t kPieceBytes = 256 * 1024;

// What went wrong, without the place in a library's source that what() may add.
std::string reason_of(const std::exception& failure) {
  if (const auto* system = dynamic_cast<const boost::system::system_error*>(&failure))
    return system->code().message();
  return failure.what();
}

}  // namespace

std::string Url::host_and_port() const {
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  const bool usual = port == (scheme == "https" ? 443 : 80);
  return usual ? name : name + ":" + std::to_string(port);
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const auto scheme_end = text.find("://");
  url.scheme =
      scheme_end == std::string_view::npos ? "https" : lower_cased(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  if (scheme_end != std::string_view::npos) text.remove_prefix(scheme_end + 3);
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  std::string_view rest = text.substr(authority.size());
  rest = rest.substr(0, rest.find('#'));
  const auto mark = rest.find('?');
  if (mark != std::string_view::npos) {
    url.query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  url.path = rest;

  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority.front() != ':') return std::nullopt;
    if (!authority.empty()) port = authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return std::nullopt;
  unsigned number = url.scheme == "https" ? 443 : 80;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535)
      return std::nullopt;
  }
  url.port = static_cast<std::uint16_t>(number);
  return url;
}

std::string_view HttpResponse::header(std::string_view name) const {
  const std::string wanted = lower_cased(name);
  for (const auto& [key, value] : headers) {
    if (lower_cased(key) == wanted) return value;
  }
  return {};
}

// Asynchronous operations that are waited for one by one: that is what gives each a deadline.
class HttpClient::Connection {
 public:
  Connection(const Url& server, const std::string& ca_file, std::chrono::milliseconds timeout)
      : timeout_(timeout) {
    try {
      connect(server, ca_file);
    } catch (const std::exception& failure) {
      throw Unreachable("cannot reach " + server.scheme + "://" + server.host_and_port() + ": " +
                        reason_of(failure));
    }
  }

  bool used = false;          // carried a request before: the server may have closed it since
  bool answer_begun = false;  // a part of the current answer has come

  HttpResponse exchange(const HttpRequest& request, const std::string& host,
                        const std::function<void(std::string_view)>& sink) {
    answer_begun = false;
    return tls_ ? exchange_on(*tls_, request, host, sink)
                : exchange_on(*plain_, request, host, sink);
  }

  bool kept_alive() const { return kept_alive_; }

 private:
  void connect(const Url& server, const std::string& ca_file) {
    tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(server.host, std::to_string(server.port));
    if (server.scheme == "https") {
      tls_context_.emplace(asio::ssl::context::tls_client);
      if (ca_file.empty())
        tls_context_->set_default_verify_paths();
      else
        tls_context_->load_verify_file(ca_file);
      tls_context_->set_verify_mode(asio::ssl::verify_peer);
      tls_.emplace(context_, *tls_context_);
      tls_->set_verify_callback(asio::ssl::host_name_verification(server.host));
      ::SSL_set_tlsext_host_name(tls_->native_handle(), server.host.c_str());
    } else {
      plain_.emplace(context_);
    }
    beast::tcp_stream& stream = tls_ ? tls_->next_layer() : *plain_;
    wait(stream, [&](auto done) {
      stream.async_connect(endpoints, [done](beast::error_code error,
                                             const tcp::endpoint&) mutable { done(error); });
    });
    stream.socket().set_option(tcp::no_delay(true));
    if (tls_)
      wait(stream, [&](auto done) { tls_->async_handshake(asio::ssl::stream_base::client, done); });
  }

  template <class Start>
  void wait(beast::tcp_stream& lowest, Start start) {
    beast::error_code result;
    lowest.expires_after(timeout_);
    start([&](beast::error_code error, auto&&...) { result = error; });
    context_.restart();
    context_.run();
    if (result) throw beast::system_error(result);
  }

  template <class Stream>
  HttpResponse exchange_on(Stream& stream, const HttpRequest& request, const std::string& host,
                           const std::function<void(std::string_view)>& sink) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    http::request<http::string_body> out;
    out.version(11);
    out.method_string(request.method);
    out.target(request.target);
    out.set(http::field::host, host);
    for (const auto& [name, value] : request.headers) out.set(name, value);
    out.body() = request.body;
    wait(lowest, [&](auto done) { http::async_write(stream, out, done); });

    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    if (request.method == "HEAD") parser.skip(true);
    wait(lowest, [&](auto done) { http::async_read_header(stream, buffer_, parser, done); });
    answer_begun = true;
    HttpResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base())
      response.headers.emplace_back(field.name_string(), field.value());
    const bool streamed = sink && response.status == 200;
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      parser.get().body().more = true;
      wait(lowest, [&](auto done) {
        http::async_read_some(
            stream, buffer_, parser, [done](beast::error_code error, std::size_t) mutable {
              done(error == http::error::need_buffer ? beast::error_code{} : error);
            });
      });
      const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
      if (streamed)
        sink(got);
      else
        response.body += got;
      if (response.body.size() > kBodyBytesMax)
        throw Unreachable("the answer is longer than we accept");
    }
    kept_alive_ = parser.get().keep_alive();
    return response;
  }

  asio::io_context context_{1};
  std::chrono::milliseconds timeout_;
  std::optional<asio::ssl::context> tls_context_;
  std::optional<beast::tcp_stream> plain_;
  std::optional<beast::ssl_stream<beast::tcp_stream>> tls_;
  beast::flat_buffer buffer_;
  bool kept_alive_ = false;
};

HttpClient::HttpClient(Url server, std::string ca_file, std::chrono::milliseconds timeout)
    : server_(std::move(server)), ca_file_(std::move(ca_file)), timeout_(timeout) {}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(const HttpRequest& request,
                              const std::function<void(std::string_view)>& sink) {
  for (;;) {
    if (connection_ == nullptr)
      connection_ = std::make_unique<Connection>(server_, ca_file_, timeout_);
    const bool used_before = std::exchange(connection_->used, true);
    try {
      HttpResponse response = connection_->exchange(request, server_.host_and_port(), sink);
      if (!connection_->kept_alive()) connection_.reset();
      return response;
    } catch (const beast::system_error& failure) {
      // Closed while it was idle: the request was not looked at, so it may be sent once more.
      const bool stale =
          used_before && !connection_->answer_begun && failure.code() != beast::error::timeout;
      connection_.reset();
      if (stale) continue;
      throw Unreachable("no answer from " + server_.scheme + "://" + server_.host_and_port() +
                        ": " + reason_of(failure));
    } catch (...) {
      connection_.reset();
      throw;
    }
  }
}

}  // namespace windlass::client
