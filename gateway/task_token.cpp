#include "gateway/task_token.h"

#include "gateway/core/target.h"

#include <sodium.h>

#include <array>
#include <vector>

namespace windlass::gateway {

namespace {

constexpr std::string_view kForm = "wlt1";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kTokenCharsMax = 1024;
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encoded(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kVariant);
  text.pop_back();  // the terminator
  return text;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, &end, kVariant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string new_task_token(const std::string& account, const std::string& task_id) {
  std::array<char, kSecretBytes> secret{};
  randombytes_buf(secret.data(), secret.size());
  return std::string(kForm) + "." + encoded(account) + "." + encoded(task_id) + "." +
         encoded({secret.data(), secret.size()});
}

std::optional<TaskToken> parse_task_token(std::string_view text) {
  if (text.size() > kTokenCharsMax) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; parts.size() < 5;) {
    const std::size_t dot = text.find('.', begin);
    parts.push_back(text.substr(begin, dot - begin));
    if (dot == std::string_view::npos) break;
    begin = dot + 1;
  }
  if (parts.size() != 4 || parts[0] != kForm) return std::nullopt;
  auto account = decoded(parts[1]);
  auto task_id = decoded(parts[2]);
  if (!account || !task_id || account->empty() || task_id->empty()) return std::nullopt;
  return TaskToken{std::move(*account), std::move(*task_id)};
}

bool is_same_token(std::string_view presented, std::string_view kept) {
  return presented.size() == kept.size() && !kept.empty() &&
         sodium_memcmp(presented.data(), kept.data(), kept.size()) == 0;
}

std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_without_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace windlass::gateway
