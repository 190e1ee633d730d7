#include "gateway/core/target.h"

namespace windlass::gateway {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
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

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' && plus_is_space ? ' ' : text[i];
  }
  return out;
}

std::string percent_encoded_path(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (unreserved(c) || c == '/') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

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
    if (named(*pair, name)) return percent_decoded(pair->value, true);
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
