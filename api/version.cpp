#include "api/version.h"

#include <charconv>
#include <string>

namespace windlass::api {

namespace {

constexpr ApiVersion kOldest{2018, 12, 1};

// Takes exactly `width` digits from the front of `text`.
bool take_digits(std::string_view& text, std::size_t width, int& value) {
  if (text.size() < width) return false;
  const char* end = text.data() + width;
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stop != end || text.front() == '-') return false;
  text.remove_prefix(width);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// ".16.0": one to three digits each.
bool take_minor_number(std::string_view& text) {
  if (!take(text, '.')) return false;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  text.remove_prefix(digits);
  return digits >= 1 && digits <= 3;
}

bool parse(std::string_view text, ApiVersion& version) {
  const bool date = take_digits(text, 4, version.year) && take(text, '-') &&
                    take_digits(text, 2, version.month) && take(text, '-') &&
                    take_digits(text, 2, version.day);
  if (!date || version.month < 1 || version.month > 12) return false;
  if (version.day < 1 || version.day > 31) return false;
  if (text.empty()) return true;
  return take_minor_number(text) && take_minor_number(text) && text.empty();
}

}  // namespace

Result<ApiVersion> parse_api_version(std::optional<std::string_view> text) {
  if (!text || text->empty()) {
    return query_error(ErrorCode::missing_required_query_parameter, "api-version", "",
                       "The query parameter api-version is required.");
  }
  ApiVersion version;
  if (!parse(*text, version) || version < kOldest) {
    return query_error(ErrorCode::unsupported_request_version, "api-version", text->substr(0, 64),
                       "Versions from 2018-12-01.8.0 on are supported, such as 2022-10-01.16.0.");
  }
  return version;
}

}  // namespace windlass::api
