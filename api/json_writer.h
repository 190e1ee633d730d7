// JSON, appended straight to a string: no tree in between, no copies.
#pragma once

#include "model/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::api {

// Separators come by themselves: a comma is written unless the text ends in '{', '[' or ':'.
// The caller keeps begin/end balanced; `out` must outlive the writer.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object();
  void end_object() { out_ += '}'; }
  void begin_array();
  void end_array() { out_ += ']'; }

  // A member's name; exactly one value follows. Names are ours and need no escapes.
  void name(std::string_view name);

  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(std::int32_t number) { value(static_cast<std::int64_t>(number)); }
  void value(std::int64_t number);
  void value(std::uint64_t number);
  void value(double number);
  void value(WallTime time);
  void value(Duration duration);
  // Text that is JSON already.
  void raw(std::string_view json);

  template <class T>
  void member(std::string_view member_name, const T& member_value) {
    name(member_name);
    value(member_value);
  }
  void raw_member(std::string_view member_name, std::string_view json) {
    name(member_name);
    raw(json);
  }

 private:
  void separate();

  std::string& out_;
};

// A JSON string with its quotes. Invalid UTF-8 becomes U+FFFD: answers are always valid JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace windlass::api
