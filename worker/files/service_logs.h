// The worker's own log as clients may have it: its files go up to a container, whole, when they say
// something of the time asked for. They tell of the worker and its nodes, of no task and no
// account.
#pragma once

#include "model/file_message.h"
#include "worker/files/transfers.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

inline constexpr int kLogUploadsMax = 8;  // under way; further ones are refused

// What the log's files are called (runtime/log.h): NAME.log, NAME.1.log, ...
inline constexpr std::string_view kWorkerLogName = "worker";
bool is_log_part(std::string_view file_name);

// A file of the log, and when its lines are from.
struct LogPart {
  std::string name;
  std::optional<WallTime> first;  // none: nobody knows
  WallTime last;
};

// The time of a line as runtime/log.h writes it in JSON; nothing for any other.
std::optional<WallTime> time_of_log_line(std::string_view line);

// Which of them may have a line from between the two times, both included.
std::vector<std::string> parts_between(const std::vector<LogPart>& parts, WallTime from,
                                       const std::optional<WallTime>& until);

class ServiceLogs {
 public:
  // `ended` is called on a thread of its own for each upload, with what went wrong, if anything.
  ServiceLogs(const std::string& folder, TransferOptions options,
              std::function<void(const std::optional<FailureInfo>&)> ended);

  // Begins to upload, and answers how many files will be.
  FileReply upload(const FileRequest& request);

 private:
  const std::string folder_;  // absolute
  const std::function<void(const std::optional<FailureInfo>&)> ended_;
  std::uint64_t uploads_begun_ = 0;
  std::atomic<int> uploads_open_ = 0;
  const TransferOptions options_;
  std::unique_ptr<Transfers> transfers_;  // once there is one; last: it calls back
};

}  // namespace windlass::worker
