// If-Match and its kin.
// https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
#pragma once

#include "model/time.h"
#include "storage/core/refusal.h"

#include <optional>
#include <string>

namespace windlass::storage {

struct Conditions {
  std::optional<std::string> if_match;       // one tag or "*"
  std::optional<std::string> if_none_match;  // one tag or "*"
  std::optional<WallTime> if_modified_since;
  std::optional<WallTime> if_unmodified_since;
};

// What conditions look at.
struct Validators {
  std::string etag;        // with its quotes
  WallTime last_modified;  // whole seconds, as clients were told
};

// If-Match and If-Unmodified-Since and (If-None-Match or If-Modified-Since).
// A failure of the last pair is 304, else 412.
Check check_read(const Conditions& conditions, const Validators& current);

// At most one of the four, or If-Match with If-Unmodified-Since, or If-None-Match with
// If-Modified-Since; of a pair the tag decides. `current` is null when there is no such blob.
Check check_write(const Conditions& conditions, const Validators* current);

// "Only if there is none": the caller answers it with 409 BlobAlreadyExists.
bool only_if_absent(const Conditions& conditions);

}  // namespace windlass::storage
