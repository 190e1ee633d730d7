// Small numbers in few bytes: the form of rows of tasks and of journal records, which are written
// and read by the million. Numbers are base-128 (low seven bits first), signed ones folded so that
// small negatives stay small; strings follow their length. Only codec/*.cpp include this.
#pragma once

#include "schema/codec/message_bytes.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace windlass::codec {

// Writes behind what is in `out`, which holds all of it once the writer is gone.
class DenseWriter {
 public:
  explicit DenseWriter(std::string& out) : out_(out) {}
  ~DenseWriter() { flush(); }
  DenseWriter(const DenseWriter&) = delete;
  DenseWriter& operator=(const DenseWriter&) = delete;

  void number(std::uint64_t value) {
    if (buffer_.size() - used_ < kNumberBytesMax) flush();
    while (value >= 0x80) {
      buffer_[used_++] = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    buffer_[used_++] = static_cast<char>(value);
  }
  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view bytes) {
    number(bytes.size());
    if (buffer_.size() - used_ < bytes.size()) flush();
    if (buffer_.size() < bytes.size()) {
      out_.append(bytes);
      return;
    }
    std::memcpy(buffer_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }

 private:
  static constexpr std::size_t kNumberBytesMax = 10;

  void flush() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
  }

  std::string& out_;
  std::size_t used_ = 0;
  std::array<char, 256> buffer_;  // set up to used_
};

// Throws Malformed where the bytes end early or make no sense.
class DenseReader {
 public:
  explicit DenseReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool at_end() const { return at_ == end_; }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) throw Malformed("ends early");
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    throw Malformed("number too long");
  }
  template <class Number>
  Number number_as() {
    const std::uint64_t value = number();
    if (value > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
      throw Malformed("number out of range");
    return static_cast<Number>(value);
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::int32_t signed_number_32() {
    const std::int64_t value = signed_number();
    if (value < INT32_MIN || value > INT32_MAX) throw Malformed("number out of range");
    return static_cast<std::int32_t>(value);
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > static_cast<std::uint64_t>(end_ - at_)) throw Malformed("ends early");
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  // How many elements follow; each takes a byte at least, so no count can ask for much memory.
  std::size_t count() {
    const std::uint64_t value = number();
    if (value > static_cast<std::uint64_t>(end_ - at_)) throw Malformed("ends early");
    return value;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace windlass::codec
