// Requests of one connection that are under way together.
#include "tests/gateway/http/running_server.h"

#include <future>

using namespace windlass;
using namespace windlass::gateway;
using windlass::gateway::tests::Running;
using windlass::tests::RawClient;

namespace {

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

BOOST_AUTO_TEST_SUITE(gateway_http_joined_requests)

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
