#include "loadtest/driver.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <time.h>

#include <deque>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kProblemBytesMax = 500;
constexpr std::uint64_t kBodyBytesMax = 256 * 1024 * 1024;
constexpr int kServerBusy = 503;

double thread_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::uint64_t nanoseconds(Clock::duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

class Driver {
 public:
  Driver(const Target& target, Load load)
      : target_(target),
        load_(std::move(load)),
        arrivals_(load_.rhythm, load_.per_second, load_.seed) {
    if (load_.pipelined == 0 || (load_.pipelined > 1 && is_open_loop()))
      throw std::runtime_error("requests are pipelined in a closed loop only, one at least");
    server_ = tcp::endpoint(asio::ip::make_address(target.host), target.port);
  }

  LoadResult run() {
    const double cpu = thread_cpu_seconds();
    start_ = Clock::now();
    for (unsigned i = 0; i < load_.connections; ++i) {
      asio::co_spawn(io_, connection(), [this](const std::exception_ptr& error) {
        if (error && !error_) error_ = error;
        if (error) io_.stop();
      });
    }
    io_.run();
    if (error_) std::rethrow_exception(error_);
    result_.seconds = std::chrono::duration<double>(last_answer_ - start_).count();
    result_.own_cpu_seconds = thread_cpu_seconds() - cpu;
    for (std::size_t second = 0; second < by_second_.size(); ++second) {
      result_.answered_per_second.emplace_back(static_cast<double>(second),
                                               static_cast<double>(by_second_[second]));
    }
    return std::move(result_);
  }

 private:
  struct Due {
    Clock::time_point at;
    Request request;
  };

  bool is_open_loop() const { return load_.rhythm != Rhythm::closed; }

  std::optional<Due> take() {
    while (!over_) {
      Due due{start_ + std::chrono::nanoseconds(arrivals_.next()), {}};
      const Clock::time_point now = Clock::now();
      const Clock::time_point asked = is_open_loop() ? due.at : now;
      if (load_.lasts.count() != 0 && asked - start_ >= load_.lasts) break;
      std::optional<Request> request = load_.next(number_++);
      if (!request) break;
      if (is_open_loop() && load_.lasts.count() != 0 &&
          now - start_ >= load_.lasts + load_.late_max) {
        ++result_.never_sent;  // and so are those after it: each is drawn, to be counted
        continue;
      }
      due.request = std::move(*request);
      return due;
    }
    over_ = true;
    return std::nullopt;
  }

// With sanitizers GCC 12 sees that Asio has the frame from aligned_alloc(), and does not look into
// Asio's operator delete, which gives it back to free().
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
  asio::awaitable<void> connection() {
    tcp::socket socket(io_);
    asio::steady_timer timer(io_);
    boost::beast::flat_buffer buffer;
    std::deque<Due> sent;  // not answered yet
    for (;;) {
      std::string text;
      while (sent.size() < load_.pipelined) {
        std::optional<Due> due = take();
        if (!due) break;
        if (is_open_loop() && due->at > Clock::now()) {
          timer.expires_at(due->at);
          co_await timer.async_wait(asio::use_awaitable);
        }
        if (!socket.is_open()) {
          buffer.clear();
          co_await socket.async_connect(server_, asio::use_awaitable);
          socket.set_option(tcp::no_delay(true));
        }
        if (!is_open_loop()) due->at = Clock::now();
        text += request_text(target_, due->request.verb, due->request.path, due->request.body);
        sent.push_back(std::move(*due));
      }
      if (sent.empty()) co_return;
      boost::system::error_code broken;
      co_await asio::async_write(socket, asio::buffer(text),
                                 asio::redirect_error(asio::use_awaitable, broken));
      // One answer, and those that have come with it.
      do {
        Parser parser;
        parser.body_limit(kBodyBytesMax);
        if (!broken) {
          co_await http::async_read(socket, buffer, parser,
                                    asio::redirect_error(asio::use_awaitable, broken));
        }
        if (broken) break;
        seen(sent.front().request, parser.get().result_int(), parser.get().body(), sent.front().at);
        sent.pop_front();
        if (!parser.get().keep_alive()) broken = http::error::end_of_stream;
      } while (!sent.empty() && buffer.size() > 0);
      if (!broken) continue;
      for (const Due& lost : sent) seen(lost.request, 0, broken.message(), lost.at);
      sent.clear();
      socket.close(broken);
    }
  }
#pragma GCC diagnostic pop

  void seen(const Request& request, unsigned status, const std::string& body,
            Clock::time_point from) {
    last_answer_ = Clock::now();
    ++result_.statuses[static_cast<int>(status)];
    const std::uint64_t took = nanoseconds(last_answer_ - from);
    if (status >= 200 && status < 300) {
      result_.answered[request.kind].record(took);
      const auto second = static_cast<std::size_t>(
          std::chrono::duration_cast<std::chrono::seconds>(last_answer_ - start_).count());
      if (by_second_.size() <= second) by_second_.resize(second + 1);
      ++by_second_[second];
      return;
    }
    result_.refused[request.kind].record(took);
    if (status != kServerBusy && result_.first_problem.empty()) {
      result_.first_problem = request.verb + " " + request.path + " answered " +
                              std::to_string(status) + ": " + body.substr(0, kProblemBytesMax);
    }
  }

  const Target target_;
  Load load_;
  Arrivals arrivals_;
  tcp::endpoint server_;
  asio::io_context io_{1};
  Clock::time_point start_;
  Clock::time_point last_answer_;
  std::int64_t number_ = 0;
  bool over_ = false;
  std::vector<std::uint64_t> by_second_;
  std::exception_ptr error_;
  LoadResult result_;
};

}  // namespace

std::uint64_t LoadResult::answered_total() const {
  std::uint64_t total = 0;
  for (const auto& [kind, histogram] : answered) total += histogram.count();
  return total;
}

LoadResult run_load(const Target& target, Load load) {
  try {
    return Driver(target, std::move(load)).run();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("no answer from " + target.host + ":" + std::to_string(target.port) +
                             ": " + error.code().message());
  }
}

}  // namespace windlass::loadtest
