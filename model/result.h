// A value or the reason why there is none. Named like std::expected, which our compiler offers
// only beyond C++20; it becomes an alias one day.
#pragma once

#include "model/assert.h"
#include "model/error.h"

#include <utility>
#include <variant>

namespace windlass {

struct Unit {
  bool operator==(const Unit&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}        // NOLINT
  Result(ErrorCode code) : content_(std::in_place_index<1>, Error{code, {}, {}}) {}  // NOLINT

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() {
    WINDLASS_ASSERT(has_value());
    return std::get<0>(content_);
  }
  const T& value() const {
    WINDLASS_ASSERT(has_value());
    return std::get<0>(content_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() {
    WINDLASS_ASSERT(!has_value());
    return std::get<1>(content_);
  }
  const Error& error() const {
    WINDLASS_ASSERT(!has_value());
    return std::get<1>(content_);
  }

  bool operator==(const Result&) const = default;

 private:
  std::variant<T, Error> content_;
};

using Status = Result<Unit>;
inline Status ok() {
  return Unit{};
}

}  // namespace windlass
