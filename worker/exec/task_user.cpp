#include "worker/exec/task_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

namespace windlass::worker::exec {

std::optional<NamedTaskUser> find_task_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(4096);
  while (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (found == nullptr) return std::nullopt;

  NamedTaskUser user;
  user.name = name;
  user.home = found->pw_dir;
  user.user.uid = found->pw_uid;
  user.user.gid = found->pw_gid;
  int count = 32;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(name.c_str(), found->pw_gid, groups.data(), &count) < 0) {
    // Some C libraries leave the count alone when the room is too small.
    const auto wanted = static_cast<std::size_t>(count);
    groups.resize(wanted > groups.size() ? wanted : groups.size() * 2);
    count = static_cast<int>(groups.size());
  }
  user.user.groups.assign(groups.begin(), groups.begin() + count);
  return user;
}

}  // namespace windlass::worker::exec
