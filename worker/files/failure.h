// What went wrong with files, as tasks show it (executionInfo.failureInfo).
#pragma once

#include "model/common.h"

#include <string>
#include <string_view>

namespace windlass::worker {

// The code of a failure that is the host's for the moment: no descriptors or no memory. An attempt
// that fails so before its process has begun runs again.
constexpr std::string_view kHostShort = "NodeOutOfResources";

// DiskFull for "no space" and its kin, kHostShort as above, else `code`; with category servererror.
// The message says what was tried and the system's reason.
FailureInfo system_failure(std::string_view code, std::string_view what, int error_number);

// A URL without its query: signatures are secrets.
std::string without_query(std::string_view url);

// A download or upload that failed for good. Details name file and blob.
FailureInfo transfer_failure(std::string_view code, std::string_view message,
                             std::string_view file_path, std::string_view url);

}  // namespace windlass::worker
