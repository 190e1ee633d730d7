// How `windlass` ends: a promise to scripts (docs/CLI.md).
#pragma once

namespace windlass::cli {

enum ExitCode : int {
  kOk = 0,
  kTaskFailed =
      1,       // a task that was waited for failed; also anything that has no number of its own
  kUsage = 2,  // the command line, or what the service says is wrong with the request
  kAuthentication = 3,
  kNotFound = 4,
  kConflict = 5,     // exists already, or its state forbids it
  kUnreachable = 6,  // no answer, or the service cannot serve now
  kTimeout = 124,
  kInterrupted = 130,
};

}  // namespace windlass::cli
