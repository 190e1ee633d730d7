// Everything that the worker does with files, behind one queue: folders in one thread, transfers in
// another, deletion in a third, results back through a descriptor to poll. Work on one folder is
// done in the order in which it was asked for.
#pragma once

#include "worker/files/node_folders.h"
#include "worker/files/transfers.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace windlass::worker {

struct MakeNodeJob {
  std::string node_id;
};
struct StageInJob {
  std::uint64_t run = 0;
  std::string node_id;
  std::string folder;
  std::vector<ResourceFile> resource_files;
  std::string shared_folder;  // made too, and where the files go; empty: wd
};
struct UploadOutputsJob {
  std::uint64_t run = 0;
  std::string node_id;
  std::string folder;
  std::vector<OutputFile> output_files;
  std::vector<EnvironmentSetting> environment;
};
struct CancelJob {
  std::uint64_t run = 0;
};
struct RemoveFolderJob {
  std::string node_id;
  std::string folder;
};
struct WipeNodeJob {
  std::string node_id;
};
using FileJob = std::variant<MakeNodeJob, StageInJob, UploadOutputsJob, CancelJob, RemoveFolderJob,
                             WipeNodeJob>;

struct NodeMade {
  std::string node_id;
  std::optional<FailureInfo> failure;
};
struct StagedIn {
  std::uint64_t run = 0;
  std::optional<FailureInfo> failure;
};
struct Uploaded {
  std::uint64_t run = 0;
  std::optional<FailureInfo> failure;
};
struct NodeWiped {
  std::string node_id;
  std::optional<FailureInfo> failure;  // what could not be removed; the node is out of use anyway
};
struct FolderNotRemoved {
  std::string folder;
  FailureInfo failure;
};
using FileResult = std::variant<NodeMade, StagedIn, Uploaded, NodeWiped, FolderNotRemoved>;

struct FilesOptions {
  std::string nodes_folder;  // absolute
  Owner task_user;
  TransferOptions transfers;
  std::uint64_t free_bytes_min = 0;  // below this no task begins here (DiskFull)
};

class Files {
 public:
  // Throws std::system_error when the folders cannot be made.
  explicit Files(FilesOptions options);
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  // Nodes of earlier workers in the same place go. Before any job is submitted.
  void wipe_all_but(const std::unordered_set<std::string>& known);

  void submit(std::vector<FileJob> jobs);

  int fd() const { return event_fd_.get(); }  // readable when there are results
  std::vector<FileResult> results();

  // How many folders of tasks were emptied or removed, because their time was over, or with their
  // job or node. From any thread.
  std::uint64_t task_folders_cleared() const { return folders_.tasks_cleared(); }

 private:
  void run(const std::stop_token& stop);
  void sweep(const std::stop_token& stop);
  void take(FileJob job);
  void wake_sweeper();
  void stage_in(StageInJob job);
  void give(FileResult result);
  void give(std::vector<FileResult> results);
  std::optional<FailureInfo> low_space() const;

  const FilesOptions options_;
  Fd event_fd_;
  NodeFolders folders_;  // of the thread, once it runs

  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::condition_variable_any trash_wanted_;
  std::vector<FileJob> jobs_;        // guarded
  std::vector<FileResult> results_;  // guarded

  std::vector<FileResult> fresh_;  // of the thread: this round's
  Transfers transfers_;
  std::jthread sweeper_;  // these two last: they use all of the above
  std::jthread thread_;
};

}  // namespace windlass::worker
