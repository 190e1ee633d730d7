// Assertions that stay on in every build: a broken invariant ends the process, and the next start
// recovers from what is durable (STYLE: "We are wrong").
#pragma once

namespace windlass {

// Prints the condition and its place on stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace windlass

#define WINDLASS_ASSERT(condition)        \
  (static_cast<bool>(condition) ? void(0) \
                                : ::windlass::assertion_failed(#condition, __FILE__, __LINE__))
