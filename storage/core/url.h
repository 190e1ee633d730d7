// Percent-encoding and query strings, as the Blob service reads them: '+' is a plus, never a space.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::storage {

// Nothing if an escape is malformed.
std::optional<std::string> percent_decoded(std::string_view text);

// Escapes every byte but ASCII letters, digits and those in `also_kept`. Upper-case hex.
std::string percent_encoded(std::string_view text, std::string_view also_kept = "-._~");

// Query parameters in the order sent, names in lower case, values decoded.
class Query {
 public:
  static std::optional<Query> parse(std::string_view text);

  // Null when absent; the first one when repeated.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  // empty when absent
  bool has(std::string_view name) const { return find(name) != nullptr; }

  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// Length of the well-formed UTF-8 sequence that the text (not empty) begins with, or 0.
std::size_t utf8_sequence(std::string_view text);
bool valid_utf8(std::string_view text);

// How many UTF-16 units the text has: the service counts name lengths in them. Needs valid UTF-8.
std::size_t utf16_length(std::string_view text);

}  // namespace windlass::storage
