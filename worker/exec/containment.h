// Which processes belong to an attempt, however they fork, and how all of them are reached. Two
// ways behind one interface: cgroups where they are to be had, else descent.
#pragma once

#include "worker/exec/cgroups.h"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace windlass::worker::exec {

class Containment {
 public:
  virtual ~Containment() = default;
  virtual std::string description() const = 0;
  virtual bool limits_processes() const = 0;

  // In this order for each attempt: prepare, then began with the pid or gave_up; leader_ended once
  // the command's own process is reaped; over when empty() has said so.
  virtual JoinBy prepare(const StartRequest& request) = 0;
  virtual std::string mark(const AttemptKey& key) const = 0;  // an environment variable, or empty
  virtual void began(const AttemptKey& key, int leader) = 0;
  virtual void gave_up(const AttemptKey& key) = 0;
  virtual void leader_ended(const AttemptKey& key) = 0;
  virtual void over(const AttemptKey& key) = 0;

  // Whether no process is left; asked after leader_ended only. An attempt that is over has none,
  // and signals to it go nowhere.
  virtual bool empty(const AttemptKey& key) = 0;
  virtual void terminate(const AttemptKey& key) = 0;
  virtual void kill(const AttemptKey& key) = 0;
  // A child of ours that is no leader was reaped.
  virtual void orphan_reaped(int pid) = 0;
};

class CgroupContainment : public Containment {
 public:
  explicit CgroupContainment(std::unique_ptr<Cgroups> cgroups) : cgroups_(std::move(cgroups)) {}

  std::string description() const override { return cgroups_->description(); }
  bool limits_processes() const override { return cgroups_->limits_processes(); }
  JoinBy prepare(const StartRequest& request) override;
  std::string mark(const AttemptKey&) const override { return {}; }
  void began(const AttemptKey& key, int leader) override;
  void gave_up(const AttemptKey& key) override;
  void leader_ended(const AttemptKey& key) override;
  void over(const AttemptKey& key) override;
  bool empty(const AttemptKey& key) override;
  void terminate(const AttemptKey& key) override;
  void kill(const AttemptKey& key) override;
  void orphan_reaped(int) override {}

 private:
  struct Group {
    std::unique_ptr<Cgroup> cgroup;
    int leader = 0;  // 0 once reaped: its number may be another process's
  };
  std::unique_ptr<Cgroups> cgroups_;
  std::map<AttemptKey, Group> groups_;
};

// Without cgroups. The spawner is a child subreaper, so whatever loses its parent becomes the
// spawner's child: once an attempt's own process is gone, all that is left of it hangs below
// children of ours that are nobody's leader ("orphans"). Whose an orphan is, is told by its session
// or process group, by a variable in its environment, or by having been seen below its attempt's
// process. One that hid all three is suspected of every attempt that ran when it was first seen,
// and belongs to the last of these that runs: it cannot outlive them. Used by the spawner's first
// thread only: the kernel gives orphans to that one, and it alone reaps.
class DescentContainment : public Containment {
 public:
  // `why` names the reason for doing without cgroups. `folder_mark` is unique to the data folder.
  DescentContainment(std::string why, std::string folder_mark)
      : why_(std::move(why)), folder_mark_(std::move(folder_mark)) {}

  static constexpr const char* kVariable = "WINDLASS_ATTEMPT";

  std::string description() const override;
  bool limits_processes() const override { return false; }
  JoinBy prepare(const StartRequest&) override;
  std::string mark(const AttemptKey& key) const override;
  void began(const AttemptKey& key, int leader) override;
  void gave_up(const AttemptKey&) override { --launching_; }
  void leader_ended(const AttemptKey& key) override;
  void over(const AttemptKey& key) override;
  bool empty(const AttemptKey& key) override;
  void terminate(const AttemptKey& key) override { signal_all(key, 15); }
  void kill(const AttemptKey& key) override { signal_all(key, 9); }
  void orphan_reaped(int pid) override { orphans_.erase(pid); }

 private:
  struct Family {
    int leader = 0;
    bool leader_ended = false;
  };
  struct Orphan {
    std::uint64_t start_time = 0;
    MonoTime seen;                  // first, if that did not tell whose it is
    std::set<AttemptKey> suspects;  // one: it is known
  };

  std::vector<int> orphans();
  bool may_be_of(int pid, const AttemptKey& key);
  std::vector<int> members(const AttemptKey& key);
  void signal_all(const AttemptKey& key, int signal);
  const Orphan& judge(const struct ProcessInfo& process);

  std::string why_;
  std::string folder_mark_;
  int launching_ = 0;  // prepared, and neither begun nor given up
  bool listed_by_thread_ = true;
  std::map<AttemptKey, Family> families_;
  std::map<int, AttemptKey> leaders_;  // by pid, those not reaped
  std::map<int, Orphan> orphans_;      // by pid; also descendants seen before they became orphans
};

// Kills every process that carries the mark of this folder; the spawner that made them is dead.
// False while one was found: call again.
bool clear_marked(const std::string& folder_mark);

}  // namespace windlass::worker::exec
