#include "worker/files/node_folders.h"

#include "worker/files/failure.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace windlass::worker {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY;
constexpr Owner kOurs{};
// Names in .trash: one of these and a number.
constexpr std::string_view kTaskPrefix = "task-";
constexpr std::string_view kGonePrefix = "gone-";

FailureInfo folder_failure(std::string_view what, const std::string& path, int error_number) {
  return system_failure("ResourceDirectoryCreateFailed", std::string(what) + " " + path,
                        error_number);
}

std::string parent_of(const std::string& folder) {
  const auto slash = folder.rfind('/');
  return slash == std::string::npos ? std::string() : folder.substr(0, slash);
}

// workitems/JOB/job-1; a task's is one level further down.
bool is_of_job(std::string_view folder) {
  return std::count(folder.begin(), folder.end(), '/') == 2;
}

std::vector<std::string> folders_in(int folder) {
  std::vector<std::string> names;
  each_entry(folder, [&](const char* name, unsigned char type) {
    if (type == DT_DIR) names.emplace_back(name);
    return true;
  });
  return names;
}

Fd must_open(int at, const std::string& path, mode_t mode) {
  Fd fd = make_folders(at, path, mode, kOurs);
  if (!fd) throw std::system_error(errno, std::generic_category(), "cannot make folder " + path);
  if (fchmod(fd.get(), mode) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot set the mode of " + path);
  return fd;
}

}  // namespace

bool valid_node_name(std::string_view node_id) {
  if (node_id.empty() || node_id.size() > 128 || node_id.front() == '.') return false;
  return node_id.find('/') == std::string_view::npos &&
         node_id.find('\0') == std::string_view::npos;
}

NodeFolders::NodeFolders(std::string nodes, Owner task_user)
    : path_(std::move(nodes)), task_user_(task_user) {
  if (mkdir(path_.c_str(), 0711) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), "cannot make folder " + path_);
  nodes_ = open_folder(path_);
  if (!nodes_ || fchmod(nodes_.get(), 0711) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot open folder " + path_);
  trash_folder_ = must_open(nodes_.get(), ".trash", 0700);
  // What an earlier process had there. Folders of tasks are looked at again before they serve: the
  // task user may be another one now.
  each_entry(trash_folder_.get(), [&](const char* entry, unsigned char) {
    const std::string_view name = entry;
    std::uint64_t number = 0;
    const auto digits = name.substr(name.rfind('-') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    next_name_ = std::max(next_name_, number + 1);
    trash_.push_back(
        {entry, {}, name.starts_with(kTaskPrefix) ? TrashKind::task : TrashKind::other});
    return true;
  });
}

// Under the mutex. Tells a later process what it is.
std::string NodeFolders::trash_name(TrashKind kind) {
  return std::string(kind == TrashKind::task ? kTaskPrefix : kGonePrefix) +
         std::to_string(next_name_++);
}

int NodeFolders::node_fd(const std::string& node_id) {
  const auto known = node_fds_.find(node_id);
  if (known != node_fds_.end()) return known->second.get();
  if (!valid_node_name(node_id)) {
    errno = EINVAL;
    return -1;
  }
  Fd fd = open_beneath(nodes_.get(), node_id, kOpenFolder, 0, Links::refuse);
  if (!fd) return -1;
  return node_fds_.emplace(node_id, std::move(fd)).first->second.get();
}

void NodeFolders::forget_node(const std::string& node_id) {
  node_fds_.erase(node_id);
  std::erase_if(parents_, [&](const std::string& p) { return p.starts_with(node_id + "/"); });
}

std::optional<FailureInfo> NodeFolders::make_node(const std::string& node_id) {
  if (!valid_node_name(node_id)) return folder_failure("cannot make node", node_id, EINVAL);
  const Fd node = make_folders(nodes_.get(), node_id, 0755, kOurs);
  if (!node) return folder_failure("cannot make node folder", node_id, errno);
  for (const char* name : {"applications", "fsmounts", "startup", "volatile", "workitems"}) {
    if (!make_folders(node.get(), name, 0755, kOurs))
      return folder_failure("cannot make folder", node_id + "/" + name, errno);
  }
  for (const char* name : {"shared", "startup/wd"}) {
    if (!make_folders(node.get(), name, 0770, task_user_))
      return folder_failure("cannot make folder", node_id + "/" + name, errno);
  }
  return std::nullopt;
}

bool NodeFolders::make_parent(const std::string& node_id, int node, const std::string& parent) {
  if (parent.empty()) return true;
  const std::string key = node_id + "/" + parent;
  if (parents_.contains(key)) return true;
  if (!make_folders(node, parent, 0755, kOurs)) return false;
  parents_.insert(key);
  return true;
}

std::optional<FailureInfo> NodeFolders::make_task(const std::string& node_id,
                                                  const std::string& folder) {
  const int node = node_fd(node_id);
  if (node < 0) return folder_failure("cannot open node folder", node_id, errno);
  if (!make_parent(node_id, node, parent_of(folder)))
    return folder_failure("cannot make folder", parent_of(folder), errno);
  if (use_spare(node, folder)) return std::nullopt;

  const std::string wd = folder + "/wd";
  const bool made = mkdirat(node, folder.c_str(), 0755) == 0;
  if (!made && errno == ENOENT) {
    // Somebody removed the job's folder through the file API: make the way anew.
    parents_.erase(node_id + "/" + parent_of(folder));
    if (!make_parent(node_id, node, parent_of(folder)) || mkdirat(node, folder.c_str(), 0755) != 0)
      return folder_failure("cannot make folder", folder, errno);
  } else if (!made && errno != EEXIST) {
    return folder_failure("cannot make folder", folder, errno);
  }
  if (made && mkdirat(node, wd.c_str(), 0770) == 0) {
    // Nobody else can be in a folder this new, so plain paths are safe.
    if (task_user_.given() &&
        fchownat(node, wd.c_str(), task_user_.uid, task_user_.gid, AT_SYMLINK_NOFOLLOW) != 0)
      return folder_failure("cannot give away", wd, errno);
    if (fchmodat(node, wd.c_str(), 0770, 0) != 0)
      return folder_failure("cannot set the mode of", wd, errno);
    return std::nullopt;
  }
  if (!make_folders(node, wd, 0770, task_user_))
    return folder_failure("cannot make folder", wd, errno);
  return std::nullopt;
}

std::optional<FailureInfo> NodeFolders::make_shared(const std::string& node_id,
                                                    const std::string& folder) {
  const int node = node_fd(node_id);
  if (node < 0) return folder_failure("cannot open node folder", node_id, errno);
  if (!make_folders(node, folder, 0770, task_user_))
    return folder_failure("cannot make folder", folder, errno);
  return std::nullopt;
}

bool NodeFolders::use_spare(int node, const std::string& folder) {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return false;
  // Without RENAME_NOREPLACE an empty folder of the same name would vanish, which is what we want
  // anyway; one that is not empty is an earlier try of the task and stays.
  if (renameat(trash_folder_.get(), spare_.back().c_str(), node, folder.c_str()) != 0) return false;
  spare_.pop_back();
  return true;
}

// Leaves wd (empty), stdout.txt and stderr.txt (empty, and known by no other name).
bool NodeFolders::empty_out(int task_folder) {
  bool has_wd = false;
  bool clean = true;
  each_entry(task_folder, [&](const char* entry, unsigned char) {
    const std::string_view name = entry;
    if (name == "wd") {
      has_wd = true;
    } else if (name == "stdout.txt" || name == "stderr.txt") {
      const Fd file = open_beneath(task_folder, entry, O_WRONLY | O_NONBLOCK, 0, Links::refuse);
      struct stat status {};
      const bool ours = file && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                        status.st_nlink == 1 && ftruncate(file.get(), 0) == 0 &&
                        fchmod(file.get(), 0644) == 0;
      if (!ours && remove_tree(task_folder, entry) != 0) clean = false;
    } else if (remove_tree(task_folder, entry) != 0) {
      clean = false;
    }
    return clean;
  });
  if (!has_wd || !clean) return false;

  const Fd wd = open_beneath(task_folder, "wd", kOpenFolder, 0, Links::refuse);
  struct stat status {};
  if (!wd || fstat(wd.get(), &status) != 0) return false;
  if (task_user_.given() && (status.st_uid != task_user_.uid || status.st_gid != task_user_.gid))
    return false;
  if ((status.st_mode & 07777) != 0770 && fchmod(wd.get(), 0770) != 0) return false;
  bool empty = false;
  for (int pass = 0; pass < 2 && !empty; ++pass) {  // removing while reading may skip entries
    empty = true;
    each_entry(wd.get(), [&](const char* entry, unsigned char) {
      empty = false;
      return remove_tree(wd.get(), entry) == 0;
    });
  }
  if (empty) return true;
  empty = true;
  each_entry(wd.get(), [&](const char*, unsigned char) { return empty = false; });
  return empty;
}

// Moves what could serve again out of a job's folder. True when there was some.
bool NodeFolders::give_up_task_folders(int job_folder, std::size_t& room) {
  bool some = false;
  for (const std::string& task : folders_in(job_folder)) {
    if (room == 0) break;
    const std::lock_guard lock(mutex_);
    std::string name = trash_name(TrashKind::task);
    if (renameat(job_folder, task.c_str(), trash_folder_.get(), name.c_str()) != 0) continue;
    trash_.push_front({std::move(name), {}, TrashKind::task});
    some = true;
    --room;
  }
  return some;
}

// The same of a removed job, or of all jobs of a wiped node.
bool NodeFolders::give_up_task_folders(const Trash& trash) {
  const auto open = [](int at, const std::string& path) {
    return open_beneath(at, path, kOpenFolder, 0, Links::refuse);
  };
  std::size_t room = kSpareFoldersMax - std::min(spare_total(), kSpareFoldersMax);
  if (trash.kind == TrashKind::job) {
    const Fd tasks = open(trash_folder_.get(), trash.name);
    return tasks && give_up_task_folders(tasks.get(), room);
  }
  bool some = false;
  const Fd jobs = open(trash_folder_.get(), trash.name + "/workitems");
  if (!jobs) return false;
  for (const std::string& job : folders_in(jobs.get())) {
    const Fd tasks = open(jobs.get(), job + "/job-1");
    if (tasks && give_up_task_folders(tasks.get(), room)) some = true;
  }
  return some;
}

bool NodeFolders::keep_as_spare(const std::string& trash) {
  if (spare_total() >= kSpareFoldersMax) return false;
  const Fd task = open_beneath(trash_folder_.get(), trash, kOpenFolder, 0, Links::refuse);
  if (!task || !empty_out(task.get())) return false;
  const std::lock_guard lock(mutex_);
  spare_.push_back(trash);
  return true;
}

std::optional<FailureInfo> NodeFolders::throw_away(int folder, const std::string& path,
                                                   const std::string& node_id, TrashKind kind) {
  const std::lock_guard lock(mutex_);
  std::string name = trash_name(kind);
  const bool moved = renameat(folder, path.c_str(), trash_folder_.get(), name.c_str()) == 0;
  if (!moved && errno != ENOENT) return folder_failure("cannot remove folder", path, errno);
  // A wiped node is answered for even if there was nothing of it.
  if (moved || !node_id.empty()) trash_.push_back({std::move(name), node_id, kind});
  return std::nullopt;
}

std::optional<FailureInfo> NodeFolders::remove_folder(const std::string& node_id,
                                                      const std::string& folder) {
  const int node = node_fd(node_id);
  if (node < 0) {
    if (errno == ENOENT) return std::nullopt;
    return folder_failure("cannot open node folder", node_id, errno);
  }
  const TrashKind kind = is_of_job(folder) ? TrashKind::job : TrashKind::task;
  if (auto failure = throw_away(node, folder, {}, kind)) return failure;
  // The job's folder goes with its last task.
  for (std::string parent = parent_of(folder); parent != "workitems" && !parent.empty();
       parent = parent_of(parent)) {
    if (unlinkat(node, parent.c_str(), AT_REMOVEDIR) != 0) break;
    parents_.erase(node_id + "/" + parent);
  }
  return std::nullopt;
}

std::optional<FailureInfo> NodeFolders::wipe_node(const std::string& node_id) {
  if (!valid_node_name(node_id)) return folder_failure("cannot wipe node", node_id, EINVAL);
  forget_node(node_id);
  return throw_away(nodes_.get(), node_id, node_id, TrashKind::node);
}

void NodeFolders::wipe_all_but(const std::unordered_set<std::string>& known) {
  std::vector<std::string> strangers;
  each_entry(nodes_.get(), [&](const char* name, unsigned char) {
    if (valid_node_name(name) && !known.contains(name)) strangers.emplace_back(name);
    return true;
  });
  for (const std::string& name : strangers) throw_away(nodes_.get(), name, {}, TrashKind::node);
}

bool NodeFolders::has_trash() const {
  const std::lock_guard lock(mutex_);
  return !trash_.empty();
}

std::size_t NodeFolders::spare_total() const {
  const std::lock_guard lock(mutex_);
  return spare_.size();
}

std::optional<NodeFolders::Swept> NodeFolders::sweep_one() {
  Trash trash;
  {
    const std::lock_guard lock(mutex_);
    if (trash_.empty()) return std::nullopt;
    trash = std::move(trash_.front());
    trash_.pop_front();
  }
  Swept swept{trash.node_id, trash.name, 0};
  const bool holds_tasks = trash.kind == TrashKind::job || trash.kind == TrashKind::node;
  if (holds_tasks && give_up_task_folders(trash)) {
    trash.kind = TrashKind::other;  // once; and it is answered for when the rest of it is gone
    const std::lock_guard lock(mutex_);
    trash_.push_back(std::move(trash));
    return Swept{};
  }
  const bool task = trash.kind == TrashKind::task;
  if (!task || !keep_as_spare(trash.name)) {
    swept.error_number = remove_tree(trash_folder_.get(), trash.name);
  }
  if (task && swept.error_number == 0) ++tasks_cleared_;
  return swept;
}

}  // namespace windlass::worker
