// What the service keeps and returns without looking into it: a JSON object of members, written by
// our own parsers and spliced into what we show.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace windlass {

// Walks over the top-level members of a JSON object text that a parser of ours wrote. Texts that
// are no such object have no members.
class KeptMembers {
 public:
  explicit KeptMembers(std::string_view object);

  // Name and value, as they stand in the text; nothing at the end.
  std::optional<std::pair<std::string_view, std::string_view>> next();

 private:
  std::string_view rest_;
};

// The object with the members of `changes` in place of those of the same names.
std::string with_members(std::string_view object, std::string_view changes);
// The object without that member.
std::string without_member(std::string_view object, std::string_view name);

}  // namespace windlass
