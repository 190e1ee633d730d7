// Whom tasks run as, and whether they can reach their folders.
#pragma once

#include "worker/exec/task_user.h"
#include "worker/files/confined.h"

#include <optional>
#include <string>

namespace windlass::worker {

struct TaskIdentity {
  std::optional<exec::TaskUser> user;  // none: the worker's own
  std::string name;

  Owner owner() const;
};

// For root: the named user, or without a name windlass-task or nobody. For others: themselves.
// Throws StartRefused when the name is unknown or cannot be taken on.
TaskIdentity find_task_identity(const std::string& name);

// Throws StartRefused when the user may not walk to this absolute folder, naming the part that is
// in the way. `flag` chose the folder.
void require_reachable(const TaskIdentity& identity, const std::string& folder,
                       std::string_view flag);

}  // namespace windlass::worker
