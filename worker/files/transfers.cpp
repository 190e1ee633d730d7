#include "worker/files/transfers.h"

#include "model/assert.h"
#include "worker/files/blob_url.h"
#include "worker/files/failure.h"
#include "worker/files/upload_plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace windlass::worker {
namespace {

mode_t mode_of(const std::string& octal) {
  if (octal.empty()) return 0770;
  return static_cast<mode_t>(std::strtoul(octal.c_str(), nullptr, 8)) & 0777;
}

void log_line(const Fd& log, const std::string& line) {
  // A log that cannot be written is no reason for the task to fail.
  if (log) [[maybe_unused]]
    const auto written = ::write(log.get(), (line + "\n").data(), line.size() + 1);
}

FailureInfo bad_setting(const std::string& message) {
  return {ErrorCategory::usererror, "BlobDownloadMiscError", message, {}};
}

}  // namespace

Transfers::Transfers(TransferOptions options, std::function<void(TransferResult)> done)
    : options_(std::move(options)), done_(std::move(done)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = curl_multi_init();
  WINDLASS_ASSERT(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.active_max));
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Transfers::~Transfers() {
  thread_.request_stop();
  curl_multi_wakeup(multi_);
  thread_.join();
  for (auto& [easy, transfer] : active_) curl_multi_remove_handle(multi_, easy);
  active_.clear();
  pausing_.clear();
  jobs_.clear();
  curl_multi_cleanup(multi_);
}

void Transfers::order(Order order) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  curl_multi_wakeup(multi_);
}

void Transfers::add(DownloadJob job) {
  order(std::move(job));
}
void Transfers::add(UploadJob job) {
  order(std::move(job));
}
void Transfers::cancel(std::uint64_t run) {
  order(Cancel{run});
}

void Transfers::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<Order> orders;
    {
      const std::lock_guard lock(mutex_);
      orders.swap(orders_);
    }
    for (Order& order : orders) take(std::move(order));
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_, &running);
    collect();
    start_waiting();
    curl_multi_poll(multi_, nullptr, 0, wait_ms(), nullptr);
  }
}

int Transfers::wait_ms() const {
  if (pausing_.empty()) return 1000;
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(pausing_.begin()->first - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 1000));
}

void Transfers::take(Order order) {
  if (auto* download = std::get_if<DownloadJob>(&order)) {
    begin_download(std::move(*download));
  } else if (auto* upload = std::get_if<UploadJob>(&order)) {
    begin_upload(std::move(*upload));
  } else {
    const std::uint64_t run = std::get<Cancel>(order).run;
    const auto job = jobs_.find(run);
    if (job == jobs_.end()) return;
    std::erase_if(pausing_, [&](const auto& entry) {
      const bool its = entry.second->run == run;
      if (its) --job->second.open;
      return its;
    });
    for (auto it = active_.begin(); it != active_.end();) {
      if (it->second->run != run) {
        ++it;
        continue;
      }
      curl_multi_remove_handle(multi_, it->first);
      it = active_.erase(it);
      --job->second.open;
      --job->second.active;
    }
    fail(job->second, {ErrorCategory::usererror, "TaskEnded", "The transfer was stopped.", {}});
    finish_if_done(run);
  }
}

void Transfers::begin_download(DownloadJob order) {
  const std::uint64_t run = order.run;
  Job& job = jobs_[run];
  job.what = std::move(order);
  const auto& download = std::get<DownloadJob>(job.what);
  job.folder = open_folder(download.wd);
  if (!job.folder)
    fail(job, system_failure("ResourceDirectoryCreateFailed", "cannot open " + download.wd, errno));
  for (std::size_t i = 0; i < download.files.size() && !job.failure; ++i) {
    const ResourceFile& file = download.files[i];
    auto transfer = std::make_unique<Transfer>();
    transfer->source = i;
    if (!file.http_url.empty()) {
      transfer->kind = TransferKind::download;
      transfer->url = file.http_url;
      transfer->file_path = file.file_path;
      transfer->mode = mode_of(file.file_mode);
    } else if (!file.storage_container_url.empty()) {
      transfer->kind = TransferKind::list;
      transfer->url = list_url(file.storage_container_url, file.blob_prefix, {});
      transfer->file_path = file.file_path;
    } else {
      fail(job, bad_setting("The account has no linked storage, so autoStorageContainerName '" +
                            file.auto_storage_container_name + "' names nothing."));
      break;
    }
    if (!is_http_url(transfer->url)) {
      fail(job, transfer_failure("BlobDownloadMiscError", "The URL is not an http or https one.",
                                 file.file_path, transfer->url));
      break;
    }
    enqueue(job, std::move(transfer));
  }
  finish_if_done(run);
}

void Transfers::begin_upload(UploadJob order) {
  const std::uint64_t run = order.run;
  Job& job = jobs_[run];
  job.upload = true;
  job.what = std::move(order);
  const auto& upload = std::get<UploadJob>(job.what);

  // Looked for before the logs are made, which are no output of the task.
  struct Found {
    const OutputFile* setting;
    UploadPattern pattern;
    std::vector<UploadFile> files;
  };
  std::vector<Found> found;
  std::vector<std::string> complaints;
  for (const OutputFile& setting : upload.files) {
    const std::string text = expand_variables(setting.file_pattern, upload.environment);
    auto pattern = parse_upload_pattern(text, upload.node_root, upload.task);
    if (const auto* reason = std::get_if<std::string>(&pattern)) {
      complaints.push_back("filePattern '" + setting.file_pattern + "': " + *reason);
    } else if (!is_http_url(setting.container_url)) {
      complaints.push_back("containerUrl is not an http or https URL");
    } else {
      auto& parsed = std::get<UploadPattern>(pattern);
      auto files = find_upload_files(parsed, setting.path);
      found.push_back({&setting, std::move(parsed), std::move(files)});
    }
  }

  const Fd task = open_folder(upload.task);
  constexpr int kLogFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK;
  if (task) {
    job.log_out = open_beneath(task.get(), "fileuploadout.txt", kLogFlags, 0644, Links::refuse);
    job.log_error = open_beneath(task.get(), "fileuploaderr.txt", kLogFlags, 0644, Links::refuse);
  }
  for (const std::string& complaint : complaints)
    fail(job, {ErrorCategory::usererror, "FileUploadMiscError", complaint, {}});
  for (const Found& entry : found) {
    log_line(job.log_out, "filePattern '" + entry.setting->file_pattern +
                              "': " + std::to_string(entry.files.size()) + " file(s)");
    for (const UploadFile& file : entry.files)
      enqueue_upload(job, entry.pattern.root, file.path, *entry.setting, file.blob_name);
  }
  finish_if_done(run);
}

void Transfers::enqueue(Job& job, std::unique_ptr<Transfer> transfer) {
  transfer->run = std::visit([](const auto& what) { return what.run; }, job.what);
  ++job.open;
  job.waiting.push_back(std::move(transfer));
}

void Transfers::enqueue_upload(Job& job, const std::string& root, const std::string& path,
                               const OutputFile& setting, const std::string& blob_name) {
  auto transfer = std::make_unique<Transfer>();
  transfer->kind = TransferKind::put;
  transfer->file_path = path;
  transfer->blob = blob_url(setting.container_url, blob_name);
  transfer->url = transfer->blob;
  transfer->headers = setting.upload_headers;
  transfer->body = root;  // opened when its turn comes: there may be many files
  enqueue(job, std::move(transfer));
}

void Transfers::start_waiting() {
  const auto now = Clock::now();
  while (!pausing_.empty() && pausing_.begin()->first <= now) {
    auto transfer = std::move(pausing_.begin()->second);
    pausing_.erase(pausing_.begin());
    start(std::move(transfer));
  }
  // One of each run in turn, so that a run with many files does not hold up the others.
  bool more = true;
  while (more && static_cast<int>(active_.size()) < options_.active_max) {
    more = false;
    for (auto next = jobs_.begin(); next != jobs_.end();) {
      const std::uint64_t run = next->first;
      Job& job = (next++)->second;  // finish_if_done may erase it
      if (job.waiting.empty() || job.active >= options_.active_per_run_max) continue;
      auto transfer = std::move(job.waiting.front());
      job.waiting.pop_front();
      if (auto failure = ready_to_start(job, *transfer)) {
        --job.open;
        fail(job, std::move(*failure));
        finish_if_done(run);
      } else {
        start(std::move(transfer));
      }
      more = true;
    }
  }
}

// Opens the file of a transfer that begins; what it needs of the disk.
std::optional<FailureInfo> Transfers::ready_to_start(Job& job, Transfer& transfer) {
  if (transfer.kind == TransferKind::download) {
    const Owner& owner = std::get<DownloadJob>(job.what).owner;
    std::vector<std::string> parts = path_parts(transfer.file_path);
    if (parts.empty() || transfer.file_path.starts_with('/'))
      return bad_setting("filePath '" + transfer.file_path + "' names no file in wd.");
    const std::string name = std::move(parts.back());
    parts.pop_back();
    std::string folders;
    for (const std::string& part : parts) folders += part + "/";
    const Fd folder = make_folders(job.folder.get(), folders, 0770, owner);
    if (!folder || name == "..")
      return system_failure("ResourceDirectoryCreateFailed",
                            "cannot make the folder of " + transfer.file_path,
                            folder ? EXDEV : errno);
    // What an earlier try left may be a link to somewhere: a new file takes its place.
    if (unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return system_failure("ResourceFileCreateFailed", "cannot replace " + transfer.file_path,
                            errno);
    transfer.file =
        open_beneath(folder.get(), name, O_WRONLY | O_CREAT | O_EXCL, 0600, Links::refuse);
    if (!transfer.file || (owner.given() && fchown(transfer.file.get(), owner.uid, owner.gid) != 0))
      return system_failure("ResourceFileCreateFailed", "cannot make " + transfer.file_path, errno);
  } else if (transfer.kind == TransferKind::put && !transfer.upload) {
    const Fd root = open_folder(transfer.body);
    transfer.body.clear();
    // O_NONBLOCK: a task may have left a FIFO.
    Fd file = open_beneath(root.get(), transfer.file_path, O_RDONLY | O_NONBLOCK, 0,
                           Links::follow_inside);
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0)
      return system_failure("FileUploadMiscError", "cannot open " + transfer.file_path, errno);
    if (!S_ISREG(status.st_mode)) {
      return FailureInfo{ErrorCategory::usererror,
                         "FileUploadMiscError",
                         transfer.file_path + " is not a regular file.",
                         {}};
    }
    transfer.upload = std::make_shared<Fd>(std::move(file));
    transfer.file_bytes = static_cast<std::uint64_t>(status.st_size);
    transfer.length = transfer.file_bytes;
    if (transfer.file_bytes > options_.single_put_bytes_max) {
      transfer.kind = TransferKind::put_block;
      transfer.length = std::min(options_.block_bytes, transfer.file_bytes);
      transfer.url =
          with_query(transfer.blob, "comp=block&blockid=" + encode_query_value(block_id(0)));
    }
  }
  return std::nullopt;
}

void Transfers::start(std::unique_ptr<Transfer> transfer) {
  Job& job = jobs_.at(transfer->run);
  if (transfer->kind == TransferKind::download && transfer->tries > 0 &&
      (ftruncate(transfer->file.get(), 0) != 0 || lseek(transfer->file.get(), 0, SEEK_SET) != 0)) {
    const std::uint64_t run = transfer->run;
    --job.open;
    fail(job,
         system_failure("ResourceFileWriteFailed", "cannot rewrite " + transfer->file_path, errno));
    return finish_if_done(run);
  }
  transfer->prepare(options_);
  ++job.active;
  CURL* easy = transfer->easy;
  curl_multi_add_handle(multi_, easy);
  active_.emplace(easy, std::move(transfer));
}

void Transfers::collect() {
  int rest = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &rest)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message dies with the handle's removal
    CURL* easy = message->easy_handle;
    const auto found = active_.find(easy);
    WINDLASS_ASSERT(found != active_.end());
    auto transfer = std::move(found->second);
    active_.erase(found);
    curl_multi_remove_handle(multi_, easy);
    ended(std::move(transfer), code);
  }
}

void Transfers::ended(std::unique_ptr<Transfer> transfer, CURLcode code) {
  const std::uint64_t run = transfer->run;
  Job& job = jobs_.at(run);
  --job.active;
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  Verdict verdict = judge_transfer(code, status);
  if (transfer->write_error != 0) verdict = Verdict::failed;
  if (verdict == Verdict::again && transfer->tries < options_.tries_max &&
      (job.upload || !job.failure)) {
    auto pause = options_.backoff * (1 << std::min(transfer->tries - 1, 10));
    pause = std::min(pause, options_.backoff_max);
    transfer->release();
    pausing_.emplace(Clock::now() + pause, std::move(transfer));
    return;
  }
  --job.open;
  if (verdict == Verdict::done) {
    succeeded(job, std::move(transfer));
  } else {
    fail(job, transfer->failure(code, status));
  }
  finish_if_done(run);
}

void Transfers::succeeded(Job& job, std::unique_ptr<Transfer> transfer) {
  switch (transfer->kind) {
    case TransferKind::list:
      return list_page_arrived(job, *transfer);
    case TransferKind::download:
      if (fchmod(transfer->file.get(), transfer->mode) != 0)
        fail(job, system_failure("ResourceFileWriteFailed",
                                 "cannot set the mode of " + transfer->file_path, errno));
      return;
    case TransferKind::put:
    case TransferKind::put_block_list:
      log_line(job.log_out, "uploaded '" + transfer->file_path + "' (" +
                                std::to_string(transfer->file_bytes) + " bytes) to " +
                                without_query(transfer->blob));
      return;
    case TransferKind::put_block: {
      transfer->release();
      transfer->tries = 0;
      transfer->offset += transfer->length;
      ++transfer->block;
      if (transfer->offset < transfer->file_bytes) {
        transfer->length = std::min(options_.block_bytes, transfer->file_bytes - transfer->offset);
        transfer->url = with_query(
            transfer->blob, "comp=block&blockid=" + encode_query_value(block_id(transfer->block)));
      } else {
        transfer->kind = TransferKind::put_block_list;
        transfer->body = block_list_xml(transfer->block);
        transfer->length = transfer->body.size();
        transfer->url = with_query(transfer->blob, "comp=blocklist");
      }
      ++job.open;
      job.waiting.push_front(std::move(transfer));
      return;
    }
  }
}

void Transfers::list_page_arrived(Job& job, const Transfer& transfer) {
  const ResourceFile& setting = std::get<DownloadJob>(job.what).files[transfer.source];
  const auto page = parse_blob_page(transfer.body);
  if (!page) {
    fail(job, transfer_failure("BlobDownloadMiscError",
                               "The container's list is not what the Blob protocol says.",
                               setting.file_path, setting.storage_container_url));
    return;
  }
  for (const std::string& name : page->names) {
    if (name.empty() || name.back() == '/') continue;  // a folder's placeholder
    auto download = std::make_unique<Transfer>();
    download->kind = TransferKind::download;
    download->url = blob_url(setting.storage_container_url, name);
    download->file_path = setting.file_path.empty() ? name : setting.file_path + "/" + name;
    download->mode = mode_of(setting.file_mode);
    enqueue(job, std::move(download));
  }
  if (page->next_marker.empty()) return;
  auto next = std::make_unique<Transfer>();
  next->kind = TransferKind::list;
  next->source = transfer.source;
  next->file_path = setting.file_path;
  next->url = list_url(setting.storage_container_url, setting.blob_prefix, page->next_marker);
  enqueue(job, std::move(next));
}

void Transfers::fail(Job& job, FailureInfo failure) {
  log_line(job.log_error, failure.code + ": " + failure.message);
  const bool stopped = failure.code == "TaskEnded";
  if (!job.failure) job.failure = std::move(failure);
  if (job.upload && !stopped) return;  // the other files still go up
  job.open -= job.waiting.size();
  job.waiting.clear();
}

void Transfers::finish_if_done(std::uint64_t run) {
  const auto found = jobs_.find(run);
  if (found == jobs_.end() || found->second.open > 0) return;
  WINDLASS_ASSERT(found->second.waiting.empty());
  TransferResult result{run, found->second.upload, std::move(found->second.failure)};
  jobs_.erase(found);
  done_(std::move(result));
}

}  // namespace windlass::worker
