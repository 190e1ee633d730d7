// What a SharedKey signature covers, in the Blob service's flavour.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
#pragma once

#include "model/time.h"
#include "storage/core/request.h"

#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

struct SharedKeyHeader {
  std::string account;
  std::string signature;  // base64
};

// "SharedKey account:signature"; nothing for any other scheme.
std::optional<SharedKeyHeader> parse_shared_key(std::string_view authorization);

// Clients must sign with a date close to ours.
inline constexpr Duration kClockSkewMax = std::chrono::minutes{15};
Check check_date(const BlobRequest& request, WallTime now);

// The texts that a right signature may have been computed over. The service sorts x-ms- headers
// the way .NET compares words (a hyphen weighs almost nothing), its documentation says
// "lexicographically", and clients do one or the other; both cover the same content. Usually one.
std::vector<std::string> strings_to_sign(const BlobRequest& request);

}  // namespace windlass::storage
