// Which names containers and blobs may have, and which file names stand for them. A blob name may
// hold slashes, "..", percent signs, any Unicode and 1024 characters; a file name may not.
#pragma once

#include "storage/core/refusal.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::storage {

inline constexpr std::size_t kBlobNameUnitsMax = 1024;  // UTF-16 units, as the service counts
inline constexpr std::size_t kBlockIdBytesMax = 64;     // before base64

// 3 to 24 lower-case letters and digits.
bool valid_account_name(std::string_view name);

// 3 to 63 lower-case letters, digits and single inner hyphens.
Check check_container_name(std::string_view name);

Check check_blob_name(std::string_view name);

// The file name without extension. Short names stay readable: letters, digits, '-', '_' and inner
// dots are kept, other bytes become %XX. A longer one becomes '#' and `digest_hex` (SHA-256 of the
// name), and the full name is read from the record. Never empty, "." or "..", never with a slash.
std::string file_stem(std::string_view blob_name, std::string_view digest_hex);
bool needs_digest(std::string_view blob_name);

// The blob's name, or nothing if the stem is a digest or not ours.
std::optional<std::string> name_of_stem(std::string_view stem);

}  // namespace windlass::storage
