#include "worker/exec/containment.h"

#include "worker/exec/boot_clock.h"
#include "worker/exec/process_table.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace windlass::worker::exec {

namespace {

// Of children that come and go, until the next check of the attempt.
constexpr int kLooksMax = 4;
// How long a process may show no command line before it counts as one that hides.
constexpr Duration kExecveMax = std::chrono::seconds(1);

}  // namespace

// ---- by cgroup ---------------------------------------------------------------------------------

JoinBy CgroupContainment::prepare(const StartRequest& request) {
  Group& group = groups_[request.key];
  try {
    group.cgroup = cgroups_->take();
  } catch (...) {
    groups_.erase(request.key);
    throw;
  }
  group.cgroup->limit_processes(request.processes_max);
  return group.cgroup->join();
}

void CgroupContainment::began(const AttemptKey& key, int leader) {
  groups_.at(key).leader = leader;
}

void CgroupContainment::gave_up(const AttemptKey& key) {
  over(key);
}

void CgroupContainment::leader_ended(const AttemptKey& key) {
  groups_.at(key).leader = 0;
}

void CgroupContainment::over(const AttemptKey& key) {
  const auto it = groups_.find(key);
  if (it == groups_.end()) return;
  cgroups_->give_back(std::move(it->second.cgroup));
  groups_.erase(it);
}

bool CgroupContainment::empty(const AttemptKey& key) {
  const auto it = groups_.find(key);
  return it == groups_.end() || it->second.cgroup->empty();
}

void CgroupContainment::terminate(const AttemptKey& key) {
  const auto it = groups_.find(key);
  if (it == groups_.end()) return;
  const Group& group = it->second;
  // The group first, in one step; then those that left it.
  if (group.leader > 0) ::kill(-group.leader, SIGTERM);
  group.cgroup->signal_all(SIGTERM, group.leader);
}

void CgroupContainment::kill(const AttemptKey& key) {
  const auto it = groups_.find(key);
  if (it == groups_.end()) return;
  Group& group = it->second;
  if (group.leader > 0) ::kill(-group.leader, SIGKILL);
  group.cgroup->kill_all();
}

// ---- by descent --------------------------------------------------------------------------------

std::string DescentContainment::description() const {
  return "process groups and descent, no cgroups (" + why_ + ")";
}

std::string DescentContainment::mark(const AttemptKey& key) const {
  return std::string(kVariable) + '=' + folder_mark_ + ':' + to_text(key);
}

JoinBy DescentContainment::prepare(const StartRequest&) {
  ++launching_;
  return {};
}

void DescentContainment::began(const AttemptKey& key, int leader) {
  --launching_;
  orphans_.erase(leader);
  families_[key].leader = leader;
  leaders_.emplace(leader, key);
}

void DescentContainment::leader_ended(const AttemptKey& key) {
  Family& family = families_.at(key);
  family.leader_ended = true;
  leaders_.erase(family.leader);
}

void DescentContainment::over(const AttemptKey& key) {
  families_.erase(key);
  for (auto it = orphans_.begin(); it != orphans_.end();) {
    Orphan& orphan = it->second;
    orphan.suspects.erase(key);
    if (!orphan.suspects.empty()) {
      ++it;
      continue;
    }
    // Nobody's any more. Perhaps it is long gone and its number is another's, so look twice.
    const auto info = process_info(it->first);
    if (info && info->start_time == orphan.start_time && info->parent == getpid()) {
      ::kill(it->first, SIGKILL);
    }
    it = orphans_.erase(it);
  }
}

// Whatever is left of an attempt hangs below children of ours. What a child has when it dies
// becomes ours at that moment, and stays on the list until this thread reaps it. So once all that a
// list named are dead or others', a second list that names nobody else says that nothing is left;
// one look would miss who was born and lost its parent during it.
bool DescentContainment::empty(const AttemptKey& key) {
  if (!families_.contains(key)) return true;
  std::vector<int> judged;
  for (int look = 0; look < kLooksMax; ++look) {
    std::vector<int> adopted = orphans();
    const bool nobody_new = std::all_of(adopted.begin(), adopted.end(), [&](int pid) {
      return std::find(judged.begin(), judged.end(), pid) != judged.end();
    });
    if (nobody_new) return true;
    for (const int pid : adopted) {
      if (may_be_of(pid, key)) return false;
    }
    judged = std::move(adopted);
  }
  return false;
}

// Whether a child of ours lives and is this attempt's, or is about to show whose it is.
bool DescentContainment::may_be_of(int pid, const AttemptKey& key) {
  const auto info = process_info(pid);
  if (!info) return true;  // no descriptor left; asked again later
  if (info->state == 'Z') return false;
  const Orphan& orphan = judge(*info);
  if (orphan.suspects.size() == 1) return orphan.suspects.contains(key);
  return orphan.suspects.contains(key) && in_execve(pid) &&
         boottime_now().mono - orphan.seen < kExecveMax;
}

// Children of ours that are no leaders. Leaders are made by the launch lanes and are those threads'
// children, orphans are given to this one, which tells them from those that are just being made.
// Where the kernel does not list children by thread, those are among them.
std::vector<int> DescentContainment::orphans() {
  std::vector<int> found;
  if (auto adopted = children_of_this_thread()) {
    found = std::move(*adopted);
  } else {
    listed_by_thread_ = false;
    for (const auto& [pid, info] : all_processes()) {
      if (info.parent == getpid()) found.push_back(pid);
    }
  }
  std::erase_if(found, [this](int pid) { return leaders_.contains(pid); });
  return found;
}

// Says whose an orphan is, and remembers it. One that is only suspected is looked at again: in the
// middle of an execve a process shows no environment.
const DescentContainment::Orphan& DescentContainment::judge(const ProcessInfo& process) {
  const auto known = orphans_.find(process.pid);
  const bool same = known != orphans_.end() && known->second.start_time == process.start_time;
  if (same && known->second.suspects.size() == 1) return known->second;

  const std::string prefix = folder_mark_ + ':';
  const std::string marked = environment_of(process.pid, kVariable).value_or("");
  for (const auto& [key, family] : families_) {
    if (process.session == family.leader || process.group == family.leader ||
        marked == prefix + to_text(key)) {
      return orphans_[process.pid] = {.start_time = process.start_time, .suspects = {key}};
    }
  }
  if (same) return known->second;
  // Its attempt is not announced yet, or it may be one that is being made; nobody is suspected.
  static const Orphan kOfALaunch;
  if (launching_ > 0 && (marked.starts_with(prefix) || !listed_by_thread_)) return kOfALaunch;
  Orphan orphan{.start_time = process.start_time, .seen = boottime_now().mono, .suspects = {}};
  for (const auto& [key, family] : families_) orphan.suspects.insert(key);
  return orphans_[process.pid] = std::move(orphan);
}

std::vector<int> DescentContainment::members(const AttemptKey& key) {
  const Family& family = families_.at(key);
  const std::map<int, ProcessInfo> processes = all_processes();
  std::multimap<int, const ProcessInfo*> children;
  for (const auto& [pid, info] : processes) children.emplace(info.parent, &info);

  std::vector<const ProcessInfo*> found;
  if (const auto leader = processes.find(family.leader);
      leader != processes.end() && !family.leader_ended) {
    found.push_back(&leader->second);
  }
  for (const int pid : orphans()) {
    const auto orphan = processes.find(pid);
    if (orphan == processes.end() || orphan->second.state == 'Z') continue;
    if (judge(orphan->second).suspects == std::set<AttemptKey>{key}) {
      found.push_back(&orphan->second);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i]->pid);
    for (auto it = begin; it != end; ++it) found.push_back(it->second);
  }

  std::vector<int> pids;
  for (const ProcessInfo* process : found) {
    if (process->pid != family.leader) {
      // Once its parent is killed, its descent is forgotten by the kernel; not by us.
      orphans_[process->pid] = {.start_time = process->start_time, .suspects = {key}};
    }
    pids.push_back(process->pid);
  }
  return pids;
}

void DescentContainment::signal_all(const AttemptKey& key, int signal) {
  if (!families_.contains(key)) return;
  const std::vector<int> pids = members(key);
  const Family& family = families_.at(key);
  const int leader = family.leader_ended ? 0 : family.leader;
  if (leader > 0) ::kill(-leader, signal);
  for (const int pid : pids) {
    if (leader > 0 && getpgid(pid) == leader) continue;  // has it already
    ::kill(pid, signal);
  }
}

bool clear_marked(const std::string& folder_mark) {
  bool clear = true;
  for (const auto& [pid, info] : all_processes()) {
    if (info.state == 'Z' || pid == getpid()) continue;
    const auto marked = environment_of(pid, DescentContainment::kVariable);
    if (!marked || !marked->starts_with(folder_mark + ':')) continue;
    ::kill(pid, SIGKILL);
    clear = false;
  }
  return clear;
}

}  // namespace windlass::worker::exec
