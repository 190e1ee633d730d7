// A server on a thread of its own, whose handler says what it was asked.
#pragma once

#include "gateway/http/server.h"
#include "tests/gateway/http/in_loop.h"
#include "tests/gateway/http/raw_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

namespace windlass::gateway::tests {

// Counts up from a fixed text, in pieces.
class Pieces final : public BodySource {
 public:
  Pieces(int count, bool fails) : left_(count), fails_(fails) {}
  Async<std::optional<std::string>> next() override {
    if (left_ == 0 && fails_) co_return std::nullopt;
    --left_;
    co_return std::string(100'000, static_cast<char>('a' + left_ % 26));
  }

 private:
  int left_;
  bool fails_;
};

// Says what it was asked; some paths behave otherwise.
class Echo final : public RequestHandler {
 public:
  Async<HttpResponse> handle(const HttpRequest& request) override {
    HttpResponse response;
    if (request.target == "/wait") {
      waiting.emplace_back();
      Later<int>& later = *waiting.back();
      const int number = co_await later;
      response.body = "waited " + std::to_string(number);
      co_return response;
    }
    if (request.target.starts_with("/join")) {
      const std::string body(request.body);
      if (body == "first") co_return response;
      joined.push_back(body);
      joins.push_back(std::make_unique<Later<int>>());
      Later<int>& later = *joins.back();
      const int status = co_await later;
      if (status == 0) throw std::runtime_error("broken");
      response.status = status;
      response.body = std::string(request.target) + " " + std::string(request.body);
      co_return response;
    }
    if (request.target == "/throw") throw std::runtime_error("broken");
    if (request.target == "/stream" || request.target == "/cut") {
      response.content_length = 1'000'000;
      response.source =
          std::make_unique<Pieces>(request.target == "/cut" ? 3 : 10, request.target == "/cut");
      co_return response;
    }
    if (request.target == "/large") {
      response.body = std::string(3'000'000, 'x');
      co_return response;
    }
    if (request.target == "/204") {
      response.status = 204;
      co_return response;
    }
    response.content_type = "text/plain";
    response.headers.emplace_back("X-Seen", std::string(request.header("x-ASK")));
    response.body = std::string(request.method_text) + " " + std::string(request.target) + " " +
                    (request.body_too_large ? "TOO LARGE" : std::string(request.body)) +
                    (request.has_length ? "" : " (no length)");
    co_return response;
  }
  bool may_be_joined(const HttpRequest& request) const override {
    return request.target.starts_with("/join");
  }
  HttpResponse refuse(int status, std::string_view reason) override {
    HttpResponse response;
    response.status = status;
    response.body = reason;
    response.content_type = "text/plain";
    return response;
  }

  // Owned by pointer: a Later does not move.
  struct Waiting {
    std::unique_ptr<Later<int>> later = std::make_unique<Later<int>>();
    Later<int>& operator*() { return *later; }
  };
  std::vector<Waiting> waiting;
  std::vector<std::string> joined;  // the bodies of those that wait at /join, as they came
  std::vector<std::unique_ptr<Later<int>>> joins;
};

// The server on a thread of its own.
struct Running {
  explicit Running(ServerLimits limits = {}) {
    server = std::make_unique<HttpServer>(io, echo, limits);
    port = server->listen({"127.0.0.1", 0}, "--listen").port;
    thread = std::jthread([this] { io.run(); });
  }
  ~Running() {
    io.stop();
    thread.join();
    server.reset();
  }
  template <class Function>
  auto in_loop(Function function) {
    return windlass::tests::in_loop(io, std::move(function));
  }
  template <class Condition>
  void wait_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!in_loop(condition) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    BOOST_REQUIRE(in_loop(condition));
  }

  // Those at /join.
  void wait_joined(std::size_t total) {
    wait_until([this, total] { return echo.joined.size() == total; });
  }
  void answer(std::size_t which, int status = 200) {
    in_loop([this, which, status] {
      echo.joins.at(which)->set(status);
      return 0;
    });
  }
  std::vector<std::string> joined() {
    return in_loop([this] { return echo.joined; });
  }

  boost::asio::io_context io{1};
  Echo echo;
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;
  std::jthread thread;
};

}  // namespace windlass::gateway::tests
