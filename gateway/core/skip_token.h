// The place where a list goes on, as it stands in a nextLink: the last key seen, so that a token
// stays good while entries come and go. Only letters, digits, '-' and '_': clients decode links
// once or twice, and some fold '+'.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::gateway {

// `key`: any bytes, not empty.
std::string skip_token(std::string_view key);

// Nothing unless the text is exactly what skip_token writes.
std::optional<std::string> parse_skip_token(std::string_view token);

}  // namespace windlass::gateway
