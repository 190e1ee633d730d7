// The coroutine type of handlers: starts when it is awaited (or started), runs on the one thread
// of the gateway's loop, and goes straight on with who waited for it. No thread, no executor.
//
//   Async<HttpResponse> get_pool(Exchange& exchange) {
//     Answer answer = co_await exchange.backend.ask(...);
//
// Destroying an Async that has not ended destroys what it waits in: whoever would resume it must
// never run again by then. The server does so only when its loop has stopped for good.
#pragma once

#include "model/assert.h"

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace windlass::gateway {

template <class T>
class [[nodiscard]] Async {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr exception;
    std::coroutine_handle<> waiter;
    std::function<void()> on_end;

    Async get_return_object() {
      return Async(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }

    struct End {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        promise_type& promise = self.promise();
        if (promise.waiter) return promise.waiter;
        // May destroy the coroutine, so nothing of it is touched after.
        if (const auto on_end = std::move(promise.on_end)) on_end();
        return std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    End final_suspend() noexcept { return {}; }

    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    void unhandled_exception() { exception = std::current_exception(); }
  };

  Async() = default;
  Async(Async&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Async& operator=(Async&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Async() {
    if (handle_) handle_.destroy();
  }

  // For who is no coroutine: runs it, and calls `on_end` once it has ended, perhaps at once.
  void start(std::function<void()> on_end) {
    WINDLASS_ASSERT(handle_);
    handle_.promise().on_end = std::move(on_end);
    handle_.resume();
  }
  bool ended() const { return handle_ && handle_.done(); }

  // The value, or throws what the coroutine threw. Once, after the end.
  T take() {
    WINDLASS_ASSERT(ended());
    promise_type& promise = handle_.promise();
    if (promise.exception) std::rethrow_exception(promise.exception);
    return std::move(*promise.value);
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
        handle.promise().waiter = waiter;
        return handle;
      }
      T await_resume() {
        promise_type& promise = handle.promise();
        if (promise.exception) std::rethrow_exception(promise.exception);
        return std::move(*promise.value);
      }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Async(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// Something that comes later from who is no coroutine: an answer of the bus. Lives in the frame of
// who awaits it, so whoever holds a pointer to it must let go of it when the frame is destroyed.
template <class T>
class Later {
 public:
  Later() = default;
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;

  void set(T value) {
    WINDLASS_ASSERT(!value_.has_value());
    value_.emplace(std::move(value));
    if (const auto waiter = std::exchange(waiter_, {})) waiter.resume();
  }
  bool has_value() const { return value_.has_value(); }

  bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  T await_resume() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

}  // namespace windlass::gateway
