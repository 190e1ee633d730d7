// One client connection, over plain TCP or TLS: reads a request, has it answered, writes the
// answer, reads the next. Included by server.cpp only.
//
// Where the handler allows it, the next request is read and handled while those before it are
// under way; answers wait for their turn all the same. Whatever else comes is read up to the end
// of its head and held until the connection has nothing under way: so its body, its "100 Continue"
// and its answer's pieces are alone on the wire.
//
// No timer of its own: each state sets `deadline_`, and the server looks at all of them now and
// then. So a busy connection costs no timer operation per request.
#pragma once

#include "gateway/http/head_reader.h"
#include "gateway/http/response_head.h"
#include "gateway/http/server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace windlass::gateway {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TlsStream = asio::ssl::stream<Socket>;
using Clock = std::chrono::steady_clock;

class AnyConnection;

// What connections share with their server, and hold on to: the loop may let go of the last
// connections after the server is gone.
struct ServerState {
  RequestHandler* handler = nullptr;
  ServerLimits limits;
  ServerCounts counts;
  bool draining = false;
  Clock::time_point now;                       // as of the last tick; exact enough for timeouts
  std::string date;                            // the Date header of this second
  std::function<void(AnyConnection*)> on_end;  // empty once the server is gone
};

class AnyConnection {
 public:
  virtual ~AnyConnection() = default;
  virtual void check_deadline() = 0;
  virtual void drain() = 0;    // ends it once its request is answered, at once when it has none
  virtual void cut() = 0;      // closes the socket
  virtual void abandon() = 0;  // drops the running request; only when the loop has stopped
};

template <class Stream>
class Connection final : public AnyConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  explicit Connection(std::shared_ptr<ServerState> server, Arguments&&... arguments)
      : state_held_(std::move(server)),
        server_(*state_held_),
        stream_(std::forward<Arguments>(arguments)...) {
    input_.resize(kInputBytes);
    read_ = std::make_unique<Turn>();
  }
  ~Connection() override {
    if (server_.on_end) server_.on_end(this);
  }

  void start() {
    boost::system::error_code ignored;
    socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    if constexpr (kSecure) {
      set_deadline(server_.limits.handshake_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](auto error) {
                                if (!error) self->read_head();
                              });
    } else {
      read_head();
    }
  }

  // What is being read gets this answer when those before it have theirs; then the end.
  void refuse_and_close(int status, std::string_view reason) {
    state_ = State::over;
    Turn& turn = *turns_.emplace_back(std::move(read_));
    turn.refusal = server_.handler->refuse(status, reason);
    turn.ended = true;
    answer_next();
  }

  void check_deadline() override {
    if (writing_) {
      if (server_.now >= write_deadline_) cut_even_tls();
      return;  // a read is not cancelled now: the write would be, too
    }
    if (server_.now < deadline_) return;
    const bool half_a_request =
        (state_ == State::head && input_size() > 0) || state_ == State::body;
    if (half_a_request) {
      timed_out_ = true;  // told 408 where the cancelled read ends
      cancel();
    } else if (turns_.empty() || state_ == State::lingering) {
      cut_even_tls();
    }
  }

  void drain() override {
    if (state_ == State::head && input_size() == 0 && turns_.empty()) cut();
  }

  void cut() override {
    boost::system::error_code ignored;
    socket().shutdown(Socket::shutdown_both, ignored);
    socket().close(ignored);
  }

  void abandon() override {
    const auto self = this->shared_from_this();  // the request may hold the last reference
    pulling_ = {};
    turns_.clear();
    response_ = {};
  }

 private:
  // Of reading.
  enum class State : std::uint8_t {
    handshake,
    head,
    held,  // the head is there, and the rest waits for the requests before it
    body,
    waiting,  // for answers, before anything is read
    over,     // nothing more is read; the end comes with the last answer
    lingering
  };
  // A request and its answer on their way.
  struct Turn {
    HeadReader reader;
    std::string body;
    bool joinable = false;
    bool must_close = false;
    bool ended = false;
    Async<HttpResponse> running;
    std::optional<HttpResponse> refusal;  // of what was no request, instead
  };
  static constexpr bool kSecure = !std::is_same_v<Stream, Socket>;
  static constexpr std::size_t kInputBytes = 16 * 1024;
  // Bodies up to this size are copied behind the head: one buffer is cheaper than two.
  static constexpr std::size_t kCopiedBodyBytesMax = 16 * 1024;

  Socket& socket() {
    if constexpr (kSecure)
      return stream_.next_layer();
    else
      return stream_;
  }
  void set_deadline(std::chrono::milliseconds wait) { deadline_ = server_.now + wait; }
  void cancel() {
    boost::system::error_code ignored;
    socket().cancel(ignored);
  }
  void cut_even_tls() {
    if (kSecure) cancel();
    cut();
  }

  std::size_t input_size() const { return input_end_ - input_begin_; }
  std::string_view input() const { return {input_.data() + input_begin_, input_size()}; }
  void consume(std::size_t bytes) {
    input_begin_ += bytes;
    if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
  }

  // Makes room behind the input, up to `bytes_max` in all. False when there is none.
  bool make_room(std::size_t bytes_max) {
    if (input_end_ < input_.size()) return true;
    if (input_begin_ > 0) {
      std::memmove(input_.data(), input_.data() + input_begin_, input_size());
      input_end_ -= input_begin_;
      input_begin_ = 0;
      return true;
    }
    if (input_.size() >= bytes_max) return false;
    input_.resize(std::min(input_.size() * 2, bytes_max));
    return true;
  }

  template <class Next>
  void read_some(Next next) {
    read_pending_ = true;
    stream_.async_read_some(asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
                            [self = this->shared_from_this(), next](boost::system::error_code error,
                                                                    std::size_t bytes) {
                              self->server_.counts.bytes_in += bytes;
                              self->input_end_ += bytes;
                              self->after_read(error, next);
                            });
  }

  template <class Next>
  void after_read(boost::system::error_code error, Next next) {
    read_pending_ = false;
    if (state_ == State::lingering) return shut_down();
    if (timed_out_) return refuse_and_close(408, "it did not arrive in time");
    if (!error) return (this->*next)();
    // The client went away, in the middle of a request or between two, or has no more to say.
    state_ = State::over;
    if (turns_.empty()) cut();
  }

  // ---- the head ----

  void read_head() {
    if (state_ != State::head) {
      state_ = State::head;
      if (!read_) read_ = spare_ ? std::move(spare_) : std::make_unique<Turn>();
      head_searched_ = 0;
      if (input_size() == 0) set_deadline(server_.limits.idle_timeout);
      first_byte_seen_ = false;
    }
    if (input_size() > 0 && !first_byte_seen_) {
      first_byte_seen_ = true;
      set_deadline(server_.limits.request_timeout);
    }
    // A client may send an empty line after its last body (RFC 9112, 2.2).
    while (head_searched_ == 0 && (input().starts_with('\r') || input().starts_with('\n')))
      consume(1);
    constexpr std::string_view kEnd = "\r\n\r\n";
    const auto end = input().find(kEnd, head_searched_ > 3 ? head_searched_ - 3 : 0);
    if (end != std::string_view::npos) return on_head(end + kEnd.size());
    head_searched_ = input_size();
    if (input_size() >= server_.limits.head_bytes_max || !make_room(server_.limits.head_bytes_max))
      return refuse_and_close(431, "its head is larger than " +
                                       std::to_string(server_.limits.head_bytes_max) + " bytes");
    if (server_.draining && input_size() == 0 && turns_.empty()) return cut();
    read_some(&Connection::read_head);
  }

  void on_head(std::size_t bytes) {
    if (bytes > server_.limits.head_bytes_max)
      return refuse_and_close(431, "its head is too large");
    const bool good = reader().read(input().substr(0, bytes));
    consume(bytes);
    if (!good) return refuse_and_close(400, reader().problem());
    reader().request().secure = kSecure;
    read_->joinable = reader().keep_alive() && !reader().chunked() &&
                      !reader().expects_continue() &&
                      reader().content_length() <= server_.limits.joined_body_bytes_max &&
                      server_.handler->may_be_joined(reader().request());
    state_ = State::held;
    if (turns_.empty() || joins()) read_body();
  }

  // Whether what is being read need not wait for what is under way, all of which is joinable and
  // has one target, that of the newest good answer.
  bool joins() const {
    return read_->joinable && turns_.size() < server_.limits.joined_requests_max &&
           !server_.draining && read_->reader.request().target == joined_target_ &&
           turns_.back()->reader.request().target == joined_target_;
  }

  // ---- the body ----

  HeadReader& reader() { return read_->reader; }

  void read_body() {
    state_ = State::body;
    read_->body.clear();
    body_seen_ = 0;
    const std::uint64_t length = reader().content_length();
    if (reader().chunked()) return expects_more() ? say_continue() : read_chunks();
    if (length > server_.limits.body_bytes_max) {
      reader().request().body_too_large = true;
      // Who asked first is told before the body is on its way; else it is read and dropped.
      if (expects_more() || length > server_.limits.body_discarded_bytes_max) {
        read_->must_close = true;
        return dispatch();
      }
      return discard_body();
    }
    if (input_size() >= length && !read_->joinable) {  // nothing is copied
      body_in_input_ = length;
      reader().request().body = input().substr(0, length);
      return dispatch();
    }
    if (expects_more()) return say_continue();
    read_sized_body();
  }

  bool expects_more() const { return read_->reader.expects_continue() && input_size() == 0; }

  void say_continue() {
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    set_deadline(server_.limits.write_timeout);
    asio::async_write(stream_, asio::buffer(output_),
                      [self = this->shared_from_this()](boost::system::error_code error, auto) {
                        if (error) return self->cut();
                        self->set_deadline(self->server_.limits.request_timeout);
                        self->reader().chunked() ? self->read_chunks() : self->read_sized_body();
                      });
  }

  void read_sized_body() {
    const auto length = static_cast<std::size_t>(reader().content_length());
    if (read_->body.size() != length) {
      read_->body.resize(length);
      body_seen_ = 0;
    }
    const std::size_t ready = std::min(length - body_seen_, input_size());
    std::memcpy(read_->body.data() + body_seen_, input().data(), ready);
    body_seen_ += ready;
    consume(ready);
    if (body_seen_ == length) {
      reader().request().body = read_->body;
      return dispatch();
    }
    read_pending_ = true;
    stream_.async_read_some(
        asio::buffer(read_->body.data() + body_seen_, length - body_seen_),
        [self = this->shared_from_this()](boost::system::error_code error, std::size_t bytes) {
          self->server_.counts.bytes_in += bytes;
          self->body_seen_ += bytes;
          self->after_read(error, &Connection::read_sized_body);
        });
  }

  void discard_body() {
    const std::uint64_t left = reader().content_length() - body_seen_;
    const std::size_t ready = static_cast<std::size_t>(std::min<std::uint64_t>(left, input_size()));
    consume(ready);
    body_seen_ += ready;
    if (body_seen_ == reader().content_length()) return dispatch();
    read_some(&Connection::discard_body);
  }

  void read_chunks() {
    const auto taken = reader().read_chunks(input(), read_->body, server_.limits.body_bytes_max);
    consume(taken.bytes);
    body_seen_ += taken.bytes;
    if (taken.failed) return refuse_and_close(400, "its chunked body is malformed");
    if (taken.done) {
      reader().request().body = read_->body;
      return dispatch();
    }
    if (body_seen_ > server_.limits.body_discarded_bytes_max) {
      read_->must_close = true;
      return dispatch();
    }
    if (!make_room(server_.limits.head_bytes_max))
      return refuse_and_close(400, "its chunked body is malformed");
    read_some(&Connection::read_chunks);
  }

  // ---- the answer ----

  void dispatch() {
    state_ = State::waiting;
    Turn& turn = *turns_.emplace_back(std::move(read_));
    turn.ended = false;
    turn.running = server_.handler->handle(turn.reader.request());
    turn.running.start([self = this->shared_from_this(), &turn] {
      turn.ended = true;
      self->answer_next();
    });
    if (turn.joinable) read_head();
  }

  // The answer of the oldest request, if it is there.
  void answer_next() {
    if (writing_ || state_ == State::lingering || turns_.empty() || !turns_.front()->ended) return;
    writing_ = true;
    Turn& turn = *turns_.front();
    // A server that drains still answers all that it has begun.
    const bool last = server_.draining && turns_.size() == 1;
    if (turn.refusal) return respond(std::move(*turn.refusal), Method::other, false);
    try {
      respond(turn.running.take(), turn.reader.request().method,
              turn.reader.keep_alive() && !turn.must_close && !last);
    } catch (const std::exception& failure) {
      respond(server_.handler->refuse(500, failure.what()), Method::other, false);
    }
  }

  void respond(HttpResponse response, Method method, bool keep_alive) {
    response_ = std::move(response);
    keep_alive_ = keep_alive && !response_.close;
    const bool body_wanted = !bodiless(response_.status, method);
    if (!body_wanted) {
      if (!response_.content_length && method == Method::head)
        response_.content_length = response_.body.size();
      response_.source.reset();
    }
    output_.clear();
    append_head(output_, response_, keep_alive_, server_.date);
    body_left_ = response_.source ? response_.content_length.value_or(0) : 0;
    std::string_view second;
    if (body_wanted && !response_.source) {
      if (response_.body.size() <= kCopiedBodyBytesMax)
        output_ += response_.body;
      else
        second = response_.body;
    }
    write(output_, second);
  }

  void write(std::string_view first, std::string_view second) {
    to_write_ = {asio::buffer(first.data(), first.size()),
                 asio::buffer(second.data(), second.size())};
    write_some();
  }

  void write_some() {
    write_deadline_ = server_.now + server_.limits.write_timeout;
    stream_.async_write_some(to_write_, [self = this->shared_from_this()](
                                            boost::system::error_code error, std::size_t bytes) {
      self->server_.counts.bytes_out += bytes;
      if (error) return self->give_up();
      for (asio::const_buffer& part : self->to_write_) {
        const std::size_t taken = std::min(bytes, part.size());
        part += taken;
        bytes -= taken;
      }
      if (self->to_write_[0].size() + self->to_write_[1].size() > 0) return self->write_some();
      self->on_written();
    });
  }

  void on_written() {
    if (!response_.source) return on_response_done();
    if (body_left_ == 0) return on_response_done();
    write_deadline_ = Clock::time_point::max();  // the source's waits have limits of their own
    pulling_ = response_.source->next();
    pulling_.start([self = this->shared_from_this()] { self->on_piece(); });
  }

  void on_piece() {
    std::optional<std::string> piece;
    try {
      piece = pulling_.take();
    } catch (const std::exception&) {
      piece.reset();
    }
    // Fewer or more bytes than promised cannot be told but by cutting the connection.
    if (!piece || piece->empty() || piece->size() > body_left_) return give_up();
    body_left_ -= piece->size();
    output_ = std::move(*piece);
    write(output_, {});
  }

  void give_up() {
    cut();
    response_ = {};  // lets go of the source
  }

  void on_response_done() {
    writing_ = false;
    consume(body_in_input_);
    body_in_input_ = 0;
    Turn& turn = *turns_.front();
    if (turn.joinable && response_.status < 300) joined_target_ = turn.reader.request().target;
    turn.running = {};
    response_ = {};
    spare_ = std::move(turns_.front());
    turns_.pop_front();
    if (!keep_alive_) return finish();
    answer_next();
    go_on_reading();
  }

  void go_on_reading() {
    if (state_ == State::held && (turns_.empty() || joins())) {
      set_deadline(server_.limits.request_timeout);
      return read_body();
    }
    if (!turns_.empty()) return;
    if (state_ == State::waiting) return read_head();
    if (state_ == State::over) return cut();
    if (state_ == State::head && input_size() == 0) {
      set_deadline(server_.limits.idle_timeout);
      if (server_.draining) cut();
    }
  }

  // Closing with unread input would make the kernel reset the connection, and the client could lose
  // our answer: so our side is closed first and what comes is read for a moment.
  void finish() {
    state_ = State::lingering;
    set_deadline(server_.limits.linger_timeout);
    if (read_pending_) return cancel();  // after_read() goes on
    shut_down();
  }

  void shut_down() {
    if constexpr (kSecure) {
      stream_.async_shutdown([self = this->shared_from_this()](boost::system::error_code) {
        self->close_and_linger();
      });
    } else {
      close_and_linger();
    }
  }

  void close_and_linger() {
    boost::system::error_code ignored;
    socket().shutdown(Socket::shutdown_send, ignored);
    linger();
  }

  void linger() {
    input_begin_ = input_end_ = 0;
    socket().async_read_some(
        asio::buffer(input_),
        [self = this->shared_from_this()](boost::system::error_code error, std::size_t) {
          if (error) return self->cut();
          self->linger();
        });
  }

  std::shared_ptr<ServerState> state_held_;
  ServerState& server_;
  Stream stream_;
  State state_ = State::handshake;
  Clock::time_point deadline_ = Clock::time_point::max();  // of reading
  bool timed_out_ = false;
  bool first_byte_seen_ = false;
  bool read_pending_ = false;

  std::vector<char> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::size_t head_searched_ = 0;
  std::size_t body_in_input_ = 0;  // of the request being answered

  std::unique_ptr<Turn> read_;               // what is being read
  std::deque<std::unique_ptr<Turn>> turns_;  // under way; the first is the next to be answered
  std::unique_ptr<Turn> spare_;
  std::string joined_target_;
  std::uint64_t body_seen_ = 0;

  bool writing_ = false;  // the answer of the first turn; true for good where that failed
  bool keep_alive_ = false;
  Clock::time_point write_deadline_ = Clock::time_point::max();
  Async<std::optional<std::string>> pulling_;
  HttpResponse response_;
  std::uint64_t body_left_ = 0;
  std::string output_;
  std::array<asio::const_buffer, 2> to_write_;
};

}  // namespace windlass::gateway
