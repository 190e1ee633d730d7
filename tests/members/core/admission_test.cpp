#include "members/core/admission.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace windlass;
using namespace windlass::members;
namespace bdata = boost::unit_test::data;

namespace {

constexpr WallTime kNow{1'000'000'000};

std::string key(char letter) {
  return std::string(40, letter);
}

Member member(const std::string& name, PeerKind role, char letter, std::uint64_t worker = 0) {
  Member out;
  out.name = name;
  out.role = role;
  out.key = key(letter);
  out.worker = worker;
  return out;
}

MemberDirectory three_members() {
  MemberDirectory directory;
  directory.members = {member("g", PeerKind::gateway, 'g'), member("w", PeerKind::worker, 'w', 7),
                       member("s", PeerKind::scheduler, 's')};
  return directory;
}

struct FrameCase {
  const char* name;
  char key;
  FrameClaim claim;
  std::optional<Refusal> expected;
};
std::ostream& operator<<(std::ostream& out, const FrameCase& c) {
  return out << c.name;
}

FrameClaim frame(PeerKind from, FrameKind kind, std::optional<OpenSession> opens = {}) {
  return {1, from, kind, opens};
}

const FrameCase kFrames[] = {
    {"a worker reports", 'w', frame(PeerKind::worker, FrameKind::reports), {}},
    {"a worker opens its own session",
     'w',
     frame(PeerKind::worker, FrameKind::open_session, OpenSession{PeerKind::worker, 7, 0}),
     {}},
    {"a worker opens another's session", 'w',
     frame(PeerKind::worker, FrameKind::open_session, OpenSession{PeerKind::worker, 8, 0}),
     Refusal::wrong_worker},
    {"a worker opens a gateway's session", 'w',
     frame(PeerKind::worker, FrameKind::open_session, OpenSession{PeerKind::gateway, 7, 0}),
     Refusal::wrong_role},
    {"a worker says it is a scheduler", 'w', frame(PeerKind::scheduler, FrameKind::broker_hello),
     Refusal::wrong_role},
    {"a worker commands", 'w', frame(PeerKind::worker, FrameKind::commands), Refusal::wrong_role},
    {"a worker orders", 'w', frame(PeerKind::worker, FrameKind::orders), Refusal::wrong_role},
    {"a gateway commands", 'g', frame(PeerKind::gateway, FrameKind::commands), {}},
    {"a gateway opens a session",
     'g',
     frame(PeerKind::gateway, FrameKind::open_session, OpenSession{PeerKind::gateway, 0, 3}),
     {}},
    {"a gateway reports", 'g', frame(PeerKind::gateway, FrameKind::reports), Refusal::wrong_role},
    {"a gateway answers files", 'g', frame(PeerKind::gateway, FrameKind::file_replies),
     Refusal::wrong_role},
    {"a scheduler answers", 's', frame(PeerKind::scheduler, FrameKind::answers), {}},
    {"a scheduler opens a session", 's',
     frame(PeerKind::scheduler, FrameKind::open_session, OpenSession{PeerKind::scheduler, 0, 0}),
     Refusal::wrong_role},
    {"nobody speaks as a broker", 's', frame(PeerKind::scheduler, FrameKind::broker_status),
     Refusal::wrong_role},
    {"a stranger", 'x', frame(PeerKind::worker, FrameKind::reports), Refusal::unknown_key},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(members_core_admission)

BOOST_DATA_TEST_CASE(frames_are_judged_by_the_key_they_came_with, bdata::make(kFrames), c) {
  Admission admission(three_members());
  BOOST_CHECK(admission.judge_frame(key(c.key), c.claim, kNow) == c.expected);
}

BOOST_AUTO_TEST_CASE(a_revoked_key_neither_connects_nor_speaks) {
  MemberDirectory directory = three_members();
  Admission admission(directory);
  BOOST_CHECK(!admission.judge_key(key('w'), kNow));
  BOOST_CHECK(!admission.judge_frame(key('w'), frame(PeerKind::worker, FrameKind::reports), kNow));
  BOOST_TEST(admission.still_admitted(1));
  directory.members[1].revoked_at = kNow;
  admission.replace(directory);
  BOOST_CHECK(admission.judge_key(key('w'), kNow) == Refusal::revoked);
  BOOST_CHECK(admission.judge_frame(key('w'), frame(PeerKind::worker, FrameKind::reports), kNow) ==
              Refusal::revoked);
  BOOST_TEST(!admission.still_admitted(1));
  BOOST_TEST(admission.still_admitted(2));
  BOOST_TEST(admission.name_of(key('w')) == "w");
}

BOOST_AUTO_TEST_CASE(an_instance_belongs_to_the_member_that_used_it_first) {
  MemberDirectory directory = three_members();
  directory.members.push_back(member("w2", PeerKind::worker, 'v', 8));
  Admission admission(directory);
  const FrameClaim claim = frame(PeerKind::worker, FrameKind::broker_hello);
  BOOST_CHECK(!admission.judge_frame(key('w'), claim, kNow));
  BOOST_CHECK(admission.judge_frame(key('v'), claim, kNow) == Refusal::foreign_instance);
  BOOST_CHECK(!admission.judge_frame(key('w'), claim, kNow));
  admission.forget_unless([](InstanceId) { return false; });
  BOOST_CHECK(!admission.judge_frame(key('v'), claim, kNow));
}

BOOST_AUTO_TEST_CASE(after_a_rotation_both_keys_are_good_for_a_while) {
  MemberDirectory directory = three_members();
  directory.members[1].previous_key = key('o');
  directory.members[1].previous_until = kNow;
  Admission admission(directory);
  const FrameClaim claim = frame(PeerKind::worker, FrameKind::broker_hello);
  const WallTime before{kNow.ticks - 1};
  BOOST_CHECK(!admission.judge_frame(key('o'), claim, before));
  BOOST_CHECK(!admission.judge_frame(key('w'), claim, before));
  BOOST_CHECK(admission.judge_frame(key('o'), claim, kNow) == Refusal::revoked);
  BOOST_CHECK(!admission.judge_frame(key('w'), claim, kNow));
}

BOOST_AUTO_TEST_SUITE_END()
