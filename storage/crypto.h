// The hashes of the Blob protocol, and base64. The door to OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace windlass::storage {

std::string base64_encoded(std::string_view bytes);
std::optional<std::string> base64_decoded(std::string_view text);  // strict: padded, no white space

std::string hex_encoded(std::string_view bytes);  // lower case
std::optional<std::string> hex_decoded(std::string_view text);

std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 bytes
std::string sha256(std::string_view text);                             // 32 bytes

// Takes the same time wherever they differ.
bool equal_secrets(std::string_view a, std::string_view b);

class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;
  void update(std::span<const std::byte> bytes);
  std::string finish();  // 16 bytes; once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace windlass::storage
