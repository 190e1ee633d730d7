// What becomes of the directory: tokens, joins, rotations, revocations. Pure: secrets arrive as
// digests, keys and ids as texts that were drawn elsewhere.
#pragma once

#include "model/member.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::members {

inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr std::size_t kMembersMax = 20'000;
inline constexpr std::size_t kTokensMax = 10'000;
// After a rotation the old key is good for so long, so that links can change over one by one.
inline constexpr Duration kPreviousKeyLife = std::chrono::minutes(10);

std::string_view to_string(EnrolmentOutcome outcome);
std::string_view role_name(PeerKind role);
std::optional<PeerKind> role_named(std::string_view name);

// 1 to 64 letters, digits, '.', '_' and '-'.
bool is_member_name(std::string_view name);

struct Enrolled {
  EnrolmentReply reply;
  bool changed = false;  // the directory is to be written before the reply is sent
};

// `key` is the one with which the asker has connected; `secret_digest` that of the secret it sent.
Enrolled enrol(MemberDirectory& directory, const EnrolmentRequest& request, std::string_view key,
               std::string_view secret_digest, WallTime now);

// Adds a member without a token: for who may write the directory. Nothing or why not.
std::optional<EnrolmentOutcome> add_member(MemberDirectory& directory, Member member);

// By name or key. False: there is no such member, or it is revoked already.
bool revoke(MemberDirectory& directory, std::string_view name_or_key, WallTime now);

// Expired tokens go, and those that are used up go when they would have expired.
void add_token(MemberDirectory& directory, TokenRecord token);

std::vector<BrokerPlace> broker_places(const MemberDirectory& directory);

// At most `burst` at once and `per_second` in the long run.
class Pace {
 public:
  Pace(double per_second, double burst) : per_second_(per_second), burst_(burst), left_(burst) {}
  bool take(MonoTime now);

 private:
  double per_second_;
  double burst_;
  double left_;
  std::optional<MonoTime> at_;
};

}  // namespace windlass::members
