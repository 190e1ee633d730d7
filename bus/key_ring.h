// The keys that a process's endpoints use. They may change while the process runs: endpoints look
// at version() in each turn and start their links afresh with the new keys, one after the other.
// The only part of the bus that threads share.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace windlass::bus {

class KeyRing {
 public:
  KeyRing(std::string public_key, std::string secret_key)
      : pair_(std::move(public_key), std::move(secret_key)) {}

  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  std::pair<std::string, std::string> pair() const {  // public, secret
    const std::lock_guard lock(mutex_);
    return pair_;
  }

  void replace(std::string public_key, std::string secret_key) {
    const std::lock_guard lock(mutex_);
    pair_ = {std::move(public_key), std::move(secret_key)};
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t> version_ = 1;
  mutable std::mutex mutex_;
  std::pair<std::string, std::string> pair_;
};

}  // namespace windlass::bus
