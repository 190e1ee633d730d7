// ocp-range and Range: "bytes=a-b" and "bytes=a-". Nothing else is taken (no suffix, no list).
#pragma once

#include "model/result.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass::gateway {

struct ByteRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;  // inclusive, as written
  bool operator==(const ByteRange&) const = default;
};

// Malformed: InvalidHeaderValue.
Result<ByteRange> parse_byte_range(std::string_view text);

struct ByteSpan {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteSpan&) const = default;
};

// What to send of a file of `size` bytes. An end past the file is cut; a start at or past the end
// is InvalidRange. Without a range: the whole file, which may be empty.
Result<ByteSpan> span_of(const std::optional<ByteRange>& range, std::uint64_t size);

}  // namespace windlass::gateway
