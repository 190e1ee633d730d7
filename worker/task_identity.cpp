#include "worker/task_identity.h"

#include "runtime/refusal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace windlass::worker {
namespace {

using runtime::StartRefused;

bool may_enter(const struct stat& folder, const exec::TaskUser& user) {
  if (user.uid == 0) return true;
  if (folder.st_uid == user.uid) return (folder.st_mode & S_IXUSR) != 0;
  const bool in_group =
      folder.st_gid == user.gid ||
      std::find(user.groups.begin(), user.groups.end(), folder.st_gid) != user.groups.end();
  return (folder.st_mode & (in_group ? S_IXGRP : S_IXOTH)) != 0;
}

}  // namespace

Owner TaskIdentity::owner() const {
  return user ? Owner{user->uid, user->gid} : Owner{};
}

TaskIdentity find_task_identity(const std::string& name) {
  if (::geteuid() != 0) {
    if (!name.empty())
      throw StartRefused("--task-user: only a worker that is root can run tasks as '" + name +
                         "'. Start it as root, or without --task-user.");
    return TaskIdentity{};
  }
  const std::string candidates[] = {name.empty() ? "windlass-task" : name, "nobody"};
  for (const std::string& candidate : candidates) {
    if (const auto found = exec::find_task_user(candidate)) return {found->user, candidate};
    if (!name.empty()) break;
  }
  throw StartRefused("--task-user: there is no user '" + candidates[0] +
                     "'. Make it: useradd --system --no-create-home " + candidates[0]);
}

void require_reachable(const TaskIdentity& identity, const std::string& folder,
                       std::string_view flag) {
  if (!identity.user) return;
  std::string part;
  for (const std::string& name : path_parts(folder)) {
    part += "/" + name;
    struct stat status {};
    if (::stat(part.c_str(), &status) != 0 || may_enter(status, *identity.user)) continue;
    throw StartRefused(std::string(flag) + ": tasks run as '" + identity.name +
                       "', who may not enter " + part + ". Choose another place, or: chmod o+x " +
                       part);
  }
}

}  // namespace windlass::worker
