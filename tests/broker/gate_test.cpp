// Who is let in: real CURVE handshakes over TCP, each refusal by its reason.
#include "bus/key_pair.h"
#include "schema/codec/member.h"
#include "tests/broker/road.h"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace windlass;
using namespace windlass::test;

namespace {

constexpr std::uint64_t kWorker = 77;

std::shared_ptr<bus::KeyRing> ring(const bus::KeyPair& pair) {
  return std::make_shared<bus::KeyRing>(pair.public_key, pair.secret_key);
}

// A broker on loopback TCP with a gateway, a scheduler and two workers in its directory.
struct SecuredRoad {
  SecuredRoad() {
    add("gateway", PeerKind::gateway, gateway_keys);
    add("scheduler", PeerKind::scheduler, scheduler_keys);
    add("worker", PeerKind::worker, worker_keys, kWorker);
    add("other", PeerKind::worker, other_keys, kWorker + 1);
    write();
    broker = std::make_unique<RunningBroker>(
        "tcp://127.0.0.1:*", "tcp://127.0.0.1:*",
        bus::RouterKeys{broker_keys.public_key, broker_keys.secret_key}, path());
  }
  ~SecuredRoad() { std::filesystem::remove(path()); }

  void add(const std::string& name, PeerKind role, const bus::KeyPair& keys,
           std::uint64_t worker = 0) {
    directory.members.push_back(
        {.name = name, .role = role, .worker = worker, .key = keys.public_key});
  }
  Member& member(const std::string& name) {
    for (Member& m : directory.members) {
      if (m.name == name) return m;
    }
    throw std::logic_error("no member " + name);
  }
  void write() {
    ++directory.version;
    const std::string next = path() + ".next";
    std::ofstream(next) << json_text(directory);
    std::filesystem::rename(next, path());
  }
  std::string path() const { return "/tmp/windlass_gate_" + cluster + ".json"; }

  bus::EndpointOptions options(PeerKind kind, std::shared_ptr<const bus::KeyRing> keys) {
    bus::EndpointOptions out;
    out.kind = kind;
    out.instance = bus::random_instance();
    out.worker = kWorker;
    out.brokers = {broker->bus_endpoint()};
    out.keys = std::move(keys);
    if (out.keys) out.broker_keys = {broker_keys.public_key};
    return out;
  }

  // The reason is counted, and nobody answers the peer.
  bool refused(TestPeer& peer, const std::string& reason) {
    peer.endpoint().open(0);
    return run_until({&peer}, [&] { return broker->refused(reason) > 0; }) && peer.opened.empty();
  }

  const std::string cluster = bus::random_text(8);
  const bus::KeyPair broker_keys = bus::new_key_pair();
  const bus::KeyPair gateway_keys = bus::new_key_pair();
  const bus::KeyPair scheduler_keys = bus::new_key_pair();
  const bus::KeyPair worker_keys = bus::new_key_pair();
  const bus::KeyPair other_keys = bus::new_key_pair();
  MemberDirectory directory;
  std::unique_ptr<RunningBroker> broker;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(broker_gate, SecuredRoad)

BOOST_AUTO_TEST_CASE(members_speak_with_each_other) {
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  TestPeer gateway(options(PeerKind::gateway, ring(gateway_keys)));
  TestPeer worker(options(PeerKind::worker, ring(worker_keys)));
  worker.endpoint().open(0);
  BOOST_REQUIRE(gateway.delete_job(0, "j").has_value());
  BOOST_TEST(run_until({&gateway, &worker, &shard},
                       [&] { return gateway.answers.size() == 1 && worker.opened.size() == 1; }));
  for (const char* reason : {"plaintext", "unknown_key", "revoked", "wrong_role", "wrong_worker"})
    BOOST_TEST(broker->refused(reason) == 0);
}

BOOST_AUTO_TEST_CASE(a_plaintext_peer_is_refused) {
  TestPeer worker(options(PeerKind::worker, nullptr));
  worker.endpoint().open(0);
  // Such a peer often sees the broker's greeting, and leaves, before it has said what it speaks.
  BOOST_TEST(run_until(
      {&worker}, [&] { return broker->refused("plaintext") + broker->refused("broken_off") > 0; }));
  BOOST_TEST(worker.opened.empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_a_members_is_refused) {
  TestPeer worker(options(PeerKind::worker, ring(bus::new_key_pair())));
  BOOST_TEST(refused(worker, "unknown_key"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_pins_another_broker_is_refused) {
  bus::EndpointOptions wrong = options(PeerKind::worker, ring(worker_keys));
  wrong.broker_keys = {bus::new_key_pair().public_key};
  TestPeer worker(wrong);
  BOOST_TEST(refused(worker, "wrong_key"));
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_refused) {
  member("worker").revoked_at = WallTime{1};
  write();
  TestPeer worker(options(PeerKind::worker, ring(worker_keys)));
  BOOST_TEST(refused(worker, "revoked"));
}

BOOST_AUTO_TEST_CASE(a_member_that_is_revoked_while_it_speaks_is_cut_off) {
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  TestPeer worker(options(PeerKind::worker, ring(worker_keys)));
  TestPeer other([&] {
    auto out = options(PeerKind::worker, ring(other_keys));
    out.worker = kWorker + 1;
    return out;
  }());
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return worker.opened.size() == 1; }));
  const SessionId session = shard.worker_session;
  member("worker").revoked_at = WallTime{1};
  write();
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return broker->refused("revoked") > 0; }));
  // Neither direction: what the shard tells does not arrive, what the worker reports neither.
  EndAttempt order;
  order.id.task.task = 1;
  BOOST_REQUIRE(shard.endpoint().tell(0, session, order));
  BOOST_REQUIRE(worker.report(0, 5).has_value());
  // Long enough for both: the other worker comes in, is told and reports meanwhile.
  other.endpoint().open(0);
  BOOST_TEST_REQUIRE(
      run_until({&worker, &other, &shard}, [&] { return other.opened.size() == 1; }));
  BOOST_REQUIRE(other.report(0, 6).has_value());
  const int before = broker->refused("revoked");
  BOOST_TEST(run_until({&worker, &other, &shard}, [&] {
    return other.acknowledged.size() == 1 && broker->refused("revoked") >= before + 3;
  }));
  BOOST_TEST(worker.orders.empty());
  BOOST_TEST(!shard.reports_taken.contains(5));
  BOOST_TEST(shard.reports_taken.contains(6));
}

BOOST_AUTO_TEST_CASE(a_workers_key_does_not_speak_as_a_scheduler) {
  TestShard impostor(options(PeerKind::scheduler, ring(worker_keys)));
  TestPeer gateway(options(PeerKind::gateway, ring(gateway_keys)));
  gateway.endpoint().open(0);
  BOOST_TEST(run_until({&impostor, &gateway}, [&] { return broker->refused("wrong_role") > 0; }));
  BOOST_TEST(!gateway.endpoint().reachable(0));
}

BOOST_AUTO_TEST_CASE(a_workers_key_does_not_speak_as_a_gateway) {
  TestPeer impostor(options(PeerKind::gateway, ring(worker_keys)));
  BOOST_TEST(refused(impostor, "wrong_role"));
}

BOOST_AUTO_TEST_CASE(a_workers_key_does_not_speak_for_another_worker) {
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  TestPeer impostor(options(PeerKind::worker, ring(other_keys)));  // says it is kWorker
  impostor.endpoint().open(0);
  BOOST_TEST(run_until({&impostor, &shard}, [&] { return broker->refused("wrong_worker") > 0; }));
  BOOST_TEST(impostor.opened.empty());
  BOOST_TEST(shard.rows.empty());
}

BOOST_AUTO_TEST_CASE(one_member_does_not_take_the_name_of_anothers_process) {
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  bus::EndpointOptions first = options(PeerKind::worker, ring(worker_keys));
  TestPeer worker(first);
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(run_until({&worker, &shard}, [&] { return worker.opened.size() == 1; }));
  bus::EndpointOptions second = options(PeerKind::worker, ring(other_keys));
  second.instance = first.instance;
  second.worker = kWorker + 1;
  second.link_number = 5;  // another link's name, so that ZeroMQ sees no clash
  TestPeer thief(second);
  BOOST_TEST(run_until({&worker, &thief, &shard},
                       [&] { return broker->refused("foreign_instance") > 0; }));
}

BOOST_AUTO_TEST_CASE(a_member_that_joins_late_is_let_in) {
  const bus::KeyPair late_keys = bus::new_key_pair();
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  bus::EndpointOptions late = options(PeerKind::worker, ring(late_keys));
  late.worker = kWorker + 2;
  TestPeer worker(late);
  worker.endpoint().open(0);
  BOOST_TEST_REQUIRE(
      run_until({&worker, &shard}, [&] { return broker->refused("unknown_key") > 0; }));
  add("late", PeerKind::worker, late_keys, kWorker + 2);
  write();
  BOOST_TEST(run_until({&worker, &shard}, [&] { return worker.opened.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(a_key_is_rotated_while_commands_flow) {
  TestShard shard(options(PeerKind::scheduler, ring(scheduler_keys)));
  const auto keys = ring(gateway_keys);
  TestPeer gateway(options(PeerKind::gateway, keys));
  BOOST_REQUIRE(gateway.delete_job(0, "before").has_value());
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == 1; }));
  const bus::KeyPair next = bus::new_key_pair();
  Member& entry = member("gateway");
  entry.previous_key = entry.key;
  entry.previous_until = runtime::wall_now() + std::chrono::minutes(10);
  entry.key = next.public_key;
  write();
  keys->replace(next.public_key, next.secret_key);
  std::size_t sent = 1;
  for (int i = 0; i < 50; ++i, ++sent)
    BOOST_REQUIRE(gateway.delete_job(0, "during" + std::to_string(i)).has_value());
  BOOST_TEST_REQUIRE(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == sent; }));
  // The old key is of no use any more; the gateway does not need it.
  entry.previous_until = WallTime{1};
  write();
  for (int i = 0; i < 50; ++i, ++sent)
    BOOST_REQUIRE(gateway.delete_job(0, "after" + std::to_string(i)).has_value());
  BOOST_TEST(run_until({&gateway, &shard}, [&] { return gateway.answers.size() == sent; }));
  BOOST_TEST(gateway.sessions_lost == 0);
  BOOST_TEST(broker->refused("revoked") == 0);
  for (const auto& [job, times] : shard.commands_applied) BOOST_TEST(times == 1);
}

BOOST_AUTO_TEST_SUITE_END()
