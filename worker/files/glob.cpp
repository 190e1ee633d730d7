#include "worker/files/glob.h"

namespace windlass::worker {
namespace {

using Parts = std::vector<std::string>;

// Where the set that opens at `at` ends (behind its ']'), or npos when it never does. A ']' right
// behind the opening is a member, as in a shell.
std::size_t set_end(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && pattern[i] == '!') ++i;
  if (i < pattern.size() && pattern[i] == ']') ++i;
  while (i < pattern.size() && pattern[i] != ']') ++i;
  return i < pattern.size() ? i + 1 : std::string_view::npos;
}

// `set` is what stands between the brackets.
bool set_matches(std::string_view set, char c) {
  bool negated = false;
  if (!set.empty() && set.front() == '!') {
    negated = true;
    set.remove_prefix(1);
  }
  const auto value = static_cast<unsigned char>(c);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto low = static_cast<unsigned char>(set[i]);
    if (i + 2 < set.size() && set[i + 1] == '-') {
      const auto high = static_cast<unsigned char>(set[i + 2]);
      found = found || (low <= value && value <= high);
      i += 2;
    } else {
      found = found || low == value;
    }
  }
  return found != negated;
}

bool match_from(const Parts& pattern, std::size_t p, const Parts& path, std::size_t n, bool below) {
  while (p < pattern.size()) {
    if (pattern[p] == "**") {
      while (p + 1 < pattern.size() && pattern[p + 1] == "**") ++p;
      if (below) return true;
      if (p + 1 == pattern.size()) return n < path.size();
      for (std::size_t skip = n; skip <= path.size(); ++skip) {
        if (match_from(pattern, p + 1, path, skip, below)) return true;
      }
      return false;
    }
    if (n == path.size()) return below;  // the pattern goes on where the folder ends
    if (!name_matches(pattern[p], path[n])) return false;
    ++p;
    ++n;
  }
  return !below && n == path.size();
}

}  // namespace

bool has_wildcard(std::string_view component) {
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] == '*' || component[i] == '?') return true;
    if (component[i] == '[' && set_end(component, i) != std::string_view::npos) return true;
  }
  return false;
}

bool name_matches(std::string_view pattern, std::string_view name) {
  // The usual walk: on a mismatch let the last star take one character more.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    bool matched = false;
    std::size_t next = p + 1;
    if (p < pattern.size()) {
      const std::size_t end = pattern[p] == '[' ? set_end(pattern, p) : std::string_view::npos;
      if (end != std::string_view::npos) {
        next = end;
        matched = set_matches(pattern.substr(p + 1, end - p - 2), name[n]);
      } else {
        matched = pattern[p] == '?' || pattern[p] == name[n];
      }
    }
    if (matched) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool path_matches(const Parts& pattern, const Parts& path) {
  return match_from(pattern, 0, path, 0, false);
}

bool path_may_match_below(const Parts& pattern, const Parts& path) {
  return match_from(pattern, 0, path, 0, true);
}

}  // namespace windlass::worker
