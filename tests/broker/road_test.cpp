// Endpoints over real sockets and brokers, with brokers and shards that go away in between.
#include "tests/broker/road.h"
#include "bus/brokers.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::test;
using namespace std::chrono_literals;

namespace {

struct OneBroker {
  OneBroker() { start(); }
  void start() {
    broker = std::make_unique<RunningBroker>(folder.endpoint("bus"), folder.endpoint("bulk"));
  }
  std::vector<std::string> bus() const { return {folder.endpoint("bus")}; }
  std::vector<std::string> bulk() const { return {folder.endpoint("bulk")}; }

  SocketFolder folder;
  std::unique_ptr<RunningBroker> broker;
};

EndAttempt order(std::uint64_t number) {
  EndAttempt end;
  end.id.task.task = number;
  return end;
}

bool each_once(const std::map<std::string, int>& counts, std::size_t total) {
  return counts.size() == total &&
         std::all_of(counts.begin(), counts.end(), [](const auto& c) { return c.second == 1; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broker_road)

BOOST_FIXTURE_TEST_CASE(commands_are_applied_and_answered_once_through_broker_restarts, OneBroker) {
  TestShard shard(bus());
  TestPeer gateway(PeerKind::gateway, bus());
  constexpr int kRounds = 5;
  constexpr int kCommands = 200;
  std::size_t sent = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kCommands; ++i, ++sent)
      BOOST_REQUIRE(gateway.delete_job(0, "job" + std::to_string(sent)).has_value());
    const std::size_t before = gateway.answers.size();
    BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] {
      return gateway.answers.size() > before || shard.commands_applied.size() > before;
    }));
    broker.reset();
    for (int i = 0; i < kCommands; ++i, ++sent)
      BOOST_REQUIRE(gateway.delete_job(0, "job" + std::to_string(sent)).has_value());
    gateway.turn(runtime::mono_now());
    shard.turn(runtime::mono_now());
    start();
  }
  BOOST_TEST(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == sent; }));
  BOOST_TEST(each_once(shard.commands_applied, sent));
  for (const auto& [sequence, times] : gateway.answers) BOOST_TEST(times == 1);
  BOOST_TEST(gateway.sessions_lost == 0);
  BOOST_TEST(gateway.endpoint().outstanding(0) == 0U);
}

BOOST_FIXTURE_TEST_CASE(orders_come_once_and_in_order_and_reports_are_acknowledged, OneBroker) {
  TestShard shard(bus());
  TestPeer worker(PeerKind::worker, bus());
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return !worker.opened.empty(); }));
  BOOST_TEST(!worker.opened[0].resumed);
  constexpr std::uint64_t kMessages = 3000;
  for (std::uint64_t i = 1; i <= kMessages; ++i) {
    BOOST_REQUIRE(shard.endpoint().tell(0, shard.worker_session, order(i)));
    BOOST_REQUIRE(worker.report(0, i).has_value());
    if (i == kMessages / 2) {
      BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return worker.orders.size() > 10; }));
      broker.reset();
      start();
    }
  }
  BOOST_TEST(worker.endpoint().send_unnumbered(0, RenewLease{}));
  BOOST_TEST(run_until({&worker, &shard}, [&] {
    return worker.orders.size() >= kMessages && worker.acknowledged.size() >= kMessages;
  }));
  BOOST_TEST(worker.orders.size() == kMessages);
  for (std::uint64_t i = 0; i < kMessages; ++i) BOOST_REQUIRE(worker.orders[i] == i + 1);
  BOOST_TEST(shard.reports_taken.size() == kMessages);
  for (const auto& [task, times] : shard.reports_taken) BOOST_REQUIRE(times == 1);
}

BOOST_FIXTURE_TEST_CASE(leases_are_renewed_without_numbers, OneBroker) {
  TestShard shard(bus());
  TestPeer worker(PeerKind::worker, bus());
  BOOST_TEST(!worker.endpoint().send_unnumbered(0, RenewLease{}));  // no session yet
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return !worker.opened.empty(); }));
  BOOST_TEST(worker.endpoint().send_unnumbered(0, RenewLease{}));
  BOOST_TEST(run_until({&worker, &shard}, [&] { return worker.leases == 1; }));
  BOOST_TEST(shard.unnumbered == 1);
}

BOOST_FIXTURE_TEST_CASE(a_session_survives_the_restart_of_its_shard, OneBroker) {
  TestShard shard(bus());
  TestPeer gateway(PeerKind::gateway, bus());
  // Applied and durable, but the answers are lost with the first life of the shard.
  shard.answering = false;
  for (int i = 0; i < 100; ++i) gateway.delete_job(0, "old" + std::to_string(i));
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] {
    return shard.commands_applied.size() == 100 && gateway.opened.size() == 1;
  }));
  BOOST_TEST(gateway.answers.empty());
  shard.stop();
  for (int i = 0; i < 100; ++i) gateway.delete_job(0, "new" + std::to_string(i));
  BOOST_TEST_REQUIRE(
      run_until({&gateway}, [&] { return gateway.endpoint().unreachable_since(0).has_value(); }));
  shard.answering = true;
  shard.start();
  BOOST_TEST(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 200; }));
  BOOST_TEST(each_once(shard.commands_applied, 200));
  BOOST_TEST(gateway.sessions_lost == 0);
  BOOST_TEST_REQUIRE(gateway.opened.size() == 2U);
  BOOST_TEST(gateway.opened[1].resumed);
  BOOST_TEST(gateway.opened[1].epoch == 2U);
  BOOST_TEST(shard.resumed_sessions.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(silence_counts_from_the_first_turn_of_the_shard, OneBroker) {
  TestShard shard(bus());
  TestPeer gateway(PeerKind::gateway, bus());
  gateway.delete_job(0, "a");
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 1; }));
  shard.stop();
  const MonoTime restart = runtime::mono_now();
  shard.start();
  shard.endpoint().flush(runtime::mono_now());
  BOOST_TEST(shard.endpoint().silent_since(0, restart).empty());
  BOOST_TEST(shard.endpoint().silent_since(0, restart + Duration(1h)).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_session_that_the_shard_forgot_is_lost_and_opened_anew, OneBroker) {
  TestShard shard(bus());
  TestPeer gateway(PeerKind::gateway, bus());
  gateway.delete_job(0, "a");
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 1; }));
  shard.stop();
  shard.rows.clear();
  const auto pending = gateway.delete_job(0, "b");
  shard.start();
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.opened.size() == 2; }));
  BOOST_TEST(gateway.sessions_lost == 1);
  BOOST_TEST_REQUIRE(gateway.uncertain.size() == 1U);
  BOOST_TEST(gateway.uncertain[0] == *pending);
  BOOST_TEST(!gateway.opened[1].resumed);
  const auto next = gateway.delete_job(0, "c");
  BOOST_TEST(*next == 1U);
  gateway.answers.clear();
  BOOST_TEST(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 1; }));
  BOOST_TEST(shard.commands_applied.count("c") == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_closed_session_is_refused, OneBroker) {
  TestShard shard(bus());
  TestPeer worker(PeerKind::worker, bus());
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return worker.opened.size() == 1; }));
  shard.rows.erase(shard.worker_session);
  shard.endpoint().close(0, shard.worker_session);
  worker.report(0, 1);
  BOOST_TEST(run_until({&worker, &shard}, [&] { return worker.opened.size() == 2; }));
  BOOST_TEST(worker.sessions_lost == 1);
  BOOST_TEST(shard.reports_taken.empty());
}

BOOST_FIXTURE_TEST_CASE(a_shard_that_nobody_holds_is_known_to_be_away, OneBroker) {
  TestShard shard(bus(), 0, 2);
  TestPeer gateway(PeerKind::gateway, bus());
  const auto sequence = gateway.delete_job(1, "x");
  BOOST_TEST(run_until({&gateway, &shard}, [&] {
    return gateway.endpoint().reachable(0) && gateway.endpoint().counters().undeliverable > 0;
  }));
  BOOST_TEST(!gateway.endpoint().reachable(1));
  BOOST_TEST(gateway.endpoint().unreachable_since(1).has_value());
  BOOST_TEST(gateway.endpoint().shards_total() == 2);
  gateway.endpoint().forget(1, *sequence);
  BOOST_TEST(gateway.endpoint().outstanding(1) == 0U);
}

BOOST_AUTO_TEST_CASE(one_of_two_brokers_may_go) {
  SocketFolder folder;
  const std::vector<std::string> both{folder.endpoint("bus1"), folder.endpoint("bus2")};
  auto first = std::make_unique<RunningBroker>(both[0], folder.endpoint("bulk1"));
  auto second = std::make_unique<RunningBroker>(both[1], folder.endpoint("bulk2"));
  TestShard shard(both);
  TestPeer gateway(PeerKind::gateway, both);
  std::size_t sent = 0;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i, ++sent) gateway.delete_job(0, "j" + std::to_string(sent));
    BOOST_TEST_REQUIRE(
        run_until({&gateway, &shard}, [&] { return gateway.answers.size() == sent; }));
    first.reset();
  }
  BOOST_TEST(each_once(shard.commands_applied, sent));
}

BOOST_AUTO_TEST_CASE(a_broker_that_leaves_is_left_at_once_for_another) {
  SocketFolder folder;
  const std::vector<std::string> both{folder.endpoint("bus1"), folder.endpoint("bus2")};
  auto first = std::make_unique<RunningBroker>(both[0], folder.endpoint("bulk1"));
  auto second = std::make_unique<RunningBroker>(both[1], folder.endpoint("bulk2"));
  TestShard shard(both);
  TestPeer gateway(PeerKind::gateway, both);
  gateway.delete_job(0, "j0");
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 1; }));
  // Long enough that both brokers have told both sides of each other.
  const MonoTime soon = runtime::mono_now() + bus::kHelloInterval * 2;
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return runtime::mono_now() >= soon; }));
  const MonoTime standing = runtime::mono_now();
  first.reset();  // the one that all roads take
  gateway.delete_job(0, "j1");
  BOOST_TEST(
      run_until_at(standing, {&gateway, &shard}, [&] { return gateway.answers.size() == 2; }));
}

BOOST_FIXTURE_TEST_CASE(shards_write_to_each_other, OneBroker) {
  TestShard home(bus(), 0, 2);
  TestShard target(bus(), 1, 2);
  BOOST_TEST_REQUIRE(run_until({&home, &target}, [&] { return home.endpoint().reachable(1); }));
  home.endpoint().send(0, 1, ShardMessage{0, 5, JobGone{"acct", "job", 3}});
  BOOST_TEST(run_until({&home, &target}, [&] { return home.shard_acknowledges.size() == 1; }));
  BOOST_TEST_REQUIRE(target.shard_messages.size() == 1U);
  BOOST_TEST(target.shard_messages[0].id == 5U);
  BOOST_TEST(home.shard_acknowledges[0].through == 5U);
}

namespace {

struct BulkEnd : Participant {
  BulkEnd(PeerKind kind, std::vector<std::string> brokers, InstanceId id)
      : instance(id), endpoint({.kind = kind, .instance = id, .brokers = std::move(brokers)}) {}
  int fd() const override { return endpoint.fd(); }
  std::optional<MonoTime> next_deadline() const override { return endpoint.next_deadline(); }
  void turn(MonoTime now) override {
    for (bus::BulkEvent& event : endpoint.poll(now)) {
      if (auto* asked = std::get_if<bus::FileAsked>(&event)) {
        FileReply reply;
        reply.id = asked->request.id;
        reply.data = std::string(asked->request.bytes_max, 'x');
        endpoint.send(asked->from, reply);
      } else if (auto* replied = std::get_if<bus::FileReplied>(&event)) {
        replies[replied->reply.id] = replied->reply.data.size();
      } else {
        unreachable.push_back(std::get<bus::InstanceUnreachable>(event).instance);
      }
    }
    endpoint.flush(now);
  }
  InstanceId instance;
  bus::BulkEndpoint endpoint;
  std::map<std::uint64_t, std::size_t> replies;
  std::vector<InstanceId> unreachable;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(file_bytes_take_the_bulk_road, OneBroker) {
  BulkEnd gateway(PeerKind::gateway, bulk(), 11);
  BulkEnd worker(PeerKind::worker, bulk(), 22);
  BOOST_TEST_REQUIRE(run_until({&gateway, &worker}, [&] {
    return gateway.endpoint.connected() && worker.endpoint.connected();
  }));
  for (std::uint64_t id = 1; id <= 40; ++id)
    BOOST_REQUIRE(gateway.endpoint.send(22, FileRequest{.id = id}));
  BOOST_TEST(run_until({&gateway, &worker}, [&] { return gateway.replies.size() == 40; }));
  for (const auto& [id, size] : gateway.replies) BOOST_TEST(size == kFileChunkBytesMax);
  gateway.endpoint.send(33, FileRequest{.id = 99});
  BOOST_TEST(run_until({&gateway, &worker}, [&] { return !gateway.unreachable.empty(); }));
  BOOST_TEST(gateway.unreachable[0] == 33U);
}

BOOST_AUTO_TEST_SUITE_END()
