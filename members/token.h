// A join token as people carry it: one line of text for a file, a secret as long as it is good.
#pragma once

#include "model/member.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::members {

struct MadeToken {
  std::string text;    // for the joiner
  TokenRecord record;  // for the directory
};

MadeToken make_token(const MemberDirectory& directory, PeerKind role, WallTime now, Duration life,
                     std::uint32_t uses);

std::optional<JoinToken> read_token(std::string_view text);

}  // namespace windlass::members
