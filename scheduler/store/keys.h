// Keys of rows: numbers big-endian, so that the order of keys is the order of numbers, and texts,
// the last of which ends with the key.
#pragma once

#include "model/assert.h"
#include "scheduler/store/errors.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace windlass::scheduler {

class Key {
 public:
  static constexpr std::size_t kBytesMax = 511;  // LMDB's limit

  Key() = default;
  Key(const Key& other) : size_(other.size_) {  // what is set, not all that could be
    std::memcpy(bytes_.data(), other.bytes_.data(), size_);
  }
  Key& operator=(const Key&) = delete;

  Key& number(std::uint64_t value) { return big_endian(value, 8); }
  Key& number_32(std::uint32_t value) { return big_endian(value, 4); }
  Key& text(std::string_view text) {
    WINDLASS_ASSERT(size_ + text.size() <= kBytesMax);
    if (!text.empty()) std::memcpy(bytes_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  // For texts that are followed by others; ids hold no zero bytes.
  Key& terminated(std::string_view first) { return text(first).text(std::string_view("", 1)); }

  operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT: a key is bytes

 private:
  Key& big_endian(std::uint64_t value, std::size_t bytes) {
    WINDLASS_ASSERT(size_ + bytes <= kBytesMax);
    for (std::size_t i = bytes; i-- > 0;) {
      bytes_[size_++] = static_cast<char>(value >> (8 * i));
    }
    return *this;
  }

  std::array<char, kBytesMax> bytes_;  // set up to size_
  std::size_t size_ = 0;
};

// Of a key or a row as it was read: damaged ones are refused.
inline std::uint64_t number_at(std::string_view key, std::size_t offset, std::size_t bytes = 8) {
  if (offset + bytes > key.size()) throw CorruptError("a key or a row is too short");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8 | static_cast<unsigned char>(key[offset + i]);
  return value;
}

}  // namespace windlass::scheduler
