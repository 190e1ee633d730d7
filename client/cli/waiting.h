// What commands that wait have in common: pauses that grow, and a line that shows how far it is.
#pragma once

#include <chrono>
#include <string>

namespace windlass::cli {

// A gateway that restarts does not end a wait.
constexpr std::chrono::seconds kWaitPatience{30};

// Pauses between two looks: short at first, later about a second.
class Pauses {
 public:
  explicit Pauses(std::chrono::milliseconds timeout);  // 0: for ever

  // False, and at once, when the time would be over before the pause is.
  bool pause();

 private:
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds next_;
  std::chrono::steady_clock::time_point start_;
};

// One line on standard error that is rewritten on a terminal; a new line now and then elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool shown);

  void show(const std::string& text);
  void finish(const std::string& text);  // the last one, which stays

 private:
  bool shown_;
  bool terminal_;
  bool drawn_ = false;
  std::string last_;
  std::chrono::steady_clock::time_point shown_at_;
};

}  // namespace windlass::cli
