// Bytes of values for this worker's own files and for what the guard keeps for it. Never sent: what
// leaves the host goes through schema/. One `fields` function a type names its members in order;
// writing and reading both go through it, so the two cannot drift apart.
//
// Layout: integers as 8 bytes little-endian, texts and lists with their length first.
#pragma once

#include "model/time.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace windlass::worker {

class ArchiveWriter {
 public:
  explicit ArchiveWriter(std::string& out) : out_(out) {}

  template <class... Members>
  void operator()(Members&... members) {
    (put(members), ...);
  }

 private:
  void put_number(std::uint64_t number) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (8 * i));
    out_.append(bytes, sizeof bytes);
  }
  void put(std::string& text) {
    put_number(text.size());
    out_ += text;
  }
  void put(WallTime& time) { put_number(static_cast<std::uint64_t>(time.ticks)); }
  void put(Duration& time) { put_number(static_cast<std::uint64_t>(time.count())); }
  template <class T>
  void put(std::vector<T>& list) {
    put_number(list.size());
    for (T& item : list) put(item);
  }
  template <class T>
  void put(std::optional<T>& value) {
    put_number(value ? 1 : 0);
    if (value) put(*value);
  }
  template <class T>
  void put(T& value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      put_number(static_cast<std::uint64_t>(value));
    } else {
      fields(*this, value);
    }
  }

  std::string& out_;
};

// Reads what a writer wrote. Bytes that end early or make no sense leave failed() true and the rest
// of the values as they were.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  template <class... Members>
  void operator()(Members&... members) {
    (get(members), ...);
  }

 private:
  std::uint64_t get_number() {
    if (failed_ || rest_.size() < 8) {
      failed_ = true;
      return 0;
    }
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i)
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(8);
    return number;
  }
  void get(std::string& text) {
    const std::uint64_t size = get_number();
    if (size > rest_.size()) failed_ = true;
    if (failed_) return;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void get(WallTime& time) { time.ticks = static_cast<std::int64_t>(get_number()); }
  void get(Duration& time) { time = Duration(static_cast<std::int64_t>(get_number())); }
  template <class T>
  void get(std::vector<T>& list) {
    const std::uint64_t size = get_number();
    if (size > rest_.size()) failed_ = true;  // each item takes at least 8 bytes
    list.clear();
    for (std::uint64_t i = 0; i < size && !failed_; ++i) get(list.emplace_back());
  }
  template <class T>
  void get(std::optional<T>& value) {
    value.reset();
    if (get_number() != 0) get(value.emplace());
  }
  template <class T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = get_number() != 0;
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      value = static_cast<T>(get_number());
    } else {
      fields(*this, value);
    }
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace windlass::worker
