#include "gateway/http/server.h"

#include "tests/gateway/http/raw_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <map>
#include <thread>

using namespace windlass;
using namespace windlass::gateway;
using windlass::tests::RawClient;

namespace {

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
  // Runs on the loop's thread.
  template <class Function>
  auto in_loop(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    boost::asio::post(io, std::move(task));
    return result.get();
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

std::string post(const std::string& target, const std::string& body, const std::string& more = {}) {
  return "POST " + target + " HTTP/1.1\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A connection on which requests for `target` join from now on.
struct Joining {
  explicit Joining(Running& running, const std::string& target = "/join") : client(running.port) {
    client.send(post(target, "first"));
    BOOST_REQUIRE(client.receive().status == 200);
  }
  RawClient client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_http_server)

BOOST_AUTO_TEST_CASE(requests_of_a_connection_are_answered_in_order) {
  Running running;
  RawClient client(running.port);
  std::string pipeline;
  for (int i = 0; i < 100; ++i)
    pipeline +=
        "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
  client.send(pipeline);
  for (int i = 0; i < 100; ++i) {
    const auto response = client.receive();
    BOOST_REQUIRE(response.status == 200);
    BOOST_REQUIRE(response.body == "POST /" + std::to_string(i) + " hi");
  }
  BOOST_TEST(running.in_loop([&] { return running.server->counts().connections; }) == 1u);
}

BOOST_AUTO_TEST_CASE(bytes_may_come_one_by_one) {
  Running running;
  RawClient client(running.port);
  const std::string request =
      "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nX-Ask: yes\r\nContent-Length: 5\r\n\r\nhello";
  for (const char byte : request) client.send({&byte, 1});
  const auto response = client.receive();
  BOOST_TEST(response.body == "POST /a hello");
  BOOST_TEST(response.header("X-Seen") == "yes");
  BOOST_TEST(!response.header("Date").empty());
}

BOOST_AUTO_TEST_CASE(large_bodies_in_both_directions) {
  Running running;
  RawClient client(running.port);
  const std::string body(1024 * 1024, 'b');
  client.send("PUT /b HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" + body);
  BOOST_TEST(client.receive().body == "PUT /b " + body);
  client.send("GET /large HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.receive().body.size() == 3'000'000u);
}

BOOST_AUTO_TEST_CASE(body_over_the_limit_is_read_and_told) {
  Running running;
  RawClient client(running.port);
  client.send("PUT /b HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n" + std::string(1048577, 'b'));
  BOOST_TEST(client.receive().body == "PUT /b TOO LARGE");
  client.send("GET /next HTTP/1.1\r\n\r\n");  // the connection is still good
  BOOST_TEST(client.receive().body == "GET /next  (no length)");
}

BOOST_AUTO_TEST_CASE(chunked_bodies_are_joined) {
  Running running;
  RawClient client(running.port);
  client.send(
      "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n"
      "GET /next HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.receive().body == "POST /c hello world");
  BOOST_TEST(client.receive().body == "GET /next  (no length)");

  std::string large = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 110; ++i) large += "2710\r\n" + std::string(10000, 'z') + "\r\n";
  client.send(large + "0\r\n\r\n");
  BOOST_TEST(client.receive().body == "POST /c TOO LARGE");
}

BOOST_AUTO_TEST_CASE(expect_continue_is_answered_before_the_body) {
  Running running;
  RawClient client(running.port);
  client.send("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  BOOST_TEST(client.receive(true).status == 100);
  client.send("body");
  BOOST_TEST(client.receive().body == "POST /e body");
  // Too large: told at once, without inviting the body.
  client.send("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
  BOOST_TEST(client.receive().body == "POST /e TOO LARGE");
}

BOOST_AUTO_TEST_CASE(head_and_no_content_have_no_body) {
  Running running;
  RawClient client(running.port);
  client.send("HEAD /h HTTP/1.1\r\n\r\nGET /204 HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
  const auto head = client.receive(true);
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.header("Content-Length") == "20");
  const auto none = client.receive();
  BOOST_TEST(none.status == 204);
  BOOST_TEST(none.header("Content-Length") == "");
  BOOST_TEST(client.receive().body == "GET /x  (no length)");
}

BOOST_AUTO_TEST_CASE(connection_close_and_http_10_end_the_connection) {
  Running running;
  RawClient close(running.port);
  close.send("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto response = close.receive();
  BOOST_TEST(response.header("Connection") == "close");
  BOOST_TEST(close.closed_by_server());
  RawClient old(running.port);
  old.send("GET /x HTTP/1.0\r\n\r\n");
  BOOST_TEST(old.receive().status == 200);
  BOOST_TEST(old.closed_by_server());
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused) {
  Running running;
  const std::pair<std::string, int> cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\n\r\n", 400},
      {"GET /x HTTP/2.0\r\n\r\n", 400},
      {"GET /x HTTP/1.1\r\nBad Header: 1\r\n\r\n", 400},
      {"GET /x HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n", 400},
      {"GET /x HTTP/1.1\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n", 431},
  };
  for (const auto& [bytes, status] : cases) {
    RawClient client(running.port);
    client.send(bytes);
    const auto response = client.receive();
    BOOST_TEST(response.status == status, bytes.substr(0, 60) << " -> " << response.status);
    BOOST_TEST(response.header("Connection") == "close");
    BOOST_TEST(client.closed_by_server());
  }
  std::string many = "GET /x HTTP/1.1\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  RawClient client(running.port);
  client.send(many + "\r\n");
  BOOST_TEST(client.receive().status == 400);
}

BOOST_AUTO_TEST_CASE(slow_and_silent_clients_are_let_go) {
  ServerLimits limits;
  limits.request_timeout = std::chrono::milliseconds(300);
  limits.idle_timeout = std::chrono::milliseconds(300);
  Running running(limits);
  RawClient idle(running.port);
  RawClient slow_head(running.port);
  RawClient slow_body(running.port);
  slow_head.send("GET /x HT");
  slow_body.send("POST /x HTTP/1.1\r\nContent-Length: 10\r\n\r\nab");
  BOOST_TEST(slow_head.receive().status == 408);
  BOOST_TEST(slow_head.closed_by_server());
  BOOST_TEST(slow_body.receive().status == 408);
  BOOST_TEST(idle.closed_by_server());
}

BOOST_AUTO_TEST_CASE(client_that_takes_nothing_is_cut) {
  ServerLimits limits;
  limits.write_timeout = std::chrono::milliseconds(300);
  Running running(limits);
  RawClient client(running.port);
  std::string pipeline;
  for (int i = 0; i < 50; ++i) pipeline += "GET /large HTTP/1.1\r\n\r\n";
  client.send(pipeline);
  running.wait_until([&] { return running.server->counts().bytes_in == pipeline.size(); });
  running.wait_until([&] { return running.server->counts().connections == 0; });
}

BOOST_AUTO_TEST_CASE(body_can_come_from_a_source) {
  Running running;
  RawClient client(running.port);
  client.send("GET /stream HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
  const auto response = client.receive();
  BOOST_TEST(response.body.size() == 1'000'000u);
  BOOST_TEST(response.body.front() == 'j');
  BOOST_TEST(response.body.back() == 'a');
  BOOST_TEST(client.receive().status == 200);
  client.send("HEAD /stream HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.receive(true).header("Content-Length") == "1000000");
  // A source that fails half way: the client sees a short body, never a wrong one.
  client.send("GET /cut HTTP/1.1\r\n\r\n");
  const std::string bytes = client.receive_all();
  BOOST_TEST(bytes.find("Content-Length: 1000000") != std::string::npos);
  BOOST_TEST(bytes.size() < 400'000u);
}

BOOST_AUTO_TEST_CASE(exception_of_a_handler_is_500) {
  Running running;
  RawClient client(running.port);
  client.send("GET /throw HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.receive().status == 500);
}

BOOST_AUTO_TEST_CASE(connections_over_the_limit_are_told) {
  ServerLimits limits;
  limits.connections_max = 2;
  Running running(limits);
  RawClient a(running.port);
  RawClient b(running.port);
  running.wait_until([&] { return running.server->counts().connections == 2; });
  RawClient c(running.port);
  BOOST_TEST(c.receive().status == 503);
  BOOST_TEST(running.in_loop([&] { return running.server->counts().connections_refused; }) == 1u);
  a.send("GET /x HTTP/1.1\r\n\r\n");
  BOOST_TEST(a.receive().status == 200);
}

BOOST_AUTO_TEST_CASE(requests_wait_without_holding_each_other_back) {
  Running running;
  RawClient waiting(running.port);
  waiting.send("GET /wait HTTP/1.1\r\n\r\n");
  running.wait_until([&] { return running.echo.waiting.size() == 1; });
  RawClient other(running.port);
  other.send("GET /x HTTP/1.1\r\n\r\n");
  BOOST_TEST(other.receive().status == 200);
  running.in_loop([&] {
    (*running.echo.waiting[0]).set(7);
    return 0;
  });
  BOOST_TEST(waiting.receive().body == "waited 7");
}

BOOST_AUTO_TEST_CASE(drain_answers_what_is_under_way_and_takes_no_more) {
  Running running;
  RawClient idle(running.port);
  RawClient busy(running.port);
  busy.send("GET /wait HTTP/1.1\r\n\r\nGET /never HTTP/1.1\r\n\r\n");
  running.wait_until([&] {
    return running.echo.waiting.size() == 1 && running.server->counts().connections == 2;
  });
  std::promise<void> drained;
  running.in_loop([&] {
    running.server->drain([&] { drained.set_value(); });
    return 0;
  });
  BOOST_TEST(idle.closed_by_server());
  BOOST_CHECK_THROW(RawClient(running.port), std::runtime_error);
  running.in_loop([&] {
    (*running.echo.waiting[0]).set(1);
    return 0;
  });
  const auto response = busy.receive();
  BOOST_TEST(response.body == "waited 1");
  BOOST_TEST(response.header("Connection") == "close");
  BOOST_TEST(busy.closed_by_server());
  busy.finish();
  BOOST_TEST(
      (drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(server_may_end_while_requests_wait) {
  Running running;
  RawClient client(running.port);
  client.send("GET /wait HTTP/1.1\r\n\r\n");
  running.wait_until([&] { return running.echo.waiting.size() == 1; });
}

BOOST_AUTO_TEST_CASE(hundreds_of_connections) {
  Running running;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(std::make_unique<RawClient>(running.port));
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) client->send("GET /x HTTP/1.1\r\n\r\n");
    for (auto& client : clients) BOOST_REQUIRE(client->receive().status == 200);
  }
}

BOOST_AUTO_TEST_CASE(joined_requests_are_handled_together_and_answered_in_order) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b"));
  running.wait_joined(2);
  client.send(post("/join", "c"));  // in a packet of its own
  running.wait_joined(3);
  BOOST_TEST((running.joined() == std::vector<std::string>{"a", "b", "c"}));
  running.answer(2);
  running.answer(1, 409);
  RawClient other(running.port);  // the loop has been round, and a is not answered
  other.send("GET /x HTTP/1.1\r\n\r\n");
  BOOST_TEST(other.receive().status == 200);
  BOOST_TEST(!client.readable());
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  const auto second = client.receive();
  BOOST_TEST(second.status == 409);
  BOOST_TEST(second.body == "/join b");
  BOOST_TEST(client.receive().body == "/join c");
  client.send("GET /x HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.receive().body == "GET /x  (no length)");
}

BOOST_AUTO_TEST_CASE(the_first_of_those_that_could_be_joined_is_alone_until_it_is_answered_well) {
  Running running;
  RawClient client(running.port);
  client.send(post("/join", "a") + post("/join", "b") + post("/join", "c") + post("/join", "d"));
  running.wait_joined(1);
  running.answer(0, 503);
  BOOST_TEST(client.receive().status == 503);
  running.wait_joined(2);
  running.answer(1);
  BOOST_TEST(client.receive().body == "/join b");
  running.wait_joined(4);  // c and d together
  running.answer(3);
  running.answer(2);
  BOOST_TEST(client.receive().body == "/join c");
  BOOST_TEST(client.receive().body == "/join d");
}

BOOST_AUTO_TEST_CASE(so_many_requests_are_joined_and_no_more) {
  ServerLimits limits;
  limits.joined_requests_max = 3;
  Running running(limits);
  auto [client] = Joining(running);
  std::string pipeline;
  for (int i = 0; i < 7; ++i) pipeline += post("/join", std::to_string(i));
  client.send(pipeline);
  for (std::size_t i = 0; i < 7; ++i) {
    running.wait_joined(std::min<std::size_t>(7, i + 3));
    running.answer(i);
    BOOST_TEST(client.receive().body == "/join " + std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_join_waits_for_what_is_under_way_and_is_alone) {
  const std::string large(20'000, 'l');
  const std::pair<std::string, std::string> cases[] = {
      {post("/join2", "x"), "/join2 x"},
      {post("/join", large), "/join " + large},
      {"POST /join HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "/join x"},
      {post("/join", "x", "Connection: close\r\n"), "/join x"},
  };
  for (const auto& [bytes, answer] : cases) {
    Running running;
    auto [client] = Joining(running);
    client.send(post("/join", "a") + post("/join", "b") + bytes + post("/join", "never"));
    running.wait_joined(2);
    running.answer(1);
    running.answer(0);
    BOOST_TEST(client.receive().body == "/join a");
    BOOST_TEST(client.receive().body == "/join b");
    running.wait_joined(3);
    // Nothing joins it either.
    RawClient other(running.port);
    other.send("GET /x HTTP/1.1\r\n\r\n");
    BOOST_TEST(other.receive().status == 200);
    BOOST_TEST(running.joined().size() == 3u);
    running.answer(2);
    BOOST_TEST(client.receive().body == answer);
  }

  // Others, which answer at once.
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + "GET /stream HTTP/1.1\r\n\r\n" + post("/join", "b"));
  running.wait_joined(1);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive().body.size() == 1'000'000u);
  running.wait_joined(2);
  running.answer(1);
  BOOST_TEST(client.receive().body == "/join b");
}

BOOST_AUTO_TEST_CASE(a_body_is_invited_when_all_before_it_is_answered) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") +
              "POST /join HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  running.wait_joined(1);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive(true).status == 100);
  client.send("b");
  running.wait_joined(2);
  running.answer(1);
  BOOST_TEST(client.receive().body == "/join b");
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_told_in_its_turn) {
  ServerLimits limits;
  limits.body_bytes_max = 100;
  Running running(limits);
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/echo", std::string(101, 'b')) + post("/join", "c"));
  running.wait_joined(1);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive().body == "POST /echo TOO LARGE");
  running.wait_joined(2);
  running.answer(1);
  BOOST_TEST(client.receive().body == "/join c");
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused_after_the_answers_before_it) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b") + "nonsense\r\n\r\n");
  running.wait_joined(2);
  running.answer(1);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive().body == "/join b");
  BOOST_TEST(client.receive().status == 400);
  BOOST_TEST(client.closed_by_server());
}

BOOST_AUTO_TEST_CASE(half_a_request_behind_others_is_told_after_their_answers) {
  ServerLimits limits;
  limits.request_timeout = std::chrono::milliseconds(300);
  limits.idle_timeout = std::chrono::milliseconds(300);
  Running running(limits);
  auto [client] = Joining(running);
  client.send(post("/join", "a") + "POST /join HT");
  auto [slow_body] = Joining(running);
  slow_body.send(post("/join", "b") + "POST /join HTTP/1.1\r\nContent-Length: 10\r\n\r\nab");
  auto [patient] = Joining(running);
  patient.send(post("/join", "c"));
  running.wait_joined(3);
  RawClient idle(running.port);
  BOOST_TEST(idle.closed_by_server());  // so long, at least
  BOOST_TEST(!client.readable());
  BOOST_TEST(!patient.readable());
  for (std::size_t i = 0; i < 3; ++i) running.answer(i);
  for (RawClient* one : {&client, &slow_body}) {
    BOOST_TEST(one->receive().status == 200);
    BOOST_TEST(one->receive().status == 408);
    BOOST_TEST(one->closed_by_server());
  }
  BOOST_TEST(patient.receive().status == 200);  // it is not the client that was slow
}

BOOST_AUTO_TEST_CASE(a_client_that_has_no_more_to_say_gets_all_answers) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b"));
  client.finish();
  running.wait_joined(2);
  running.answer(1);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive().body == "/join b");
  BOOST_TEST(client.closed_by_server());
  running.wait_until([&] { return running.server->counts().connections == 0; });
}

BOOST_AUTO_TEST_CASE(joined_requests_of_a_client_that_went_away_end_with_their_answers) {
  Running running;
  {
    auto [client] = Joining(running);
    client.send(post("/join", "a") + post("/join", "b"));
    running.wait_joined(2);
  }
  running.answer(1);
  running.answer(0);
  running.wait_until([&] { return running.server->counts().connections == 0; });
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_ends_the_connection_after_the_answers_before_it) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b") + post("/join", "c"));
  running.wait_joined(3);
  running.answer(1, 0);
  running.answer(0);
  BOOST_TEST(client.receive().body == "/join a");
  BOOST_TEST(client.receive().status == 500);
  BOOST_TEST(client.closed_by_server());
  running.answer(2);  // nobody is told
  client.finish();
  running.wait_until([&] { return running.server->counts().connections == 0; });
}

BOOST_AUTO_TEST_CASE(drain_answers_all_that_were_joined_and_takes_no_more) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b"));
  running.wait_joined(2);
  std::promise<void> drained;
  running.in_loop([&] {
    running.server->drain([&] { drained.set_value(); });
    return 0;
  });
  client.send(post("/join", "never"));
  running.answer(1);
  running.answer(0);
  const auto first = client.receive();
  BOOST_TEST(first.body == "/join a");
  BOOST_TEST(first.header("Connection") == "");
  const auto second = client.receive();
  BOOST_TEST(second.body == "/join b");
  BOOST_TEST(second.header("Connection") == "close");
  BOOST_TEST(client.closed_by_server());
  BOOST_TEST(running.joined().size() == 2u);
  client.finish();
  BOOST_TEST(
      (drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(server_may_end_while_joined_requests_wait) {
  Running running;
  auto [client] = Joining(running);
  client.send(post("/join", "a") + post("/join", "b"));
  running.wait_joined(2);
}

BOOST_AUTO_TEST_SUITE_END()
