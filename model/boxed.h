// A value on the heap that otherwise behaves as if it were not: a copy is a value of its own, and
// it is never empty (but for one that was moved from). For the large and rare alternatives of a
// variant, which would make every other one as large.
#pragma once

#include <memory>
#include <utility>

namespace windlass {

template <class T>
class Boxed {
 public:
  Boxed() : value_(std::make_unique<T>()) {}
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: it is the value
  Boxed(const Boxed& other) : value_(std::make_unique<T>(*other)) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    value_ = std::make_unique<T>(*other);
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;

  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }

  bool operator==(const Boxed& other) const { return **this == *other; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace windlass
