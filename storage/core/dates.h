// The two spellings of time in the Blob protocol: HTTP dates and the ISO 8601 of signatures.
#pragma once

#include "model/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::storage {

// "Tue, 24 Nov 2026 02:07:53 GMT". Parts of a second are cut off.
std::string http_date(WallTime time);
std::optional<WallTime> parse_http_date(std::string_view text);

// As st and se of a shared access signature may be written, all UTC:
// YYYY-MM-DD, YYYY-MM-DDThh:mmZ, YYYY-MM-DDThh:mm:ssZ, with up to 7 digits of a second.
std::optional<WallTime> parse_sas_time(std::string_view text);

// "2026-11-24T02:07:53.1234567Z", for messages.
std::string iso_time(WallTime time);

// ETag and Last-Modified count whole seconds; conditions compare what was sent.
WallTime whole_seconds(WallTime time);

}  // namespace windlass::storage
