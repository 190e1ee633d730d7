// The conditional headers of a request, from text to model.
#pragma once

#include "model/common.h"
#include "model/result.h"

#include <optional>
#include <string_view>

namespace windlass::api {

struct ConditionHeaders {
  std::optional<std::string_view> if_match;
  std::optional<std::string_view> if_none_match;
  std::optional<std::string_view> if_modified_since;
  std::optional<std::string_view> if_unmodified_since;
};

// Tags may be quoted or not, weak, in lists, or "*". If-None-Match outranks If-Modified-Since and
// If-Match outranks If-Unmodified-Since (the date is dropped); any other two together are
// MultipleConditionHeadersNotSupported. A date that is none: InvalidHeaderValue.
Result<Conditions> parse_conditions(const ConditionHeaders& headers);

}  // namespace windlass::api
