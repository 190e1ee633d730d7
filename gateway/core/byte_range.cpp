#include "gateway/core/byte_range.h"

#include "gateway/core/target.h"

#include <algorithm>
#include <charconv>

namespace windlass::gateway {
namespace {

std::optional<std::uint64_t> decimal(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  return value;
}

Error malformed(std::string_view text) {
  return Error{ErrorCode::invalid_header_value,
               {},
               {{"HeaderName", "ocp-range"},
                {"HeaderValue", std::string(text)},
                {"Reason", "It must be bytes=first-last or bytes=first-"}}};
}

}  // namespace

Result<ByteRange> parse_byte_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes=";
  if (text.size() <= kUnit.size() || !equals_without_case(text.substr(0, kUnit.size()), kUnit))
    return malformed(text);
  const std::string_view range = text.substr(kUnit.size());
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return malformed(text);
  const auto first = decimal(range.substr(0, dash));
  if (!first) return malformed(text);
  if (dash + 1 == range.size()) return ByteRange{*first, std::nullopt};
  const auto last = decimal(range.substr(dash + 1));
  if (!last || *last < *first) return malformed(text);
  return ByteRange{*first, *last};
}

Result<ByteSpan> span_of(const std::optional<ByteRange>& range, std::uint64_t size) {
  if (!range) return ByteSpan{0, size};
  if (range->first >= size)
    return Error{
        ErrorCode::invalid_range,
        {},
        {{"FirstByte", std::to_string(range->first)}, {"ContentLength", std::to_string(size)}}};
  const std::uint64_t last = std::min(range->last.value_or(UINT64_MAX), size - 1);
  return ByteSpan{range->first, last - range->first + 1};
}

}  // namespace windlass::gateway
