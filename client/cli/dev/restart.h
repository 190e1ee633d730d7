// When a role that ended is started again: at once the first time, then ever later while it keeps
// ending soon after its start. Pure: times are handed in.
#pragma once

#include <algorithm>
#include <chrono>

namespace windlass::cli::dev {

class RestartBackoff {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kLongest{5000};
  static constexpr std::chrono::seconds kLongLife{
      10};  // who lived so long starts with a clean record

  void started(Time now) { started_ = now; }

  // Answers when to start again.
  Time ended(Time now) {
    if (now - started_ >= kLongLife) pause_ = kFirst;
    const Time again = now + pause_;
    pause_ = std::min(pause_ * 2, kLongest);
    return again;
  }

 private:
  Time started_{};
  std::chrono::milliseconds pause_ = kFirst;
};

}  // namespace windlass::cli::dev
