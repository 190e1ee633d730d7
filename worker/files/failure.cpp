#include "worker/files/failure.h"

#include <cerrno>
#include <cstring>

namespace windlass::worker {

FailureInfo system_failure(std::string_view code, std::string_view what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  const bool is_short = error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM;
  std::string message(what);
  message += ": ";
  message += std::strerror(error_number);
  const std::string_view name = full ? "DiskFull" : is_short ? kHostShort : code;
  return {ErrorCategory::servererror, std::string(name), std::move(message), {}};
}

std::string without_query(std::string_view url) {
  return std::string(url.substr(0, url.find('?')));
}

FailureInfo transfer_failure(std::string_view code, std::string_view message,
                             std::string_view file_path, std::string_view url) {
  return {ErrorCategory::usererror,
          std::string(code),
          std::string(message),
          {{"FilePath", std::string(file_path)}, {"BlobSource", without_query(url)}}};
}

}  // namespace windlass::worker
