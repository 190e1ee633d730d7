// CURVE keys as Z85 text, and the secrets of join tokens.
#pragma once

#include <string>
#include <string_view>

namespace windlass::bus {

inline constexpr std::size_t kKeyTextBytes = 40;

struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

KeyPair new_key_pair();

// 40 characters of Z85.
bool is_key(std::string_view text);

// As many random bytes, in hex.
std::string random_text(std::size_t bytes);

// A digest of a random secret, in hex. (Of a random one: nothing slow is needed.)
std::string digest_of_secret(std::string_view secret);

}  // namespace windlass::bus
