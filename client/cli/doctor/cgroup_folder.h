// Where a process's own cgroup is, as /proc tells it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace windlass::cli::doctor {

enum class Hierarchy { v2, v1_pids };

// `cgroup` and `mountinfo` are the texts of /proc/self/cgroup and /proc/self/mountinfo. Empty: not
// mounted, or not to be seen from here.
std::string cgroup_folder(Hierarchy hierarchy, std::string_view cgroup, std::string_view mountinfo);

}  // namespace windlass::cli::doctor
