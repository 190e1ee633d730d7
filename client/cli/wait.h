// Waiting for a job to finish, and reading what a task writes.
#pragma once

#include "client/cli/command.h"

#include <chrono>

namespace windlass::cli {

struct WaitWish {
  std::string job;
  std::chrono::milliseconds timeout{0};  // 0: for ever
  Format format = Format::table;
  bool quiet = false;
};

// Until no task of the job is active or running, or the job has ended. Shows progress and what
// failed; kTaskFailed when a task failed, kTimeout when time ran out.
int wait_for_job(client::BatchClient& batch, const WaitWish& wish);

int wait_command(const std::vector<std::string>& arguments);
int logs_command(const std::vector<std::string>& arguments);

}  // namespace windlass::cli
