#include "bus/key_pair.h"

#include "bus/zmq.h"

#include <sodium.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace windlass::bus {

namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

void need_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of randomness");
}

}  // namespace

KeyPair new_key_pair() {
  std::array<char, kKeyTextBytes + 1> public_key{};
  std::array<char, kKeyTextBytes + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) throw_zmq("zmq_curve_keypair");
  return {public_key.data(), secret_key.data()};
}

bool is_key(std::string_view text) {
  if (text.size() != kKeyTextBytes) return false;
  std::array<std::uint8_t, 32> bytes{};
  return zmq_z85_decode(bytes.data(), std::string(text).c_str()) != nullptr;
}

std::string random_text(std::size_t bytes) {
  need_sodium();
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), random.size());
  return hex(random.data(), random.size());
}

std::string digest_of_secret(std::string_view secret) {
  need_sodium();
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nullptr,
                     0);
  return hex(digest.data(), digest.size());
}

}  // namespace windlass::bus
