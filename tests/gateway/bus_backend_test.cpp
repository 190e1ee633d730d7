#include "gateway/bus_backend.h"

#include "tests/broker/road.h"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>

using namespace windlass;
using namespace windlass::gateway;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(gateway_bus_backend)

namespace {

// A broker on its thread; the gateway's loop, a shard and a worker's files in turns on this one.
struct Road {
  explicit Road(ShardId shards_total = 1, std::size_t outstanding_max = 1000) {
    shard = std::make_unique<test::TestShard>(std::vector{bus}, ShardId{0}, shards_total);
    BusBackendOptions options;
    options.bus = {.kind = PeerKind::gateway, .instance = bus::random_instance(), .brokers = {bus}};
    options.bulk = options.bus;
    options.bulk.brokers = {bulk};
    options.shards_total = shards_total;
    options.outstanding_per_shard_max = outstanding_max;
    options.away_patience = 100ms;
    backend = std::make_unique<BusBackend>(io, options);
  }
  ~Road() {
    io.stop();
    backend.reset();
  }

  bool run_until(const std::function<bool()>& done) {
    const MonoTime end = runtime::mono_now() + test::kPatience;
    while (!done()) {
      if (runtime::mono_now() > end) return false;
      io.run_one_for(1ms);
      if (shard) shard->turn(runtime::mono_now());
      if (worker) serve_files();
    }
    return true;
  }

  void serve_files() {
    const MonoTime now = runtime::mono_now();
    for (bus::BulkEvent& event : worker->poll(now)) {
      if (auto* asked = std::get_if<bus::FileAsked>(&event)) {
        FileReply reply;
        reply.id = asked->request.id;
        reply.data = "bytes of " + asked->request.path;
        worker->send(asked->from, reply);
      }
    }
    worker->flush(now);
  }

  Later<Answer>& ask(ShardId to, const std::string& job, Duration patience = 30s) {
    Later<Answer>& later = answers.emplace_back();
    backend->ask(to, Command{"a", DeleteJob{job, {}}}, runtime::mono_now() + patience, later);
    return later;
  }
  static std::string text_of(Later<Answer>& later) {
    const Answer answer = later.await_resume();
    if (const auto* error = std::get_if<Error>(&answer))
      return std::string(to_string(error->code)) + ": " +
             (error->values.empty() ? "" : error->values[0].value);
    return std::holds_alternative<Done>(answer) ? "done" : "something else";
  }

  test::SocketFolder folder;
  std::string bus = folder.endpoint("bus");
  std::string bulk = folder.endpoint("bulk");
  test::RunningBroker broker{bus, bulk};
  boost::asio::io_context io{1};
  std::unique_ptr<test::TestShard> shard;
  std::unique_ptr<bus::BulkEndpoint> worker;
  std::unique_ptr<BusBackend> backend;
  std::deque<Later<Answer>> answers;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_command_gets_its_own_answer) {
  Road road;
  for (int i = 0; i < 500; ++i) road.ask(0, "j" + std::to_string(i));
  BOOST_REQUIRE(road.run_until([&] {
    return std::all_of(road.answers.begin(), road.answers.end(),
                       [](const auto& later) { return later.has_value(); });
  }));
  for (auto& later : road.answers) BOOST_REQUIRE(Road::text_of(later) == "done");
  BOOST_TEST(road.shard->commands_applied.size() == 500u);
  BOOST_TEST(road.run_until([&] { return road.backend->missing().empty(); }));
}

BOOST_AUTO_TEST_CASE(answer_that_does_not_come_is_timed_out) {
  Road road;
  auto& first = road.ask(0, "first");
  BOOST_REQUIRE(road.run_until([&] { return first.has_value(); }));
  road.shard->answering = false;
  auto& later = road.ask(0, "j", 300ms);
  BOOST_REQUIRE(road.run_until([&] { return later.has_value(); }));
  BOOST_TEST(Road::text_of(later) == "operation_timed_out: ");
  // The next one is heard again: nothing was left behind.
  road.shard->answering = true;
  auto& next = road.ask(0, "k");
  BOOST_REQUIRE(road.run_until([&] { return next.has_value(); }));
  BOOST_TEST(Road::text_of(next) == "done");
}

BOOST_AUTO_TEST_CASE(shard_that_is_away_is_busy_and_the_others_go_on) {
  Road road(2);
  BOOST_REQUIRE(
      road.run_until([&] { return road.backend->missing() == "shard 1 cannot be reached"; }));
  // For a moment requests wait; then they are told at once.
  auto& waiting = road.ask(1, "j", 300ms);
  BOOST_REQUIRE(road.run_until([&] { return waiting.has_value(); }));
  BOOST_TEST(Road::text_of(waiting) == "server_busy: Shard 1 cannot be reached");
  BOOST_TEST(road.ask(1, "j").has_value());
  auto& here = road.ask(0, "j");
  BOOST_REQUIRE(road.run_until([&] { return here.has_value(); }));
  BOOST_TEST(Road::text_of(here) == "done");
}

BOOST_AUTO_TEST_CASE(too_many_waiting_is_busy) {
  Road road(1, 3);
  road.shard->answering = false;
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(!road.backend->refusal(0).has_value());
    BOOST_TEST(!road.ask(0, "j").has_value());
  }
  BOOST_TEST(road.backend->refusal(0).has_value());
  auto& fourth = road.ask(0, "j");
  BOOST_REQUIRE(fourth.has_value());
  BOOST_TEST(Road::text_of(fourth) == "server_busy: Too many requests wait for shard 0");
}

BOOST_AUTO_TEST_CASE(files_come_over_the_bulk_road) {
  Road road;
  const InstanceId instance = bus::random_instance();
  road.worker = std::make_unique<bus::BulkEndpoint>(bus::EndpointOptions{
      .kind = PeerKind::worker, .instance = instance, .worker = 1, .brokers = {road.bulk}});
  // Asked again until the worker's hello has arrived at the broker.
  std::deque<Later<FileReply>> replies;
  const auto ask = [&](InstanceId to) -> Later<FileReply>& {
    FileRequest request;
    request.path = "stdout.txt";
    auto& later = replies.emplace_back();
    road.backend->ask_files(to, request, runtime::mono_now() + Duration(30s), later);
    return later;
  };
  BOOST_REQUIRE(road.run_until([&] {
    if (!replies.empty() && !replies.back().has_value()) return false;
    if (replies.empty()) {
      ask(instance);
      return false;
    }
    const FileReply reply = replies.back().await_resume();
    if (!reply.error) {
      BOOST_TEST(reply.data == "bytes of stdout.txt");
      return true;
    }
    ask(instance);
    return false;
  }));
  auto& nobody = ask(bus::random_instance());
  BOOST_REQUIRE(road.run_until([&] { return nobody.has_value(); }));
  BOOST_TEST((nobody.await_resume().error->code == ErrorCode::node_not_ready));
}

BOOST_AUTO_TEST_SUITE_END()
