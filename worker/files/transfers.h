// Resource files in, output files out, over HTTP, in a thread of its own: many exchanges at once,
// with a limit for all and one for each run, and tries with growing pauses. Files are streamed to
// and from disk.
#pragma once

#include "worker/files/confined.h"
#include "worker/files/transfer.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>

namespace windlass::worker {

struct DownloadJob {
  std::uint64_t run = 0;
  std::string wd;  // absolute; files stay below it
  Owner owner;     // of what is made
  std::vector<ResourceFile> files;
};

struct UploadJob {
  std::uint64_t run = 0;
  std::string node_root;  // absolute
  std::string task;       // absolute: the folder above wd, where the logs go
  std::vector<OutputFile> files;
  std::vector<EnvironmentSetting> environment;
};

struct TransferResult {
  std::uint64_t run = 0;
  bool upload = false;
  std::optional<FailureInfo> failure;
};

class Transfers {
 public:
  // `done` is called on the transfer thread, once for each job, also for cancelled ones.
  Transfers(TransferOptions options, std::function<void(TransferResult)> done);
  ~Transfers();  // gives up what is under way, without results
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  void add(DownloadJob job);
  void add(UploadJob job);
  void cancel(std::uint64_t run);

 private:
  struct Cancel {
    std::uint64_t run = 0;
  };
  using Order = std::variant<DownloadJob, UploadJob, Cancel>;
  using Clock = std::chrono::steady_clock;

  struct Job {
    bool upload = false;
    std::variant<DownloadJob, UploadJob> what;
    Fd folder;   // wd of downloads
    Fd log_out;  // of uploads
    Fd log_error;
    std::deque<std::unique_ptr<Transfer>> waiting;  // not begun
    std::size_t open = 0;                           // waiting, under way, or pausing before a retry
    int active = 0;
    std::optional<FailureInfo> failure;  // the first
  };

  void order(Order order);
  void run(const std::stop_token& stop);
  void take(Order order);
  void begin_download(DownloadJob job);
  void begin_upload(UploadJob job);
  void enqueue(Job& job, std::unique_ptr<Transfer> transfer);
  void start_waiting();
  std::optional<FailureInfo> ready_to_start(Job& job, Transfer& transfer);
  void start(std::unique_ptr<Transfer> transfer);
  void collect();
  void ended(std::unique_ptr<Transfer> transfer, CURLcode code);
  void succeeded(Job& job, std::unique_ptr<Transfer> transfer);
  void list_page_arrived(Job& job, const Transfer& transfer);
  void enqueue_upload(Job& job, const std::string& root, const std::string& path,
                      const OutputFile& setting, const std::string& blob_name);
  void fail(Job& job, FailureInfo failure);
  void finish_if_done(std::uint64_t run);
  int wait_ms() const;

  const TransferOptions options_;
  const std::function<void(TransferResult)> done_;
  CURLM* multi_ = nullptr;

  std::mutex mutex_;
  std::vector<Order> orders_;  // guarded by the mutex

  // The rest belongs to the thread.
  std::map<std::uint64_t, Job> jobs_;
  std::map<CURL*, std::unique_ptr<Transfer>> active_;
  std::multimap<Clock::time_point, std::unique_ptr<Transfer>> pausing_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace windlass::worker
