// A user of a node (ComputeNodeUser): a user of the node's host, who may log in there.
#pragma once

#include "model/time.h"

#include <string>
#include <string_view>

namespace windlass {

// A change takes away what is not given.
struct NodeUser {
  std::string name;
  bool is_admin = false;  // read when added only
  WallTime expires;
  std::string password;        // empty: none
  std::string ssh_public_key;  // empty: none
  std::string asked_by;        // the client's request: a repetition of it is not refused
  bool operator==(const NodeUser&) const = default;
};

// What Debian's useradd takes: 1 to 32 lower-case letters, digits, '-' and '_', no digit or '-'
// first.
bool is_user_name(std::string_view name);

}  // namespace windlass
