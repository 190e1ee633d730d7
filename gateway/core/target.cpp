#include "gateway/core/target.h"

#include "model/percent_encoding.h"

namespace windlass::gateway {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Pair {
  std::string_view whole;
  std::string_view name;
  std::string_view value;
};

// Takes the next pair off the front of `rest`; empty parts between two '&' are passed over.
std::optional<Pair> next_pair(std::string_view& rest) {
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view whole = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (whole.empty()) continue;
    const auto equals = whole.find('=');
    if (equals == std::string_view::npos) return Pair{whole, whole, {}};
    return Pair{whole, whole.substr(0, equals), whole.substr(equals + 1)};
  }
  return std::nullopt;
}

bool named(const Pair& pair, std::string_view name) {
  if (pair.name.find('%') == std::string_view::npos) return equals_without_case(pair.name, name);
  return equals_without_case(percent_decoded(pair.name), name);  // %24filter
}

}  // namespace

bool equals_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string> Query::find(std::string_view name) const {
  std::string_view rest = raw_;
  while (const auto pair = next_pair(rest)) {
    if (named(*pair, name)) return percent_decoded(pair->value, Plus::is_space);
  }
  return std::nullopt;
}

bool Query::has(std::string_view name) const {
  std::string_view rest = raw_;
  while (const auto pair = next_pair(rest)) {
    if (named(*pair, name)) return true;
  }
  return false;
}

std::string Query::next_name(std::size_t& place) const {
  std::string_view rest = raw_.substr(place);
  const auto pair = next_pair(rest);
  place = raw_.size() - rest.size();
  return pair ? percent_decoded(pair->name) : std::string();
}

std::string Query::without(std::string_view name) const {
  std::string out;
  std::string_view rest = raw_;
  while (const auto pair = next_pair(rest)) {
    if (named(*pair, name)) continue;
    if (!out.empty()) out += '&';
    out += pair->whole;
  }
  return out;
}

std::optional<Target> parse_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() &&
        equals_without_case(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      const auto slash = target.find_first_of("/?");
      if (slash == std::string_view::npos || target[slash] == '?') return std::nullopt;
      target.remove_prefix(slash);
      break;
    }
  }
  if (!target.starts_with('/')) return std::nullopt;
  if (const auto fragment = target.find('#'); fragment != std::string_view::npos)
    target = target.substr(0, fragment);
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  while (path.starts_with("//")) path.remove_prefix(1);
  return Target{
      path, Query(mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1))};
}

}  // namespace windlass::gateway
