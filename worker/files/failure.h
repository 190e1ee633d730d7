// What went wrong with files, as tasks show it (executionInfo.failureInfo).
#pragma once

#include "model/common.h"

#include <string>
#include <string_view>

namespace windlass::worker {

// DiskFull for "no space" and its kin, else `code` with category servererror; the message says what
// was tried and the system's reason.
FailureInfo system_failure(std::string_view code, std::string_view what, int error_number);

// A URL without its query: signatures are secrets.
std::string without_query(std::string_view url);

// A download or upload that failed for good. Details name file and blob.
FailureInfo transfer_failure(std::string_view code, std::string_view message,
                             std::string_view file_path, std::string_view url);

}  // namespace windlass::worker
