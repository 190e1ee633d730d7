// A start that cannot be: the message says what is in the way, who owns it, and what to type.
#pragma once

#include <stdexcept>
#include <string>

namespace windlass::runtime {

// Caught by run_program: printed without "terminate called", exit code 2.
class StartRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace windlass::runtime
