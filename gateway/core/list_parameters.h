// The query parameters that steer processing: timeout, maxresults and the skip token.
#pragma once

#include "gateway/core/target.h"
#include "model/result.h"
#include "model/time.h"

#include <cstdint>

namespace windlass::gateway {

inline constexpr std::chrono::seconds kTimeoutDefault{30};
inline constexpr std::chrono::seconds kTimeoutMax{30};  // larger values count as this

// timeout=seconds. Not a number: InvalidQueryParameterValue; below 1: OutOfRange...
Result<Duration> request_timeout(const Query& query);

// maxresults, 1 to `entries_max`, which is also the default.
Result<std::uint32_t> page_entries(const Query& query, std::uint32_t entries_max);

// The key behind $skiptoken; empty: from the start.
Result<std::string> page_after(const Query& query);

// true, false or absent (false).
Result<bool> flag_parameter(const Query& query, std::string_view name);

// `base` is scheme://authority. The link repeats what the client sent, but for the token.
std::string next_link(std::string_view base, const Target& target, std::string_view token);

// A host and port as they may stand in a URL that we write: nothing that could break out of it.
bool valid_authority(std::string_view authority);

}  // namespace windlass::gateway
