// What tells a user that a client made for a node from the host's others: a text in the comment of
// the host's user database, so that nothing else has to be kept about them.
#pragma once

#include "model/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::worker {

struct UserMark {
  std::string made;                 // tells the node's folder from the one after a wipe
  std::optional<WallTime> expires;  // nothing: it has, and the user is shut
  std::string asked_by;             // the request that made it; empty while that is not done
  std::string folder;               // the node's root, absolute
  bool operator==(const UserMark&) const = default;
};

std::string comment_of(const UserMark& mark);
// Nothing: not a comment of ours.
std::optional<UserMark> read_comment(std::string_view comment);

}  // namespace windlass::worker
