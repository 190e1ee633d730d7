// Range and x-ms-range of a read.
#pragma once

#include "storage/core/refusal.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass::storage {

// Half open; first <= end.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t length() const { return end - first; }
  bool operator==(const ByteRange&) const = default;
};

// `bytes=a-b` and `bytes=a-`; an end beyond the content is cut. A start at or beyond its end is
// InvalidRange, and so is any range of nothing. Suffixes and lists are not part of the protocol:
// InvalidHeaderValue.
Outcome<ByteRange> parse_range(std::string_view text, std::uint64_t size);

}  // namespace windlass::storage
