// The door over real CURVE sockets, the directory's file, and tokens as text.
#include "members/enrolment_door.h"

#include "members/token.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "runtime/paths.h"
#include "runtime/refusal.h"
#include "schema/codec/member.h"
#include "tests/runtime/temporary_folder.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::members;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kPatience{30'000};
constexpr std::chrono::milliseconds kShortPatience{300};

struct Door {
  Door() {
    MemberDirectory directory;
    directory.cluster = "c1";
    directory.version = 1;
    directory.enrolment = "tcp://127.0.0.1:*";
    directory.enrolment_key = keys.public_key;
    file.create(directory, keys);
    door = std::make_unique<EnrolmentDoor>("tcp://127.0.0.1:*", file, metrics, log);
    file.update([&](MemberDirectory& d) {
      d.enrolment = door->endpoint();
      return add_member(d, {.name = "b",
                            .role = PeerKind::broker,
                            .key = broker.public_key,
                            .bus = "tcp://b:1",
                            .bulk = "tcp://b:2"}) == std::nullopt;
    });
  }

  std::string token(PeerKind role) {
    std::string text;
    file.update([&](MemberDirectory& directory) {
      MadeToken made = make_token(directory, role, runtime::wall_now(), 1h, 1);
      text = made.text;
      add_token(directory, made.record);
      return true;
    });
    return text;
  }

  std::optional<EnrolmentReply> ask(const std::string& bytes, const bus::KeyPair& own,
                                    std::chrono::milliseconds patience = kPatience) {
    const auto reply = bus::ask(door->endpoint(), keys.public_key, own, bytes, patience);
    if (!reply) return std::nullopt;
    return decode_enrolment_reply(*reply).value();
  }
  EnrolmentOutcome join(const std::string& text, const bus::KeyPair& own) {
    const JoinToken token = read_token(text).value();
    EnrolmentRequest request;
    request.cluster = token.cluster;
    request.token_id = token.id;
    request.token_secret = token.secret;
    request.role = token.role;
    request.name = "w" + std::to_string(++names);
    request.worker = 7 + names;
    return ask(encode(request), own).value().outcome;
  }
  bool counted(const std::string& outcome, int times) const {
    return metrics.text().find("windlass_broker_enrolments_total{outcome=\"" + outcome + "\"} " +
                               std::to_string(times) + "\n") != std::string::npos;
  }

  test::TemporaryFolder folder;
  runtime::Metrics metrics{"broker"};
  runtime::Log log{"broker", runtime::LogLevel::off};
  const bus::KeyPair keys = bus::new_key_pair();
  const bus::KeyPair broker = bus::new_key_pair();
  DirectoryFile file{folder.path() + "/cluster"};
  std::unique_ptr<EnrolmentDoor> door;
  unsigned names = 0;
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(EnrolmentOutcome)
BOOST_FIXTURE_TEST_SUITE(members_enrolment_door, Door)

BOOST_AUTO_TEST_CASE(a_token_is_redeemed_once_and_both_are_counted) {
  const std::string text = token(PeerKind::worker);
  const bus::KeyPair joiner = bus::new_key_pair();
  BOOST_TEST(join(text, joiner) == EnrolmentOutcome::done);
  BOOST_TEST(join(text, bus::new_key_pair()) == EnrolmentOutcome::token_used);
  BOOST_TEST(counted("done", 1));
  BOOST_TEST(counted("token_used", 1));
  const MemberDirectory directory = file.load();
  BOOST_REQUIRE(directory.members.size() == 2U);
  BOOST_TEST(directory.members[1].key == joiner.public_key);  // the one it connected with
}

BOOST_AUTO_TEST_CASE(the_secret_of_a_token_is_not_in_the_directory) {
  const std::string text = token(PeerKind::worker);
  const std::string secret = read_token(text)->secret;
  BOOST_TEST(secret.size() == 64U);
  BOOST_TEST(runtime::read_file(file.path()).find(secret) == std::string::npos);
  JoinToken forged = read_token(text).value();
  EnrolmentRequest request;
  request.cluster = forged.cluster;
  request.token_id = forged.id;
  request.token_secret = std::string(64, '0');
  request.role = forged.role;
  request.name = "w";
  request.worker = 1;
  BOOST_TEST(ask(encode(request), bus::new_key_pair())->outcome == EnrolmentOutcome::unknown_token);
}

BOOST_AUTO_TEST_CASE(rubbish_is_answered_as_such_and_what_is_too_long_is_not_answered) {
  BOOST_TEST(ask("rubbish", bus::new_key_pair())->outcome == EnrolmentOutcome::malformed);
  BOOST_TEST(!ask(std::string(100'000, 'x'), bus::new_key_pair(), kShortPatience).has_value());
  BOOST_TEST(join(token(PeerKind::worker), bus::new_key_pair()) == EnrolmentOutcome::done);
}

BOOST_AUTO_TEST_CASE(a_flood_is_told_that_the_door_is_busy) {
  bool busy = false;
  for (int i = 0; i < 1000 && !busy; ++i)
    busy = ask("rubbish", broker)->outcome == EnrolmentOutcome::busy;
  BOOST_TEST(busy);
}

BOOST_AUTO_TEST_CASE(nobody_can_pose_as_the_door) {
  // What the token pins is another key than the one that answers there.
  const auto reply = bus::ask(door->endpoint(), bus::new_key_pair().public_key, broker,
                              encode(EnrolmentRequest{}), kShortPatience);
  BOOST_TEST(!reply.has_value());
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_directory_follows_it) {
  const std::string copied = folder.path() + "/copy.json";
  Membership own;
  own.cluster = "c1";
  own.role = PeerKind::broker;
  own.key = broker.public_key;
  own.secret_key = broker.secret_key;
  own.enrolment = door->endpoint();
  own.enrolment_key = keys.public_key;
  const DirectoryCopy copy(own, copied, log);
  WatchedDirectory watched(copied);
  const auto copied_version = [&](std::uint64_t version) {
    const MonoTime end = runtime::mono_now() + 30s;
    while (runtime::mono_now() < end) {
      std::string problem;
      const auto directory = watched.look(problem);
      if (directory && directory->version == version) return directory->tokens.empty();
      std::this_thread::yield();
    }
    return false;
  };
  BOOST_TEST(copied_version(file.load().version));
  token(PeerKind::worker);
  BOOST_TEST(copied_version(file.load().version));
}

BOOST_AUTO_TEST_CASE(a_cluster_is_made_once_and_what_is_not_there_is_said) {
  BOOST_CHECK_THROW(file.create(MemberDirectory{}, keys), runtime::StartRefused);
  DirectoryFile nowhere(folder.path() + "/nowhere");
  BOOST_CHECK_THROW(nowhere.load(), runtime::StartRefused);
  BOOST_CHECK_THROW(nowhere.update([](MemberDirectory&) { return false; }), runtime::StartRefused);
  runtime::write_file_atomically(file.path(), "{\"members\": 7");
  BOOST_CHECK_THROW(file.load(), runtime::StartRefused);
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_read_changes_nothing) {
  WatchedDirectory watched(file.path());
  std::string problem;
  BOOST_TEST(watched.look(problem).has_value());
  BOOST_TEST(!watched.look(problem).has_value());
  BOOST_TEST(problem.empty());
  runtime::write_file_atomically(file.path(), "rubbish");
  BOOST_TEST(!watched.look(problem).has_value());
  BOOST_TEST(!problem.empty());
  problem.clear();
  BOOST_TEST(!watched.look(problem).has_value());  // said once
  BOOST_TEST(problem.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_token_is_not_read) {
  const std::string good = token(PeerKind::broker);
  BOOST_TEST(read_token(good).has_value());
  for (const std::string& text : {std::string(), std::string("windlass-join:"),
                                  good.substr(0, good.size() / 2), "x" + good, good + "="})
    BOOST_TEST(!read_token(text).has_value());
}

BOOST_AUTO_TEST_CASE(directory_and_membership_survive_their_files) {
  MemberDirectory directory = file.load();
  directory.members[0].previous_key = "old";
  directory.members[0].previous_until = WallTime{INT64_MAX};
  directory.members[0].revoked_at = WallTime{-5};
  directory.members[0].worker = UINT64_MAX;
  BOOST_CHECK(member_directory_of_json(json_text(directory)).value() == directory);
  Membership own;
  own.name = "n\"\\\n";
  own.worker = UINT64_MAX;
  own.brokers = {{"a", "b", "c"}};
  BOOST_CHECK(membership_of_json(json_text(own)).value() == own);
}

BOOST_AUTO_TEST_SUITE_END()
