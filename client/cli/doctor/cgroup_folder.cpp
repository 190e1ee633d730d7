#include "client/cli/doctor/cgroup_folder.h"

#include <optional>
#include <sstream>

namespace windlass::cli::doctor {
namespace {

bool names_pids(std::string_view list) {
  return ("," + std::string(list) + ",").find(",pids,") != std::string::npos;
}

// Our path inside the hierarchy, from a line such as "8:pids:/path" or "0::/path".
std::optional<std::string> path_inside(Hierarchy hierarchy, std::string_view cgroup) {
  std::istringstream lines{std::string(cgroup)};
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool meant =
        hierarchy == Hierarchy::v2 ? line.starts_with("0::") : names_pids(controllers);
    if (meant) return line.substr(second + 1);
  }
  return std::nullopt;
}

}  // namespace

std::string cgroup_folder(Hierarchy hierarchy, std::string_view cgroup,
                          std::string_view mountinfo) {
  const auto inside = path_inside(hierarchy, cgroup);
  if (!inside) return {};
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    // "36 35 98:0 /root /mnt options ... - type source super-options"
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream after(line.substr(dash + 3));
    std::string skipped, root, point, type, options;
    before >> skipped >> skipped >> skipped >> root >> point;
    after >> type >> skipped >> options;
    const bool meant =
        hierarchy == Hierarchy::v2 ? type == "cgroup2" : type == "cgroup" && names_pids(options);
    if (!meant) continue;
    // In a container the mount may show only a part of the hierarchy.
    if (root == "/") return *inside == "/" ? point : point + *inside;
    return inside->starts_with(root) ? point + inside->substr(root.size()) : point;
  }
  return {};
}

}  // namespace windlass::cli::doctor
