// The folders of this worker's nodes, laid out as Azure Batch documents them
// (https://learn.microsoft.com/azure/batch/files-and-directories). One thread uses it, another
// sweeps.
//
//   NODES/                    0711, ours: a task can pass, not look around
//     .trash/                 0700
//     NODE/                   AZ_BATCH_NODE_ROOT_DIR
//       shared/               the tasks' own
//       startup/wd/  workitems/JOB/job-1/TASK/wd/    only wd belongs to the task user
//
// What is removed only moves to .trash, at once; sweep_one() empties it there in a thread of its
// own, so that no task waits for the deletion of another's files. Making folders after many were
// removed is slow on ext4 (without a journal it passes over every inode freed in the last minutes),
// so the folders of tasks are not removed but emptied, stay there, and serve the next ones: those
// of removed jobs, of wiped nodes and those of an earlier process, too.
#pragma once

#include "model/common.h"
#include "worker/files/confined.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace windlass::worker {

// Two folders of a block each and two empty files: 128 MiB at most where blocks have 4 KiB.
inline constexpr std::size_t kSpareFoldersMax = 16'384;

class NodeFolders {
 public:
  // `nodes` is absolute and made when missing. `task_user` owns what tasks may write; without one
  // everything is the worker's own. Throws std::system_error.
  NodeFolders(std::string nodes, Owner task_user);

  const std::string& path() const { return path_; }

  // Each returns what failed, if anything. All may be repeated.
  std::optional<FailureInfo> make_node(const std::string& node_id);
  // The folder and its wd. What an earlier try left in wd stays (ruling 37).
  std::optional<FailureInfo> make_task(const std::string& node_id, const std::string& folder);
  // One that all tasks of the node may write, in the folder of a task.
  std::optional<FailureInfo> make_shared(const std::string& node_id, const std::string& folder);
  // Of a task, or of a job with all its tasks.
  std::optional<FailureInfo> remove_folder(const std::string& node_id, const std::string& folder);
  std::optional<FailureInfo> wipe_node(const std::string& node_id);

  // Wipes nodes that are not in `known`: leftovers of a worker that lost its grant file.
  void wipe_all_but(const std::unordered_set<std::string>& known);

  // ---- for the sweeping thread
  struct Swept {
    std::string node_id;  // of a wiped node; empty for anything else
    std::string name;     // in .trash
    int error_number = 0;
  };
  // The oldest piece of trash, gone or kept; a removed job and a wiped node give their task folders
  // up first, as trash of their own. Nothing when there is none.
  std::optional<Swept> sweep_one();
  bool has_trash() const;

  std::size_t spare_total() const;
  std::uint64_t tasks_cleared() const { return tasks_cleared_; }  // folders, ever

 private:
  enum class TrashKind { task, job, node, other };
  struct Trash {
    std::string name;
    std::string node_id;  // whose end is told; empty: nobody asks
    TrashKind kind = TrashKind::other;
  };

  int node_fd(const std::string& node_id);
  std::string trash_name(TrashKind kind);
  bool make_parent(const std::string& node_id, int node, const std::string& parent);
  bool use_spare(int node, const std::string& folder);
  std::optional<FailureInfo> throw_away(int folder, const std::string& path,
                                        const std::string& node_id, TrashKind kind);
  bool give_up_task_folders(const Trash& trash);
  bool give_up_task_folders(int job_folder, std::size_t& room);
  bool keep_as_spare(const std::string& trash);
  bool empty_out(int task_folder);
  void forget_node(const std::string& node_id);

  std::string path_;
  Owner task_user_;
  Fd nodes_;
  Fd trash_folder_;

  mutable std::mutex mutex_;        // guards these three
  std::vector<std::string> spare_;  // names in .trash
  std::deque<Trash> trash_;
  std::uint64_t next_name_ = 0;
  std::atomic<std::uint64_t> tasks_cleared_ = 0;

  std::map<std::string, Fd> node_fds_;
  std::unordered_set<std::string> parents_;  // "NODE/workitems/JOB/job-1" that exist
};

// Whether this may name a node's folder: nothing that could lead elsewhere.
bool valid_node_name(std::string_view node_id);

}  // namespace windlass::worker
