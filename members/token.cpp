#include "members/token.h"

#include "bus/key_pair.h"
#include "model/base64.h"
#include "schema/codec/member.h"

namespace windlass::members {

namespace {
constexpr std::string_view kMark = "windlass-join:";
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kSecretBytes = 32;
}  // namespace

MadeToken make_token(const MemberDirectory& directory, PeerKind role, WallTime now, Duration life,
                     std::uint32_t uses) {
  JoinToken token;
  token.cluster = directory.cluster;
  token.enrolment = directory.enrolment;
  token.enrolment_key = directory.enrolment_key;
  token.id = bus::random_text(kIdBytes);
  token.secret = bus::random_text(kSecretBytes);
  token.role = role;
  token.expires_at = now + life;
  return {std::string(kMark) + base64_encoded(encode(token)),
          {token.id, bus::digest_of_secret(token.secret), role, now, token.expires_at, uses}};
}

std::optional<JoinToken> read_token(std::string_view text) {
  if (text.substr(0, kMark.size()) != kMark) return std::nullopt;
  const std::optional<std::string> bytes = base64_decoded(text.substr(kMark.size()));
  if (!bytes) return std::nullopt;
  Result<JoinToken> token = decode_join_token(*bytes);
  if (!token || token->enrolment.empty() || !bus::is_key(token->enrolment_key)) return std::nullopt;
  return std::move(*token);
}

}  // namespace windlass::members
