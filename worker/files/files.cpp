#include "worker/files/files.h"

#include "worker/files/failure.h"

#include <sys/eventfd.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>

namespace windlass::worker {

Files::Files(FilesOptions options)
    : options_(std::move(options)),
      event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      folders_(options_.nodes_folder, options_.task_user),
      transfers_(options_.transfers, [this](TransferResult result) {
        if (result.upload)
          give(Uploaded{result.run, std::move(result.failure)});
        else
          give(StagedIn{result.run, std::move(result.failure)});
      }) {
  if (!event_fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
  sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Files::~Files() = default;

void Files::wipe_all_but(const std::unordered_set<std::string>& known) {
  folders_.wipe_all_but(known);
  wake_sweeper();
}

void Files::sweep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    while (auto swept = folders_.sweep_one()) {
      std::optional<FailureInfo> failure;
      if (swept->error_number != 0)
        failure = system_failure("ResourceDirectoryCreateFailed", "cannot remove " + swept->name,
                                 swept->error_number);
      if (!swept->node_id.empty())
        give(NodeWiped{swept->node_id, std::move(failure)});
      else if (failure)
        give(FolderNotRemoved{swept->name, std::move(*failure)});
      if (stop.stop_requested()) return;
    }
    std::unique_lock lock(mutex_);
    trash_wanted_.wait(lock, stop, [this] { return folders_.has_trash(); });
  }
}

void Files::submit(std::vector<FileJob> jobs) {
  if (jobs.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (FileJob& job : jobs) jobs_.push_back(std::move(job));
  }
  wanted_.notify_one();
}

std::vector<FileResult> Files::results() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event_fd_.get(), &count, sizeof count);
  std::vector<FileResult> results;
  const std::lock_guard lock(mutex_);
  results.swap(results_);
  return results;
}

void Files::give(FileResult result) {
  std::vector<FileResult> one;
  one.push_back(std::move(result));
  give(std::move(one));
}

void Files::give(std::vector<FileResult> results) {
  if (results.empty()) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = results_.empty();
    for (FileResult& result : results) results_.push_back(std::move(result));
  }
  const std::uint64_t one = 1;
  if (first) [[maybe_unused]]
    const auto written = ::write(event_fd_.get(), &one, sizeof one);
}

void Files::run(const std::stop_token& stop) {
  std::vector<FileJob> jobs;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!wanted_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      jobs.swap(jobs_);
    }
    // Results of a round go out in small groups: together enough to save wake-ups, soon enough to
    // start processes while the next folders are made.
    for (FileJob& job : jobs) {
      if (stop.stop_requested()) return;
      take(std::move(job));
      if (fresh_.size() >= 8) give(std::exchange(fresh_, {}));
    }
    jobs.clear();
    give(std::exchange(fresh_, {}));
  }
}

void Files::take(FileJob job) {
  if (auto* stage = std::get_if<StageInJob>(&job)) {
    stage_in(std::move(*stage));
  } else if (auto* upload = std::get_if<UploadOutputsJob>(&job)) {
    const std::string root = folders_.path() + "/" + upload->node_id;
    transfers_.add(UploadJob{upload->run, root, root + "/" + upload->folder,
                             std::move(upload->output_files), std::move(upload->environment)});
  } else if (auto* cancel = std::get_if<CancelJob>(&job)) {
    transfers_.cancel(cancel->run);
  } else if (auto* remove = std::get_if<RemoveFolderJob>(&job)) {
    if (auto failure = folders_.remove_folder(remove->node_id, remove->folder))
      fresh_.emplace_back(
          FolderNotRemoved{remove->node_id + "/" + remove->folder, std::move(*failure)});
    wake_sweeper();
  } else if (auto* make = std::get_if<MakeNodeJob>(&job)) {
    auto failure = folders_.make_node(make->node_id);
    fresh_.emplace_back(NodeMade{make->node_id, std::move(failure)});
  } else if (auto* wipe = std::get_if<WipeNodeJob>(&job)) {
    // Otherwise the sweeper answers.
    if (auto failure = folders_.wipe_node(wipe->node_id))
      fresh_.emplace_back(NodeWiped{wipe->node_id, std::move(failure)});
    wake_sweeper();
  }
}

void Files::wake_sweeper() {
  // Under the mutex, so that the sweeper cannot look and fall asleep in between.
  const std::lock_guard lock(mutex_);
  trash_wanted_.notify_one();
}

void Files::stage_in(StageInJob job) {
  auto failure = low_space();
  if (!failure) failure = folders_.make_task(job.node_id, job.folder);
  if (!failure && !job.shared_folder.empty())
    failure = folders_.make_shared(job.node_id, job.shared_folder);
  if (failure || job.resource_files.empty()) {
    fresh_.emplace_back(StagedIn{job.run, std::move(failure)});
    return;
  }
  const std::string to = job.shared_folder.empty() ? job.folder + "/wd" : job.shared_folder;
  const std::string path = folders_.path() + "/" + job.node_id + "/" + to;
  transfers_.add(DownloadJob{job.run, path, options_.task_user, std::move(job.resource_files)});
}

std::optional<FailureInfo> Files::low_space() const {
  if (options_.free_bytes_min == 0) return std::nullopt;
  struct statvfs status {};
  if (statvfs(options_.nodes_folder.c_str(), &status) != 0) return std::nullopt;
  const std::uint64_t free = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  if (free >= options_.free_bytes_min) return std::nullopt;
  return FailureInfo{ErrorCategory::servererror,
                     "DiskFull",
                     "The node's disk has " + std::to_string(free) + " bytes left.",
                     {}};
}

}  // namespace windlass::worker
