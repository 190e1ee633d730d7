#include "api/conditions.h"

#include "model/time_text.h"

namespace windlass::api {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool given(const std::optional<std::string_view>& header) {
  return header && !trimmed(*header).empty();
}

// Our tags hold no comma, so splitting at commas first is right for any tag that could match.
std::vector<std::string> parse_tags(std::string_view text) {
  std::vector<std::string> tags;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    std::string_view tag = trimmed(text.substr(0, comma));
    if (more) text.remove_prefix(comma + 1);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
      tag = tag.substr(1, tag.size() - 2);
    }
    if (!tag.empty()) tags.emplace_back(tag);
  }
  // Only separators: nothing that could match, and still a condition.
  if (tags.empty()) tags.emplace_back();
  return tags;
}

Status parse_date(const char* name, std::string_view text, std::optional<WallTime>& out) {
  out = parse_timestamp(trimmed(text));
  if (out) return ok();
  return Error{ErrorCode::invalid_header_value,
               {},
               {{"HeaderName", name},
                {"HeaderValue", std::string(text.substr(0, 256))},
                {"Reason", "The value is not an HTTP date."}}};
}

}  // namespace

Result<Conditions> parse_conditions(const ConditionHeaders& headers) {
  const bool match = given(headers.if_match);
  const bool none_match = given(headers.if_none_match);
  const bool modified = given(headers.if_modified_since);
  const bool unmodified = given(headers.if_unmodified_since);
  if ((match || unmodified) && (none_match || modified)) {
    return ErrorCode::multiple_condition_headers_not_supported;
  }
  Conditions conditions;
  if (match) conditions.if_match = parse_tags(*headers.if_match);
  if (none_match) conditions.if_none_match = parse_tags(*headers.if_none_match);
  if (modified && !none_match) {
    const Status good =
        parse_date("If-Modified-Since", *headers.if_modified_since, conditions.if_modified_since);
    if (!good) return good.error();
  }
  if (unmodified && !match) {
    const Status good = parse_date("If-Unmodified-Since", *headers.if_unmodified_since,
                                   conditions.if_unmodified_since);
    if (!good) return good.error();
  }
  return conditions;
}

}  // namespace windlass::api
