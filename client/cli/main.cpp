#include "client/cli/command.h"

#include <unistd.h>

#include <csignal>

namespace {

// Commands keep nothing that needs tidying: an interrupt ends at once, with the code scripts
// expect.
extern "C" void end_at_once(int) {
  ::_exit(windlass::cli::kInterrupted);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, end_at_once);
  std::signal(SIGPIPE, SIG_IGN);
  return windlass::cli::run_windlass({argv + 1, argv + argc});
}
