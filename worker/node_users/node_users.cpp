#include "worker/node_users/node_users.h"

#include "model/time_text.h"
#include "runtime/refusal.h"
#include "worker/node_users/folder_mark.h"
#include "worker/node_users/tool.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace windlass::worker {
namespace {

using std::chrono::seconds;

constexpr const char* kAdd = "/usr/sbin/useradd";
constexpr const char* kChange = "/usr/sbin/usermod";
constexpr const char* kRemove = "/usr/sbin/userdel";
constexpr const char* kSetPassword = "/usr/sbin/chpasswd";
constexpr const char* kAsUser = "/usr/sbin/runuser";
constexpr const char* kNoPassword = "*";  // keys still open
constexpr std::size_t kRemovalsKnownMax = 64;
constexpr Duration kSweepEvery = seconds(1);
constexpr Duration kSweepAfterFailure = seconds(60);

Error failed(const ToolEnd& end) {
  return Error{ErrorCode::internal_error, {}, {{"Reason", end.said}}};
}

// The first day on which useradd's own clock, which counts days, keeps the user out.
std::string day_after(WallTime time) {
  constexpr WallTime kFarthest{253'370'764'800 * 10'000'000};  // 9999-01-01
  return timestamp_text(std::min(time, kFarthest) + std::chrono::hours(24)).substr(0, 10);
}

bool host_knows(const std::string& name) {
  return ::getpwnam(name.c_str()) != nullptr;
}

// A user takes a group and a home of its name with it.
bool name_is_taken(const std::string& name, const std::string& home) {
  return host_knows(name) || ::getgrnam(name.c_str()) != nullptr ||
         ::access(home.c_str(), F_OK) == 0;
}

struct HostUser {
  std::string name;
  UserMark mark;
};

// Those of ours, of all workers of this host. Only its own database: no other can be changed here.
std::vector<HostUser> marked_users() {
  std::vector<HostUser> found;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  if (!file) return found;
  while (const passwd* user = ::fgetpwent(file.get()))
    if (auto mark = read_comment(user->pw_gecos == nullptr ? "" : user->pw_gecos))
      found.push_back({user->pw_name, std::move(*mark)});
  return found;
}

std::optional<UserMark> mark_of(const std::string& name, const std::string& folder) {
  for (HostUser& user : marked_users())
    if (user.name == name && user.mark.folder == folder) return std::move(user.mark);
  return std::nullopt;
}

// By the user, in the user's own home: what stands there may lead anywhere. The name is plain.
ToolEnd as_user(const std::string& name, const std::string& script, std::string_view input = {}) {
  return run_tool({kAsUser, "-u", name, "--", "/bin/sh", "-c", script}, input);
}

ToolEnd set_key(const NodeUser& user) {
  const std::string folder = "~" + user.name + "/.ssh";
  if (user.ssh_public_key.empty())
    return as_user(user.name, "rm -f " + folder + "/authorized_keys");
  return as_user(user.name,
                 "umask 077 && mkdir -p " + folder + " && cat >" + folder + "/authorized_keys",
                 user.ssh_public_key + "\n");
}

ToolEnd set_password(const NodeUser& user) {
  if (user.password.empty()) return run_tool({kChange, "--password", kNoPassword, user.name});
  return run_tool({kSetPassword}, user.name + ":" + user.password + "\n");
}

void end_processes(const std::string& name) {
  as_user(name, "kill -KILL -1");
}

ToolEnd remove_from_host(const std::string& name) {
  end_processes(name);
  return run_tool({kRemove, "--force", "--remove", name});
}

// The group of those who may do everything; nothing: the host has none.
std::optional<std::string> admin_group() {
  for (const char* name : {"sudo", "wheel"})
    if (::getgrnam(name) != nullptr) return name;
  return std::nullopt;
}

}  // namespace

NodeUsers::NodeUsers(std::string nodes_folder, runtime::Log& log)
    : nodes_folder_(std::move(nodes_folder)), log_(log) {
  const auto refuse = [](const std::string& why) {
    throw runtime::StartRefused("--node-users: " + why);
  };
  if (::geteuid() != 0) refuse("only a worker that is root can make users of its host");
  for (const char* tool : {kAdd, kChange, kRemove, kSetPassword, kAsUser})
    if (::access(tool, X_OK) != 0) refuse(std::string(tool) + " is missing");
  if (::access("/etc/passwd", W_OK) != 0)
    refuse("/etc cannot be written here (" + std::string(std::strerror(errno)) +
           "); a unit of systemd must allow it, see \"Users of nodes\" in docs/OPERATING.md");
  if (nodes_folder_.find_first_of(":\n") != std::string::npos)
    refuse("the folder of the nodes must have no ':' in its path");
}

std::optional<Error> NodeUsers::answer(const FileRequest& request) {
  const NodeUser& user = request.user;
  const std::string folder = nodes_folder_ + "/" + request.node_id;
  if (request.action == FileAction::add_user) return add(folder, user);
  auto mark = is_user_name(user.name) ? mark_of(user.name, folder) : std::nullopt;
  if (request.action == FileAction::delete_user) {
    const bool repeated = std::count(removed_by_.begin(), removed_by_.end(), user.asked_by) != 0;
    if (!mark && repeated) return std::nullopt;
    if (mark) return remove(user);
  } else if (mark) {
    return update(user, std::move(*mark));
  }
  return Error{ErrorCode::node_user_not_found, {}, {}};
}

std::optional<Error> NodeUsers::add(const std::string& folder, const NodeUser& user) {
  if (!is_user_name(user.name)) return Error{ErrorCode::invalid_property_value, {}, {}};
  const std::string home = "/home/" + user.name;
  if (const auto mine = mark_of(user.name, folder)) {
    if (!mine->asked_by.empty())
      return mine->asked_by == user.asked_by
                 ? std::nullopt
                 : std::optional(Error{ErrorCode::node_user_exists, {}, {}});
    remove_from_host(user.name);  // half made by an earlier process
  }
  if (name_is_taken(user.name, home))
    return Error{ErrorCode::node_user_exists,
                 "The host of this node has such a user, group or home already.",
                 {}};
  std::vector<std::string> groups;
  if (user.is_admin) {
    const auto group = admin_group();
    if (!group)
      return Error{ErrorCode::operation_not_valid_on_node,
                   "The host has no group of administrators (sudo or wheel).",
                   {}};
    groups = {"--groups", *group};
  }
  UserMark mark{folder_mark(folder).value_or(""), user.expires, {}, folder};
  if (mark.made.empty()) return Error{ErrorCode::node_not_found, {}, {}};
  const char* shell = ::access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
  std::vector<std::string> words = {
      kAdd,        "--create-home", "--home-dir", home,           "--shell",
      shell,       "--password",    kNoPassword,  "--expiredate", day_after(user.expires),
      "--comment", comment_of(mark)};
  words.insert(words.end(), groups.begin(), groups.end());
  words.push_back(user.name);
  if (const ToolEnd made = run_tool(words); !made.succeeded) return failed(made);
  mark.asked_by = user.asked_by;
  if (auto error = furnish(user, mark)) {
    remove_from_host(user.name);
    return error;
  }
  log_.info("node_user_added", {{"user", user.name}, {"node_folder", folder}});
  return std::nullopt;
}

// The comment last: it says that all is done.
std::optional<Error> NodeUsers::furnish(const NodeUser& user, const UserMark& mark) {
  for (const auto step : {set_key, set_password})
    if (const ToolEnd end = step(user); !end.succeeded) return failed(end);
  const ToolEnd end = run_tool(
      {kChange, "--expiredate", day_after(user.expires), "--comment", comment_of(mark), user.name});
  return end.succeeded ? std::nullopt : std::optional(failed(end));
}

std::optional<Error> NodeUsers::update(const NodeUser& user, UserMark mark) {
  mark.expires = user.expires;
  if (mark.asked_by.empty()) mark.asked_by = user.asked_by;  // whole from now on
  auto error = furnish(user, mark);
  if (!error) log_.info("node_user_updated", {{"user", user.name}, {"node_folder", mark.folder}});
  return error;
}

std::optional<Error> NodeUsers::remove(const NodeUser& user) {
  const ToolEnd end = remove_from_host(user.name);
  if (!end.succeeded && host_knows(user.name)) return failed(end);
  removed_by_.push_back(user.asked_by);
  if (removed_by_.size() > kRemovalsKnownMax) removed_by_.pop_front();
  log_.info("node_user_deleted", {{"user", user.name}});
  return std::nullopt;
}

void NodeUsers::sweep(WallTime now, MonoTime mono) {
  if (mono < next_sweep_) return;
  next_sweep_ = mono + kSweepEvery;
  for (HostUser& user : marked_users()) {
    UserMark& mark = user.mark;
    if (!mark.folder.starts_with(nodes_folder_ + "/")) continue;
    const auto made = folder_mark(mark.folder);
    const bool orphaned = made && *made != mark.made;
    const bool over = mark.expires && *mark.expires <= now;
    if (!orphaned && !over) continue;
    mark.expires.reset();
    ToolEnd end;
    if (orphaned) {
      end = remove_from_host(user.name);
    } else {
      end_processes(user.name);
      end = run_tool({kChange, "--expiredate", "1", "--comment", comment_of(mark), user.name});
      end_processes(user.name);  // one that came in meanwhile
    }
    if (end.succeeded) {
      log_.info(orphaned ? "node_user_deleted" : "node_user_expired", {{"user", user.name}});
    } else {
      log_.warn("node_user_stays", {{"user", user.name}, {"reason", end.said}});
      next_sweep_ = mono + kSweepAfterFailure;
    }
  }
}

}  // namespace windlass::worker
