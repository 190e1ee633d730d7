#include "gateway/core/skip_token.h"

#include <cstdint>

namespace windlass::gateway {
namespace {

// Says which form follows, so that another can be told apart one day.
constexpr char kForm = 'k';
constexpr std::size_t kTokenSizeMax = 8192;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string skip_token(std::string_view key) {
  std::string out(1, kForm);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : key) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += kAlphabet[(bits >> held) & 63];
    }
  }
  if (held > 0) out += kAlphabet[(bits << (6 - held)) & 63];
  return out;
}

std::optional<std::string> parse_skip_token(std::string_view token) {
  if (token.size() < 2 || token.size() > kTokenSizeMax || token.front() != kForm)
    return std::nullopt;
  std::string key;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : token.substr(1)) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      key += static_cast<char>((bits >> held) & 255);
    }
  }
  if (key.empty() || skip_token(key) != token) return std::nullopt;
  return key;
}

}  // namespace windlass::gateway
