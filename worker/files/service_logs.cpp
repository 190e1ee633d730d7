#include "worker/files/service_logs.h"

#include "model/time_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace windlass::worker {
namespace {

constexpr std::size_t kFirstLineBytesMax = 256;  // its time stands in front

std::optional<WallTime> first_time(const Fd& file) {
  std::array<char, kFirstLineBytesMax> bytes{};
  const ssize_t size = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (size <= 0) return std::nullopt;
  return time_of_log_line({bytes.data(), static_cast<std::size_t>(size)});
}

std::vector<LogPart> parts_in(const std::string& path) {
  std::vector<LogPart> parts;
  const Fd folder = open_folder(path);
  if (!folder) return parts;
  each_entry(folder.get(), [&](const char* name, unsigned char type) {
    if (type != DT_REG || !is_log_part(name)) return true;
    const Fd file = open_beneath(folder.get(), name, O_RDONLY, 0, Links::refuse);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return true;  // gone meanwhile
    const WallTime last{status.st_mtim.tv_sec * 10'000'000 + status.st_mtim.tv_nsec / 100};
    parts.push_back({name, first_time(file), last});
    return true;
  });
  std::sort(parts.begin(), parts.end(),
            [](const LogPart& a, const LogPart& b) { return a.name < b.name; });
  return parts;
}

}  // namespace

bool is_log_part(std::string_view file_name) {
  constexpr std::string_view kEnd = ".log";
  if (!file_name.starts_with(kWorkerLogName) || !file_name.ends_with(kEnd)) return false;
  file_name.remove_prefix(kWorkerLogName.size());
  if (file_name.size() < kEnd.size()) return false;
  file_name.remove_suffix(kEnd.size());
  if (file_name.empty()) return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return file_name.size() > 1 && file_name.front() == '.' &&
         std::all_of(file_name.begin() + 1, file_name.end(), is_digit);
}

std::optional<WallTime> time_of_log_line(std::string_view line) {
  constexpr std::string_view kBegin = R"({"time":")";
  if (!line.starts_with(kBegin)) return std::nullopt;
  line.remove_prefix(kBegin.size());
  const std::size_t end = line.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  return parse_timestamp(line.substr(0, end));
}

std::vector<std::string> parts_between(const std::vector<LogPart>& parts, WallTime from,
                                       const std::optional<WallTime>& until) {
  std::vector<std::string> wanted;
  for (const LogPart& part : parts) {
    const bool too_old = part.last < from;
    const bool too_new = until && part.first && *until < *part.first;
    if (!too_old && !too_new) wanted.push_back(part.name);
  }
  return wanted;
}

ServiceLogs::ServiceLogs(const std::string& folder, TransferOptions options,
                         std::function<void(const std::optional<FailureInfo>&)> ended)
    : folder_(std::filesystem::weakly_canonical(std::filesystem::absolute(folder)).string()),
      ended_(std::move(ended)),
      options_(std::move(options)) {}

FileReply ServiceLogs::upload(const FileRequest& request) {
  FileReply reply;
  reply.id = request.id;
  if (uploads_open_ >= kLogUploadsMax) {
    reply.error = Error{ErrorCode::server_busy, "Other uploads of these logs are under way.", {}};
    return reply;
  }
  UploadJob job;
  job.run = ++uploads_begun_;
  job.node_root = folder_;
  job.task = folder_ + "/none";  // so that nothing is written beside the logs
  for (const std::string& name :
       parts_between(parts_in(folder_), request.logs_from, request.logs_until)) {
    OutputFile file;
    file.file_pattern = folder_ + "/" + name;
    file.path = request.path + "/" + name;
    file.container_url = request.container_url;
    job.files.push_back(std::move(file));
  }
  reply.files_total = static_cast<std::uint32_t>(job.files.size());
  if (job.files.empty()) return reply;
  ++uploads_open_;
  if (!transfers_) {
    transfers_ = std::make_unique<Transfers>(options_, [this](TransferResult result) {
      --uploads_open_;
      ended_(result.failure);
    });
  }
  transfers_->add(std::move(job));
  return reply;
}

}  // namespace windlass::worker
