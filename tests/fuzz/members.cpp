// Join tokens, the files of members and brokers, and what the door for enrolment is asked.
#include "members/core/admission.h"
#include "members/core/enrolment.h"
#include "members/token.h"
#include "model/base64.h"
#include "schema/codec/member.h"
#include "tests/fuzz/target.h"

#include <algorithm>

namespace windlass::fuzz {
namespace {

constexpr WallTime kNow{1'700'000'000LL * 10'000'000};
constexpr std::string_view kMark = "windlass-join:";

template <class Value, Result<Value> (*of_json)(std::string_view)>
void judge_json(std::string_view text) {
  const auto value = of_json(text);
  if (!value) return;
  const std::string written = json_text(*value);
  const auto again = of_json(written);
  WINDLASS_ASSERT(again.has_value());
  // Names, keys and endpoints are printable ASCII. Of other texts Cap'n Proto's JSON makes others.
  const bool ascii = std::all_of(written.begin(), written.end(),
                                 [](char c) { return static_cast<std::uint8_t>(c) < 0x7F; });
  if (ascii && written.find("\\u") == std::string::npos) WINDLASS_ASSERT(*again == *value);
}

void judge_token(std::string_view text) {
  const auto token = members::read_token(text);
  if (!token) return;
  const std::string again = std::string(kMark) + base64_encoded(encode(*token));
  WINDLASS_ASSERT(members::read_token(again) == token);
}

MemberDirectory directory() {
  MemberDirectory directory;
  directory.cluster = "c";
  directory.enrolment = "tcp://h:1";
  directory.enrolment_key = std::string(40, 'k');
  Member broker{"b", PeerKind::broker, 0, "key-b", "", {}, kNow, {}, "tcp://b:1", "tcp://b:2"};
  Member worker{"w", PeerKind::worker, 5, "key-w", "old-w", kNow + Duration{1}, kNow, {}, "", ""};
  directory.members = {broker, worker};
  members::add_token(directory, {"t", "digest", PeerKind::worker, kNow, kNow + Duration{9}, 1});
  return directory;
}

void judge_enrolment(Choices& choices) {
  constexpr std::string_view kKeys[] = {"key-b", "key-w", "old-w", "new", ""};
  MemberDirectory before = directory();
  MemberDirectory after = before;
  const std::string_view key = kKeys[choices.below(5)];
  const std::string_view digest = choices.below(2) == 0 ? "digest" : "none";
  const auto request = decode_enrolment_request(choices.rest());
  if (!request) return;
  const members::Enrolled enrolled = members::enrol(after, *request, key, digest, kNow);
  const auto reply = decode_enrolment_reply(encode(enrolled.reply));
  WINDLASS_ASSERT(reply.has_value());
  WINDLASS_ASSERT(*reply == enrolled.reply);
  WINDLASS_ASSERT(enrolled.changed || after == before);
  WINDLASS_ASSERT(after.members.size() <= before.members.size() + 1);
  WINDLASS_ASSERT(!enrolled.reply.directory || enrolled.reply.directory->tokens.empty());
  if (after.members.size() > before.members.size()) {  // only with the token, under a good name
    WINDLASS_ASSERT(digest == "digest" && request->token_id == "t");
    WINDLASS_ASSERT(members::is_member_name(after.members.back().name));
    WINDLASS_ASSERT(after.members.back().role == PeerKind::worker);
  }
  members::Admission admission(after);
  for (const std::string_view other : kKeys) (void)admission.judge_key(other, kNow);
}

void run(std::string_view input) {
  Choices choices(input);
  switch (choices.below(5)) {
    case 0:
      return judge_json<MemberDirectory, member_directory_of_json>(choices.rest());
    case 1:
      return judge_json<Membership, membership_of_json>(choices.rest());
    case 2:
      return judge_token(choices.rest());
    case 3:
      return judge_token(std::string(kMark) + base64_encoded(choices.rest()));
    default:
      return judge_enrolment(choices);
  }
}

std::vector<std::string> seeds() {
  Membership membership;
  membership.cluster = "c";
  membership.name = "w";
  membership.brokers = {{"tcp://b:1", "tcp://b:2", "key"}};
  const members::MadeToken made =
      members::make_token(directory(), PeerKind::worker, kNow, Duration{9}, 1);
  const auto bytes = base64_decoded(std::string_view(made.text).substr(kMark.size()));
  std::vector<std::string> seeds = {chosen(0, json_text(directory())),
                                    chosen(1, json_text(membership)), chosen(2, made.text),
                                    chosen(3, *bytes)};
  for (const EnrolmentWish wish :
       {EnrolmentWish::join, EnrolmentWish::look, EnrolmentWish::rotate, EnrolmentWish::copy}) {
    EnrolmentRequest request;
    request.wish = wish;
    request.cluster = "c";
    request.token_id = "t";
    request.name = "n";
    request.worker = 6;
    request.next_key = "next";
    for (std::size_t key = 0; key < 5; ++key)
      seeds.push_back(chosen(4, chosen(key, chosen(0, encode(request)))));
  }
  return seeds;
}

const Target kTarget("members", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
