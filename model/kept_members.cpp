#include "model/kept_members.h"

#include <cstddef>

namespace windlass {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Behind the closing quote of the string that starts at 0; npos when it does not end.
std::size_t string_end(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return kNone;
}

// Behind the value that starts at 0: at the next ',' or the closing '}' of the object around it.
std::size_t value_end(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      const std::size_t length = string_end(text.substr(i));
      if (length == kNone) return kNone;
      i += length;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return i;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
  }
  return kNone;
}

}  // namespace

KeptMembers::KeptMembers(std::string_view object) {
  if (object.starts_with('{')) rest_ = object.substr(1);
}

std::optional<std::pair<std::string_view, std::string_view>> KeptMembers::next() {
  if (rest_.starts_with(',')) rest_.remove_prefix(1);
  if (!rest_.starts_with('"')) return std::nullopt;
  const std::size_t quoted = string_end(rest_);
  if (quoted == kNone || !rest_.substr(quoted).starts_with(':')) return std::nullopt;
  const std::string_view name = rest_.substr(1, quoted - 2);
  rest_.remove_prefix(quoted + 1);
  const std::size_t length = value_end(rest_);
  if (length == kNone || length == 0) return std::nullopt;
  const std::string_view value = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return std::pair{name, value};
}

namespace {

void append(std::string& object, std::string_view name, std::string_view value) {
  object += object.empty() ? "{\"" : ",\"";
  object += name;
  object += "\":";
  object += value;
}

}  // namespace

std::string with_members(std::string_view object, std::string_view changes) {
  const auto changed = [&](std::string_view name) {
    KeptMembers members(changes);
    while (const auto member = members.next()) {
      if (member->first == name) return true;
    }
    return false;
  };
  std::string result;
  KeptMembers members(object);
  while (const auto member = members.next()) {
    if (!changed(member->first)) append(result, member->first, member->second);
  }
  KeptMembers others(changes);
  while (const auto member = others.next()) append(result, member->first, member->second);
  return result.empty() ? result : result + "}";
}

std::string without_member(std::string_view object, std::string_view name) {
  std::string result;
  KeptMembers members(object);
  while (const auto member = members.next()) {
    if (member->first != name) append(result, member->first, member->second);
  }
  return result.empty() ? result : result + "}";
}

}  // namespace windlass
