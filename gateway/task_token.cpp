#include "gateway/task_token.h"

#include "gateway/core/target.h"
#include "model/base64.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace windlass::gateway {

namespace {

constexpr std::string_view kForm = "wlt1";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kTokenCharsMax = 1024;

}  // namespace

std::string new_task_token(const std::string& account, const std::string& task_id) {
  std::array<unsigned char, kSecretBytes> secret{};
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1)
    throw std::runtime_error("the system gives no random bytes");
  return std::string(kForm) + "." + base64_encoded(account) + "." + base64_encoded(task_id) + "." +
         base64_encoded({reinterpret_cast<const char*>(secret.data()), secret.size()});
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
  auto account = base64_decoded(parts[1]);
  auto task_id = base64_decoded(parts[2]);
  if (!account || !task_id || account->empty() || task_id->empty()) return std::nullopt;
  return TaskToken{std::move(*account), std::move(*task_id)};
}

bool is_same_token(std::string_view presented, std::string_view kept) {
  return presented.size() == kept.size() && !kept.empty() &&
         CRYPTO_memcmp(presented.data(), kept.data(), kept.size()) == 0;
}

std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_without_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace windlass::gateway
