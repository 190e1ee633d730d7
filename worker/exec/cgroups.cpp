#include "worker/exec/cgroups.h"

#include "worker/exec/small_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace windlass::worker::exec {

namespace {

constexpr std::size_t kIdleMax = 256;

std::vector<int> processes_in(const std::string& path) {
  std::vector<int> pids;
  std::istringstream lines(read_small_file(path + "/cgroup.procs").value_or(""));
  for (int pid = 0; lines >> pid;) pids.push_back(pid);
  return pids;
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> folders;
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return folders;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") folders.emplace_back(name);
  }
  closedir(dir);
  return folders;
}

int open_in(int folder, const char* name, int flags) {
  return openat(folder, name, flags | O_CLOEXEC);
}

// One line of mountinfo: "36 35 98:0 /root /mnt options ... - type source super-options".
struct Mount {
  std::string root;
  std::string point;
  std::string type;
  std::string super_options;
};

std::vector<Mount> cgroup_mounts() {
  std::vector<Mount> mounts;
  std::istringstream lines(read_small_file("/proc/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream after(line.substr(dash + 3));
    Mount mount;
    std::string skip;
    before >> skip >> skip >> skip >> mount.root >> mount.point;
    after >> mount.type >> skip >> mount.super_options;
    if (mount.type == "cgroup" || mount.type == "cgroup2") mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool lists(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == item) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

// The folder of our own cgroup in the v2 hierarchy or in v1's pids hierarchy. Empty: not mounted.
std::string own_cgroup(bool v2) {
  std::string inside;
  bool found = false;
  std::istringstream lines(read_small_file("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {  // "8:pids:/path" or "0::/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? (controllers.empty() && line.starts_with("0:")) : lists(controllers, "pids")) {
      inside = line.substr(second + 1);
      found = true;
    }
  }
  if (!found) return {};
  for (const Mount& mount : cgroup_mounts()) {
    if (v2 ? mount.type != "cgroup2"
           : mount.type != "cgroup" || !lists(mount.super_options, "pids")) {
      continue;
    }
    // Inside containers the mount may show only a part of the hierarchy.
    std::string below = inside;
    if (mount.root != "/") {
      if (!below.starts_with(mount.root)) return mount.point;
      below = below.substr(mount.root.size());
    }
    if (below == "/") below.clear();
    return mount.point + below;
  }
  return {};
}

std::string error_text(const std::string& what, int error) {
  return what + ": " + std::generic_category().message(error);
}

bool word_in_file(const std::string& path, std::string_view word) {
  std::istringstream words(read_small_file(path).value_or(""));
  for (std::string w; words >> w;) {
    if (w == word) return true;
  }
  return false;
}

}  // namespace

// ---- one cgroup ------------------------------------------------------------------------------

Cgroup::Cgroup(std::string path, bool v2, bool limits)
    : path_(std::move(path)), v2_(v2), limits_(limits) {
  if (mkdir(path_.c_str(), 0755) != 0 && errno != EEXIST) {
    throw std::runtime_error(error_text(path_, errno));
  }
  folder_fd_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  left_fd_ = open_in(folder_fd_, v2_ ? "cgroup.events" : "pids.current", O_RDONLY);
  if (!v2_) tasks_fd_ = open_in(folder_fd_, "tasks", O_WRONLY);
  if (folder_fd_ < 0 || left_fd_ < 0 || (!v2_ && tasks_fd_ < 0)) {
    const int error = errno;
    for (const int fd : {folder_fd_, left_fd_, tasks_fd_}) {
      if (fd >= 0) close(fd);
    }
    rmdir(path_.c_str());
    throw std::runtime_error(error_text(path_, error));
  }
}

Cgroup::~Cgroup() {
  for (const int fd : {folder_fd_, left_fd_, tasks_fd_}) {
    if (fd >= 0) close(fd);
  }
  rmdir(path_.c_str());
}

JoinBy Cgroup::join() const {
  return v2_ ? JoinBy{.cgroup_fd = folder_fd_} : JoinBy{.tasks_fd = tasks_fd_};
}

void Cgroup::limit_processes(std::uint32_t processes_max) {
  if (!limits_ || (processes_max_ == processes_max && !frozen_out_)) return;
  write_small_file(path_ + "/pids.max",
                   processes_max == 0 ? std::string("max") : std::to_string(processes_max));
  processes_max_ = processes_max;
  frozen_out_ = false;
}

bool Cgroup::empty() const {
  char text[256];
  const ssize_t size = pread(left_fd_, text, sizeof(text), 0);
  if (size <= 0) return false;
  const std::string_view content(text, static_cast<std::size_t>(size));
  if (v2_) return content.find("populated 0") != std::string_view::npos;
  return content == "0\n";
}

void Cgroup::signal_all(int signal, int but) const {
  for (const int pid : processes_in(path_)) {
    if (pid > 0 && getpgid(pid) != but) ::kill(pid, signal);
  }
}

void Cgroup::kill_all() {
  if (v2_ && write_small_file(path_ + "/cgroup.kill", "1")) {
    killed_whole_ = true;
    return;
  }
  if (limits_ && !frozen_out_) {
    frozen_out_ = write_small_file(path_ + "/pids.max", "0");
  }
  for (const int pid : processes_in(path_)) {
    if (pid > 0) ::kill(pid, SIGKILL);
  }
}

// ---- all of them -----------------------------------------------------------------------------

std::unique_ptr<Cgroups> Cgroups::open(const std::string& choice, const std::string& name,
                                       Launcher& launcher, std::string& why_not) {
  const auto attempt = [&](bool v2, bool wants_limits) -> std::unique_ptr<Cgroups> {
    const std::string kind = v2 ? "cgroup v2" : "cgroup v1 pids";
    const std::string own = own_cgroup(v2);
    if (own.empty()) {
      why_not += kind + " is not mounted; ";
      return nullptr;
    }
    const std::string path = own + '/' + name;
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      why_not += error_text(path, errno) + "; ";
      return nullptr;
    }
    bool limits = true;
    if (v2) {
      // Only works where the hierarchy was delegated with its controllers; else we do without.
      write_small_file(own + "/cgroup.subtree_control", "+pids");
      write_small_file(path + "/cgroup.subtree_control", "+pids");
      limits = word_in_file(path + "/cgroup.subtree_control", "pids");
    }
    if (wants_limits && !limits) {
      why_not += kind + " has no pids controller for us; ";
      rmdir(path.c_str());
      return nullptr;
    }
    std::unique_ptr<Cgroups> cgroups(new Cgroups(path, v2, limits));
    try {
      std::unique_ptr<Cgroup> probe = cgroups->take();
      if (const int error = launcher.try_to_join(probe->join()); error != 0) {
        why_not += error_text("cannot enter " + path, error) + "; ";
        return nullptr;
      }
      if (!probe->empty()) {
        why_not += kind + " does not become empty; ";
        return nullptr;
      }
      cgroups->give_back(std::move(probe));
    } catch (const std::runtime_error& error) {
      why_not += std::string(error.what()) + "; ";
      return nullptr;
    }
    return cgroups;
  };

  if (choice == "v2") return attempt(true, false);
  if (choice == "v1") return attempt(false, true);
  if (choice == "none") {
    why_not = "switched off";
    return nullptr;
  }
  // The best first: v2 with a limit of processes, then v1 (which always has it), then v2 without.
  if (auto v2 = attempt(true, true)) return v2;
  if (auto v1 = attempt(false, true)) return v1;
  return attempt(true, false);
}

Cgroups::Cgroups(std::string path, bool v2, bool limits)
    : path_(std::move(path)), v2_(v2), limits_(limits) {}

Cgroups::~Cgroups() {
  idle_.clear();
  rmdir(path_.c_str());
}

std::string Cgroups::description() const {
  std::string text = v2_ ? "cgroup v2" : "cgroup v1 (pids)";
  if (v2_ && !limits_) text += " without pids controller";
  return text + " at " + path_;
}

std::unique_ptr<Cgroup> Cgroups::take() {
  if (!idle_.empty()) {
    std::unique_ptr<Cgroup> cgroup = std::move(idle_.back());
    idle_.pop_back();
    return cgroup;
  }
  return std::make_unique<Cgroup>(path_ + "/a" + std::to_string(next_++), v2_, limits_);
}

void Cgroups::give_back(std::unique_ptr<Cgroup> cgroup) {
  if (cgroup->reusable() && idle_.size() < kIdleMax) idle_.push_back(std::move(cgroup));
}

bool clear_cgroups(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return true;
  bool clear = true;
  for (const std::string& folder : folders_in(path)) {
    if (!clear_cgroups(path + '/' + folder)) clear = false;
  }
  // A cgroup that forks faster than it is read is held still by its limit.
  const std::vector<int> pids = processes_in(path);
  if (!pids.empty() && !write_small_file(path + "/cgroup.kill", "1")) {
    write_small_file(path + "/pids.max", "0");
    for (const int pid : processes_in(path)) {
      if (pid > 0) ::kill(pid, SIGKILL);
    }
  }
  return rmdir(path.c_str()) == 0 && clear;
}

}  // namespace windlass::worker::exec
