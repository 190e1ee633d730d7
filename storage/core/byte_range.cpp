#include "storage/core/byte_range.h"

#include <algorithm>
#include <charconv>

namespace windlass::storage {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Outcome<ByteRange> parse_range(std::string_view text, std::uint64_t size) {
  static constexpr std::string_view kUnit = "bytes=";
  const Refusal malformed = refuse(BlobError::invalid_header_value,
                                   "A range is written bytes=first-last or bytes=first-.");
  if (!text.starts_with(kUnit)) return malformed;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return malformed;
  const auto first = number(text.substr(0, dash));
  if (!first) return malformed;
  std::uint64_t end = size;
  if (dash + 1 < text.size()) {
    const auto last = number(text.substr(dash + 1));
    if (!last || *last < *first) return malformed;
    if (*last < size) end = *last + 1;
  }
  if (*first >= size) return BlobError::invalid_range;
  return ByteRange{*first, end};
}

}  // namespace windlass::storage
