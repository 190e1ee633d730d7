#include "gateway/core/list_parameters.h"

#include "gateway/core/skip_token.h"

#include <algorithm>
#include <charconv>

namespace windlass::gateway {
namespace {

constexpr std::string_view kSkipToken = "$skiptoken";

// A whole number, or nothing. Numbers too large for the type are as good as the largest.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range)
    return text.starts_with('-') ? std::int64_t{INT64_MIN} : std::int64_t{INT64_MAX};
  if (error != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

Result<Duration> request_timeout(const Query& query) {
  const auto text = query.find("timeout");
  if (!text) return Duration(kTimeoutDefault);
  const auto seconds = whole_number(*text);
  if (!seconds)
    return query_error(ErrorCode::invalid_query_parameter_value, "timeout", *text,
                       "It must be a whole number of seconds");
  if (*seconds < 1)
    return query_error(ErrorCode::out_of_range_query_parameter_value, "timeout", *text,
                       "It must be at least 1");
  return Duration(std::min(std::chrono::seconds(*seconds), kTimeoutMax));
}

Result<std::uint32_t> page_entries(const Query& query, std::uint32_t entries_max) {
  const auto text = query.find("maxresults");
  if (!text) return entries_max;
  const auto number = whole_number(*text);
  if (!number)
    return query_error(ErrorCode::invalid_query_parameter_value, "maxresults", *text,
                       "It must be a whole number");
  if (*number < 1 || *number > entries_max)
    return query_error(ErrorCode::out_of_range_query_parameter_value, "maxresults", *text,
                       "It must be between 1 and " + std::to_string(entries_max));
  return static_cast<std::uint32_t>(*number);
}

Result<std::string> page_after(const Query& query) {
  const auto text = query.find(kSkipToken);
  if (!text || text->empty()) return std::string();
  auto key = parse_skip_token(*text);
  if (!key)
    return query_error(ErrorCode::invalid_query_parameter_value, kSkipToken, *text,
                       "It is not a token of a nextLink of this service");
  return std::move(*key);
}

Result<bool> flag_parameter(const Query& query, std::string_view name) {
  const auto text = query.find(name);
  if (!text || text->empty()) return false;
  if (equals_without_case(*text, "true")) return true;
  if (equals_without_case(*text, "false")) return false;
  return query_error(ErrorCode::invalid_query_parameter_value, name, *text,
                     "It must be true or false");
}

std::string next_link(std::string_view base, const Target& target, std::string_view token) {
  std::string link(base);
  link += target.path;
  link += '?';
  const std::string query = target.query.without(kSkipToken);
  link += query;
  if (!query.empty()) link += '&';
  link += kSkipToken;
  link += '=';
  link += token;
  return link;
}

bool valid_authority(std::string_view authority) {
  constexpr std::size_t kAuthoritySizeMax = 300;
  if (authority.empty() || authority.size() > kAuthoritySizeMax) return false;
  return std::all_of(authority.begin(), authority.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

}  // namespace windlass::gateway
