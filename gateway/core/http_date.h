// Dates of HTTP headers: "Tue, 03 Jan 2023 10:20:30 GMT".
#pragma once

#include "model/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::gateway {

std::string http_date(WallTime time);  // whole seconds

// The preferred form only; clients of this API write no other.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace windlass::gateway
