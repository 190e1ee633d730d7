#include "tests/gateway/http/running_server.h"

#include <future>

using namespace windlass;
using namespace windlass::gateway;
using windlass::gateway::tests::Running;
using windlass::tests::RawClient;

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

BOOST_AUTO_TEST_SUITE_END()
