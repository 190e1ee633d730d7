#include "bus/task_token.h"

#include "model/base64.h"
#include "model/ids.h"

#include <sodium.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace windlass {

namespace {

constexpr std::string_view kForm = "wlt1";
constexpr std::size_t kTokenCharsMax = 1024;
constexpr std::size_t kSecretBytes = crypto_auth_hmacsha256_KEYBYTES;

void prepare() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of randomness");
}

template <std::size_t kBytes>
std::string text_of(const std::array<unsigned char, kBytes>& bytes) {
  return base64_encoded({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

std::string new_token_secret() {
  prepare();
  std::array<unsigned char, kSecretBytes> secret{};
  randombytes_buf(secret.data(), secret.size());
  return text_of(secret);
}

std::string task_token(const std::string& secret, const TaskTokenName& name,
                       std::string_view job_id) {
  prepare();
  // Any text will do as a key; ids have no line breaks, and are compared without case.
  const std::string said = lower_cased(job_id) + "\n" + lower_cased(name.task_id);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()),
                              secret.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(said.data()),
                                said.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> proof{};
  crypto_auth_hmacsha256_final(&state, proof.data());
  return std::string(kForm) + "." + base64_encoded(name.account) + "." +
         base64_encoded(name.task_id) + "." + text_of(proof);
}

std::optional<TaskTokenName> parse_task_token(std::string_view text) {
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
  return TaskTokenName{std::move(*account), std::move(*task_id)};
}

bool is_same_token(std::string_view presented, std::string_view wanted) {
  return presented.size() == wanted.size() &&
         sodium_memcmp(presented.data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace windlass
