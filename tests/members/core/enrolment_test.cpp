#include "members/core/enrolment.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::members;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kNow{1'000'000'000};

struct Enrolling {
  MemberDirectory directory;

  Enrolling() {
    directory.cluster = "c1";
    directory.members.push_back({.name = "b",
                                 .role = PeerKind::broker,
                                 .key = "key-b",
                                 .bus = "tcp://b:1",
                                 .bulk = "tcp://b:2"});
    add_token(directory, {"t1", "digest", PeerKind::worker, kNow, kNow + 1h, 2});
  }

  static EnrolmentRequest wish(const std::string& name, std::uint64_t worker) {
    EnrolmentRequest request;
    request.cluster = "c1";
    request.token_id = "t1";
    request.role = PeerKind::worker;
    request.name = name;
    request.worker = worker;
    return request;
  }

  EnrolmentReply ask(const EnrolmentRequest& request, const std::string& key,
                     const std::string& digest = "digest", WallTime now = kNow) {
    return enrol(directory, request, key, digest, now).reply;
  }
  EnrolmentOutcome join(const std::string& name, std::uint64_t worker, const std::string& key) {
    return ask(wish(name, worker), key).outcome;
  }
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(EnrolmentOutcome)
BOOST_FIXTURE_TEST_SUITE(members_core_enrolment, Enrolling)

BOOST_AUTO_TEST_CASE(a_token_brings_a_member_in_and_tells_it_where_the_brokers_are) {
  const std::uint64_t version = directory.version;
  const EnrolmentReply reply = ask(wish("w1", 11), "key-1");
  BOOST_TEST(reply.outcome == EnrolmentOutcome::done);
  BOOST_TEST(reply.name == "w1");
  BOOST_TEST(reply.worker == 11U);
  BOOST_REQUIRE(reply.brokers.size() == 1U);
  BOOST_TEST(reply.brokers[0].key == "key-b");
  BOOST_TEST(directory.version == version + 1);
  BOOST_TEST(directory.members.back().key == "key-1");
}

BOOST_AUTO_TEST_CASE(a_token_is_good_for_its_uses_its_role_its_cluster_and_its_time) {
  BOOST_TEST(ask(wish("w", 1), "k", "another digest").outcome == EnrolmentOutcome::unknown_token);
  EnrolmentRequest request = wish("w", 1);
  request.token_id = "t2";
  BOOST_TEST(ask(request, "k").outcome == EnrolmentOutcome::unknown_token);
  request = wish("w", 1);
  request.role = PeerKind::scheduler;
  BOOST_TEST(ask(request, "k").outcome == EnrolmentOutcome::wrong_role);
  request = wish("w", 1);
  request.cluster = "c2";
  BOOST_TEST(ask(request, "k").outcome == EnrolmentOutcome::wrong_cluster);
  BOOST_TEST(ask(wish("w", 1), "k", "digest", kNow + 1h).outcome ==
             EnrolmentOutcome::token_expired);
  BOOST_TEST(directory.members.size() == 1U);
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  BOOST_TEST(join("w2", 2, "k2") == EnrolmentOutcome::done);
  BOOST_TEST(join("w3", 3, "k3") == EnrolmentOutcome::token_used);
}

BOOST_AUTO_TEST_CASE(asking_twice_with_one_key_uses_the_token_once) {
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  BOOST_TEST(directory.members.size() == 2U);
  BOOST_TEST(directory.tokens[0].uses_left == 1U);
}

BOOST_AUTO_TEST_CASE(names_and_worker_ids_are_held_by_one_member_until_it_is_revoked) {
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  BOOST_TEST(join("w1", 2, "k2") == EnrolmentOutcome::name_taken);
  BOOST_TEST(join("w2", 1, "k2") == EnrolmentOutcome::worker_taken);
  BOOST_TEST(join("w2", 0, "k2") == EnrolmentOutcome::malformed);
  BOOST_TEST(join("no spaces", 2, "k2") == EnrolmentOutcome::malformed);
  BOOST_TEST(directory.tokens[0].uses_left == 1U);
  BOOST_TEST(revoke(directory, "w1", kNow));
  BOOST_TEST(!revoke(directory, "w1", kNow));
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::revoked);  // that key never comes back
  BOOST_TEST(join("w1", 1, "k2") == EnrolmentOutcome::done);
}

BOOST_AUTO_TEST_CASE(a_rotation_is_asked_with_the_old_key_and_may_be_asked_again) {
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  EnrolmentRequest request = wish("w1", 1);
  request.wish = EnrolmentWish::rotate;
  request.next_key = "k2";
  BOOST_TEST(ask(request, "stranger").outcome == EnrolmentOutcome::unknown_key);
  BOOST_TEST(ask(request, "k1").outcome == EnrolmentOutcome::done);
  BOOST_TEST(ask(request, "k1").outcome == EnrolmentOutcome::done);
  const Member& member = directory.members.back();
  BOOST_TEST(member.key == "k2");
  BOOST_TEST(member.previous_key == "k1");
  BOOST_CHECK(member.previous_until == kNow + kPreviousKeyLife);
  request.next_key = "k3";
  BOOST_TEST(ask(request, "k1").outcome == EnrolmentOutcome::revoked);  // replaced by k2
  BOOST_TEST(ask(request, "k2").outcome == EnrolmentOutcome::done);
  request.next_key = "key-b";
  BOOST_TEST(ask(request, "k3").outcome == EnrolmentOutcome::key_taken);
  request.next_key = "new-b";
  BOOST_TEST(ask(request, "key-b").outcome == EnrolmentOutcome::wrong_role);
}

BOOST_AUTO_TEST_CASE(only_brokers_get_the_directory_and_never_its_tokens) {
  BOOST_TEST(join("w1", 1, "k1") == EnrolmentOutcome::done);
  EnrolmentRequest request = wish("", 0);
  request.wish = EnrolmentWish::copy;
  BOOST_TEST(ask(request, "k1").outcome == EnrolmentOutcome::wrong_role);
  const EnrolmentReply reply = ask(request, "key-b");
  BOOST_REQUIRE(reply.directory.has_value());
  BOOST_TEST(reply.directory->members.size() == 2U);
  BOOST_TEST(reply.directory->tokens.empty());
  BOOST_TEST(!directory.tokens.empty());
  request.version_known = directory.version;
  BOOST_TEST(!ask(request, "key-b").directory.has_value());
}

BOOST_AUTO_TEST_CASE(a_broker_that_has_moved_says_so_when_it_looks) {
  EnrolmentRequest request = wish("", 0);
  request.wish = EnrolmentWish::look;
  request.bus = "tcp://c:1";
  request.bulk = "tcp://c:2";
  BOOST_TEST(ask(request, "key-b").brokers[0].bus == "tcp://c:1");
  revoke(directory, "key-b", kNow);
  BOOST_TEST(ask(request, "key-b").outcome == EnrolmentOutcome::revoked);
}

BOOST_AUTO_TEST_CASE(expired_tokens_go_with_the_next_one_that_is_made) {
  add_token(directory, {"t2", "d", PeerKind::gateway, kNow + 1h, kNow + 2h, 1});
  BOOST_REQUIRE(directory.tokens.size() == 1U);
  BOOST_TEST(directory.tokens[0].id == "t2");
}

BOOST_AUTO_TEST_CASE(the_pace_allows_a_burst_and_then_so_many_a_second) {
  Pace pace(2, 3);
  const MonoTime start{10'000'000};
  for (int i = 0; i < 3; ++i) BOOST_TEST(pace.take(start));
  BOOST_TEST(!pace.take(start));
  BOOST_TEST(!pace.take(start + 400ms));
  BOOST_TEST(pace.take(start + 500ms));
  BOOST_TEST(!pace.take(start + 500ms));
  for (int i = 0; i < 3; ++i) BOOST_TEST(pace.take(start + 1h));
  BOOST_TEST(!pace.take(start + 1h));
}

BOOST_AUTO_TEST_SUITE_END()
