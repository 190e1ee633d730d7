// Looks a user up for tasks to run as.
#pragma once

#include "worker/exec/attempt.h"

#include <optional>
#include <string>

namespace windlass::worker::exec {

struct NamedTaskUser {
  TaskUser user;
  std::string name;
  std::string home;
};

// By name, with all groups of the user; empty when there is no such user. Slow (reads the system's
// user database): once at start.
std::optional<NamedTaskUser> find_task_user(const std::string& name);

}  // namespace windlass::worker::exec
