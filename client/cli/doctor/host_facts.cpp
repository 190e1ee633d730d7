// What a host is by itself: cgroups, limits, users.
#include "client/cli/doctor/cgroup_folder.h"
#include "client/cli/doctor/gather.h"
#include "runtime/paths.h"

#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <system_error>

namespace windlass::cli::doctor {
namespace {

std::string text_of(const std::string& path) {
  try {
    return runtime::read_file(path);
  } catch (const std::system_error&) {
    return {};
  }
}

// The number that a file of the kernel holds; 0 for "max" and where there is none.
std::uint64_t number_in(const std::string& path) {
  const std::string text = text_of(path);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

struct Trial {
  bool made = false;
  bool limits = false;
};

// Makes a cgroup below ours and removes it again.
Trial try_cgroup(const std::string& folder) {
  if (folder.empty()) return {};
  const std::string path = folder + "/windlass-doctor-" + std::to_string(::getpid());
  if (::mkdir(path.c_str(), 0755) != 0) return {};
  const Trial trial{there(path + "/cgroup.procs"), there(path + "/pids.max")};
  ::rmdir(path.c_str());
  return trial;
}

std::string own_cgroup(Hierarchy hierarchy) {
  return cgroup_folder(hierarchy, text_of("/proc/self/cgroup"), text_of("/proc/self/mountinfo"));
}

std::uint64_t hard_limit(__rlimit_resource_t resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return 0;
  return limit.rlim_max;
}

}  // namespace

CgroupFacts cgroup_facts() {
  CgroupFacts facts;
  facts.v2 = own_cgroup(Hierarchy::v2);
  facts.v1 = own_cgroup(Hierarchy::v1_pids);
  const Trial v2 = try_cgroup(facts.v2);
  facts.v2_writable = v2.made;
  facts.v2_limits = v2.limits;
  const Trial v1 = try_cgroup(facts.v1);
  facts.v1_writable = v1.made && v1.limits;
  return facts;
}

LimitFacts limit_facts() {
  LimitFacts facts;
  facts.files = hard_limit(RLIMIT_NOFILE);
  facts.address_space = hard_limit(RLIMIT_AS);
  const auto consider = [&facts](std::uint64_t limit, const std::string& by) {
    if (limit == 0 || (facts.processes != 0 && limit >= facts.processes)) return;
    facts.processes = limit;
    facts.processes_by = by;
  };
  consider(number_in("/proc/sys/kernel/pid_max"), "kernel.pid_max");
  consider(number_in("/proc/sys/kernel/threads-max"), "kernel.threads-max");
  // Root with its capabilities is not held by the limit of a user.
  if (::geteuid() != 0) consider(hard_limit(RLIMIT_NPROC), "ulimit -u");
  for (const Hierarchy hierarchy : {Hierarchy::v2, Hierarchy::v1_pids}) {
    const std::string folder = own_cgroup(hierarchy);
    if (!folder.empty()) consider(number_in(folder + "/pids.max"), folder + "/pids.max");
  }
  return facts;
}

UserFacts user_facts() {
  UserFacts facts;
  facts.root = ::geteuid() == 0;
  const passwd* entry = ::getpwuid(::geteuid());
  facts.name = entry != nullptr ? entry->pw_name : "uid " + std::to_string(::geteuid());
  facts.task_user = ::getpwnam("windlass-task") != nullptr;
  return facts;
}

}  // namespace windlass::cli::doctor
