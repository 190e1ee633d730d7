#include "storage/blob_server.h"

#include "runtime/address.h"
#include "runtime/refusal.h"
#include "storage/exchange.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <random>
#include <set>

namespace windlass::storage {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

// Names of 1024 characters, percent-encoded, with a signature; and 8 KiB of metadata.
constexpr std::uint32_t kHeadBytesMax = 64u << 10;
constexpr std::size_t kChunkBytes = 256u << 10;
// After an early refusal, what the peer is still sending is dropped up to this, so that it gets to
// read the answer instead of a reset.
constexpr std::uint64_t kLingerBytesMax = 16ull << 20;
constexpr std::chrono::seconds kLingerMax{5};
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nx-ms-error-code: ServerBusy\r\nRetry-After: 5\r\n"
    "Connection: close\r\nContent-Length: 0\r\n\r\n";

std::string address_text(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

}  // namespace

// What sessions share and may outlive the server.
class BlobServer::Shared {
 public:
  Shared(asio::io_context& io_context, BlobServerOptions given)
      : io(io_context),
        acceptor(asio::make_strand(io_context)),
        options(listening(std::move(given), acceptor)),
        service(options.service),
        disk(options.disk_threads) {
    std::random_device random;
    for (unsigned& word : start_mark) word = random();
  }

  std::string next_request_id() {
    char text[40];
    const std::uint64_t count = ++requests;
    std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", start_mark[0],
                  start_mark[1] & 0xFFFF, start_mark[1] >> 16, start_mark[2] & 0xFFFF,
                  static_cast<unsigned long long>(count & 0xFFFFFFFFFFFF));
    return text;
  }

  asio::io_context& io;
  tcp::acceptor acceptor;
  BlobServerOptions options;
  BlobService service;
  asio::thread_pool disk;
  std::atomic<bool> stopped = false;
  std::mutex sessions_mutex;
  std::set<Session*> sessions;
  std::atomic<std::uint64_t> requests = 0;
  unsigned start_mark[3] = {};

 private:
  // Opens the port first: the public URL may depend on it.
  static BlobServerOptions listening(BlobServerOptions options, tcp::acceptor& acceptor) {
    try {
      const tcp::endpoint endpoint(asio::ip::make_address(options.address), options.port);
      acceptor.open(endpoint.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      acceptor.bind(endpoint);
      acceptor.listen();
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::address_in_use) {
        throw runtime::StartRefused(
            runtime::taken_port_message({options.address, options.port}, "--blob-listen"));
      }
      throw runtime::StartRefused("the blob endpoint cannot listen on " + options.address + ":" +
                                  std::to_string(options.port) + ": " + error.code().message());
    }
    options.port = acceptor.local_endpoint().port();
    if (options.service.public_url.empty()) {
      options.service.public_url = "http://" + options.address + ":" + std::to_string(options.port);
    }
    return options;
  }
};

// One connection: a request at a time. Runs on its strand; calls into Exchange run on a disk
// thread, one at a time, while the session waits for them.
class BlobServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Shared> shared, tcp::socket socket)
      : shared_(std::move(shared)), stream_(std::move(socket)) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    const auto peer = stream_.socket().remote_endpoint(ignored);
    if (!ignored) peer_address_ = address_text(peer.address());
    const std::lock_guard lock(shared_->sessions_mutex);
    shared_->sessions.insert(this);
  }

  ~Session() {
    const std::lock_guard lock(shared_->sessions_mutex);
    shared_->sessions.erase(this);
  }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read_head(); });
  }

  // From any thread.
  void cut() {
    if (auto self = weak_from_this().lock()) {
      asio::post(stream_.get_executor(), [self] { self->stream_.close(); });
    }
  }

 private:
  using RequestParser = http::request_parser<http::buffer_body>;

  // Runs `work` on a disk thread and `then(result)` back here.
  template <class Work, class Then>
  void on_disk(Work work, Then then) {
    if (shared_->stopped) return;
    stream_.expires_never();  // the peer is not to blame for our disk
    asio::post(shared_->disk, [self = shared_from_this(), work, then]() mutable {
      auto result = work();
      asio::post(self->stream_.get_executor(),
                 [self, then, result = std::move(result)]() mutable { then(std::move(result)); });
    });
  }

  // A handler of network completions that keeps this alive.
  template <class Handler>
  auto bound(Handler handler) {
    return [self = shared_from_this(), handler](error_code error, std::size_t) mutable {
      handler(error);
    };
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(kHeadBytesMax);
    parser_->body_limit(boost::none);  // each operation has its own
    exchange_.reset();
    bytes_in_ = bytes_out_ = 0;
    stream_.expires_after(shared_->options.head_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            bound([this](error_code error) { on_head(error); }));
  }

  void on_head(error_code error) {
    if (error == http::error::header_limit)
      return refuse_head(http::status::request_header_fields_too_large);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return refuse_head(http::status::bad_request);
    }
    if (error) return close();
    begun_ = std::chrono::steady_clock::now();
    const auto& head = parser_->get();
    std::vector<std::pair<std::string, std::string>> headers;
    for (const auto& field : head) {
      headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    auto request = make_request(std::string(head.method_string()), std::string(head.target()),
                                std::move(headers));
    if (request) request->peer_address = peer_address_;
    exchange_ = std::make_unique<Exchange>(shared_->service, std::move(request),
                                           shared_->next_request_id());
    on_disk([this] { return exchange_->begin(); },
            [this](bool wants_body) { wants_body ? begin_body() : discard_body(); });
  }

  // What is not HTTP gets one line and the door.
  void refuse_head(http::status status) {
    plain_.emplace(status, 11);
    plain_->keep_alive(false);
    plain_->prepare_payload();
    stream_.expires_after(shared_->options.chunk_timeout);
    http::async_write(stream_, *plain_, bound([this](error_code) { linger(); }));
  }

  void begin_body() {
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
    go_ahead_.emplace(http::status::continue_, parser_->get().version());
    stream_.expires_after(shared_->options.chunk_timeout);
    http::async_write(stream_, *go_ahead_, bound([this](error_code error) {
                        if (error) return close();
                        read_body();
                      }));
  }

  void read_body() {
    if (parser_->is_done()) return finish();
    read_chunk([this](std::size_t length) {
      on_disk([this, length] { return exchange_->take(std::span(chunk_).first(length)); },
              [this](bool more) { more ? read_body() : respond(); });
    });
  }

  // Calls `then(bytes)` with a full chunk or the last one.
  template <class Then>
  void read_chunk(Then then) {
    chunk_.resize(kChunkBytes);
    parser_->get().body().data = chunk_.data();
    parser_->get().body().size = chunk_.size();
    stream_.expires_after(shared_->options.chunk_timeout);
    http::async_read(stream_, buffer_, *parser_, bound([this, then](error_code error) mutable {
                       if (error == http::error::need_buffer) error = {};
                       if (error) return close();  // broke off, or too slow: nothing is kept
                       const std::size_t length = chunk_.size() - parser_->get().body().size;
                       bytes_in_ += length;
                       then(length);
                     }));
  }

  void finish() {
    on_disk(
        [this] {
          exchange_->finish();
          return true;
        },
        [this](bool) { respond(); });
  }

  // A body that nobody wants: a small one is read to keep the connection, else it is closed.
  void discard_body() {
    const bool waits_for_us = beast::iequals(parser_->get()[http::field::expect], "100-continue");
    const auto left = parser_->content_length_remaining();
    const bool small = left && *left <= kUselessBodyBytesMax;
    if (parser_->is_done() || waits_for_us || !small) return respond();
    read_chunk([this](std::size_t) { discard_body(); });
  }

  void fill_head(http::response_header<>& head) {
    const BlobAnswer& answer = exchange_->answer();
    head.version(11);
    head.result(answer.status);
    for (const auto& [name, value] : answer.headers) head.insert(name, value);
    head.set(http::field::server, "Windlass-Blob/1.0");
  }

  template <class Body>
  void finish_head(http::response<Body>& response) {
    keep_ = parser_->keep_alive() && parser_->is_done() && !shared_->stopped;
    response.keep_alive(keep_);
    if (exchange_->answer().status != 304) response.content_length(exchange_->answer_length());
  }

  void respond() {
    stream_.expires_after(shared_->options.chunk_timeout);
    if (exchange_->body_is_file()) return respond_file();
    plain_.emplace();
    fill_head(plain_->base());
    plain_->body() = exchange_->answer().body;
    finish_head(*plain_);
    // A HEAD's length speaks of a body that is not sent.
    plain_writer_.emplace(*plain_);
    plain_writer_->split(plain_->body().empty());
    bytes_out_ = plain_->body().size();
    auto done = bound([this](error_code error) { error ? close() : next(); });
    if (plain_->body().empty()) {
      http::async_write_header(stream_, *plain_writer_, std::move(done));
    } else {
      http::async_write(stream_, *plain_writer_, std::move(done));
    }
  }

  void respond_file() {
    file_answer_.emplace();
    fill_head(file_answer_->base());
    finish_head(*file_answer_);
    file_answer_->body().data = nullptr;
    file_answer_->body().more = true;
    file_writer_.emplace(*file_answer_);
    http::async_write_header(stream_, *file_writer_,
                             bound([this](error_code error) { error ? close() : send_chunk(); }));
  }

  void send_chunk() {
    on_disk(
        [this]() -> std::optional<std::size_t> {
          chunk_.resize(kChunkBytes);
          try {
            return exchange_->read(chunk_);
          } catch (const std::exception& failure) {
            shared_->service.problem(failure.what());
            return std::nullopt;
          }
        },
        [this](std::optional<std::size_t> length) {
          if (!length) return close();  // the head promised more: only a cut says that it is not so
          auto& body = file_answer_->body();
          body.data = *length == 0 ? nullptr : chunk_.data();
          body.size = *length;
          body.more = *length != 0;
          bytes_out_ += *length;
          stream_.expires_after(shared_->options.chunk_timeout);
          http::async_write(stream_, *file_writer_, bound([this](error_code error) {
                              if (error == http::error::need_buffer) return send_chunk();
                              error ? close() : next();
                            }));
        });
  }

  void next() {
    report();
    chunk_ = {};  // idle connections hold little
    if (keep_) return read_head();
    linger();
  }

  // Says goodbye, drops what still comes, closes.
  void linger() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (ignored) return close();
    stream_.expires_after(kLingerMax);
    chunk_.resize(kChunkBytes);
    linger_some(kLingerBytesMax);
  }

  void linger_some(std::uint64_t left) {
    stream_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this(), left](error_code error, std::size_t got) {
                              if (error || got >= left) return self->close();
                              self->linger_some(left - got);
                            });
  }

  void report() {
    const auto& on_request = shared_->options.on_request;
    if (!on_request) return;
    const BlobRequest* request = exchange_->request();
    BlobRequestFacts facts;
    facts.operation = exchange_->operation_name();
    facts.error_code = exchange_->error_code();
    facts.request_id = exchange_->request_id();
    facts.status = exchange_->answer().status;
    facts.bytes_in = bytes_in_;
    facts.bytes_out = bytes_out_;
    facts.took = std::chrono::steady_clock::now() - begun_;
    if (request != nullptr) {
      facts.method = request->method;
      facts.account = request->account;
      facts.container = request->container;
    }
    on_request(facts);
  }

  void close() {
    exchange_.reset();
    stream_.close();
  }

  std::shared_ptr<Shared> shared_;
  beast::tcp_stream stream_;
  std::string peer_address_;
  beast::flat_buffer buffer_{kHeadBytesMax + kChunkBytes};
  std::optional<RequestParser> parser_;
  std::unique_ptr<Exchange> exchange_;
  std::vector<std::byte> chunk_;
  std::optional<http::response<http::empty_body>> go_ahead_;
  std::optional<http::response<http::string_body>> plain_;
  std::optional<http::response_serializer<http::string_body>> plain_writer_;
  std::optional<http::response<http::buffer_body>> file_answer_;
  std::optional<http::response_serializer<http::buffer_body>> file_writer_;
  std::chrono::steady_clock::time_point begun_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  bool keep_ = false;
};

namespace {

// Accepts for ever; `take(socket)` is called for each connection.
template <class Take>
void accept_next(asio::io_context& io, tcp::acceptor& acceptor, Take take) {
  acceptor.async_accept(asio::make_strand(io),
                        [&io, &acceptor, take](error_code error, tcp::socket socket) {
                          if (error == asio::error::operation_aborted) return;
                          if (!acceptor.is_open()) return;
                          if (!error) take(std::move(socket));
                          accept_next(io, acceptor, take);
                        });
}

}  // namespace

BlobServer::BlobServer(asio::io_context& io, BlobServerOptions options)
    : shared_(std::make_shared<Shared>(io, std::move(options))) {}

BlobServer::~BlobServer() {
  stop();
  shared_->disk.join();
}

void BlobServer::start() {
  accept_next(shared_->io, shared_->acceptor, [shared = shared_](tcp::socket socket) {
    std::size_t open = 0;
    {
      const std::lock_guard lock(shared->sessions_mutex);
      open = shared->sessions.size();
    }
    if (shared->stopped) return;
    if (open >= shared->options.connections_max) {
      shared->service.problem("Too many connections to the blob endpoint (" + std::to_string(open) +
                              "); one was turned away.");
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kTooManyConnections), ignored);
      return;
    }
    std::make_shared<Session>(shared, std::move(socket))->start();
  });
}

void BlobServer::stop() {
  if (shared_->stopped.exchange(true)) return;
  asio::post(shared_->acceptor.get_executor(), [shared = shared_] {
    error_code ignored;
    shared->acceptor.close(ignored);
  });
  const std::lock_guard lock(shared_->sessions_mutex);
  for (Session* session : shared_->sessions) session->cut();
}

std::uint16_t BlobServer::port() const {
  return shared_->options.port;
}
const std::string& BlobServer::public_url() const {
  return shared_->options.service.public_url;
}

std::size_t BlobServer::connections() const {
  const std::lock_guard lock(shared_->sessions_mutex);
  return shared_->sessions.size();
}

std::string connection_string(const BlobAccount& account, std::string_view public_url) {
  const bool https = public_url.starts_with("https:");
  std::string text = "DefaultEndpointsProtocol=";
  text.append(https ? "https" : "http").append(";AccountName=").append(account.name);
  text.append(";AccountKey=").append(account.keys.empty() ? "" : account.keys.front());
  text.append(";BlobEndpoint=").append(public_url).append("/").append(account.name).append(";");
  return text;
}

}  // namespace windlass::storage
