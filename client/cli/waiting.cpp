#include "client/cli/waiting.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace windlass::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{1000};
constexpr std::chrono::seconds kLineInterval{10};  // between progress lines where no one looks

void write(const char* before, const std::string& text, const char* after) {
  std::fprintf(stderr, "%s%s%s", before, text.c_str(), after);
  std::fflush(stderr);
}

}  // namespace

Pauses::Pauses(std::chrono::milliseconds timeout)
    : timeout_(timeout), next_(kFirstPause), start_(Clock::now()) {}

bool Pauses::pause() {
  if (timeout_.count() > 0 && Clock::now() - start_ + next_ > timeout_) return false;
  std::this_thread::sleep_for(next_);
  next_ = std::min(next_ * 3 / 2, kLongestPause);
  return true;
}

ProgressLine::ProgressLine(bool shown)
    : shown_(shown), terminal_(::isatty(STDERR_FILENO) == 1), shown_at_(Clock::now()) {}

void ProgressLine::show(const std::string& text) {
  if (!shown_ || (text == last_ && terminal_)) return;
  const auto now = Clock::now();
  if (!terminal_ && now - shown_at_ < kLineInterval) return;
  shown_at_ = now;
  last_ = text;
  write(terminal_ ? "\r\033[K" : "", text, terminal_ ? "" : "\n");
  drawn_ = terminal_;
}

void ProgressLine::finish(const std::string& text) {
  if (shown_) write(drawn_ ? "\r\033[K" : "", text, "\n");
}

}  // namespace windlass::cli
