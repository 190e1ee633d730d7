// windlass logs: standard output or error of a task, live with -f.
#include "client/cli/wait.h"
#include "client/cli/waiting.h"

#include <cstdio>
#include <thread>

namespace windlass::cli {
namespace {

using runtime::OptionTable;

constexpr std::chrono::milliseconds kFirstPoll{100};
constexpr std::chrono::milliseconds kLongestPoll{1000};

struct LogsWish {
  std::string job;
  std::string task;
  std::string file = "stdout.txt";
  bool follow = false;
};

bool not_there_yet(const client::ServiceError& error) {
  return error.code == "TaskFilesUnavailable" || error.code == "FileNotFound" ||
         error.code == "NodeNotReady";
}

// Prints what the file has beyond `offset` and answers the new offset.
std::uint64_t print_from(client::BatchClient& batch, const LogsWish& wish, std::uint64_t offset) {
  const std::uint64_t length = batch.file_length(
      client::path_of({"jobs", wish.job, "tasks", wish.task, "files", wish.file}));
  if (length < offset) offset = 0;  // the task was started anew, and writes a new file
  if (length == offset) return offset;
  return offset + batch.read_task_file(
                      wish.job, wish.task, wish.file,
                      [](std::string_view bytes) { print(std::string(bytes)); },
                      client::ByteRange{offset, {}});
}

int follow(client::BatchClient& batch, const LogsWish& wish) {
  std::uint64_t offset = 0;
  std::chrono::milliseconds pause = kFirstPoll;
  for (;;) {
    // Asked before the file is read: what a task wrote before it ended is in the file by then.
    const auto task = batch.get(client::path_of({"jobs", wish.job, "tasks", wish.task}),
                                {{"$select", "state,executionInfo"}});
    const bool ended = text_at(task, "state") == "completed";
    const std::uint64_t before = offset;
    try {
      offset = print_from(batch, wish, offset);
    } catch (const client::ServiceError& error) {
      if (!not_there_yet(error)) throw;
      if (ended && offset == 0)
        throw;  // it ended without ever writing: the reason is worth showing
    }
    if (ended) return text_at(task, "executionInfo/result") == "failure" ? kTaskFailed : kOk;
    pause = offset != before ? kFirstPoll : std::min(pause * 3 / 2, kLongestPoll);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

int logs_command(const std::vector<std::string>& arguments) {
  LogsWish wish;
  Connection connection;
  bool stderr_wanted = false;
  OptionTable table("windlass logs", "", "Prints what a task writes to standard output.");
  table.example(
      "windlass logs -f j1 000001",
      "Follows the task until it ends, from before it starts; exit code 1 when it failed.");
  table
      .add({.name = "job",
            .target = &wish.job,
            .meaning = "Id of the job.",
            .positional = true,
            .required = true})
      .add({.name = "task",
            .target = &wish.task,
            .meaning = "Id of the task.",
            .positional = true,
            .required = true})
      .add({.name = "follow",
            .target = &wish.follow,
            .meaning = "Go on until the task has ended.",
            .letter = 'f'})
      .add({.name = "stderr", .target = &stderr_wanted, .meaning = "Standard error instead."})
      .add({.name = "file",
            .target = &wish.file,
            .meaning = "Another file below the task's folder.",
            .value_name = "FILE"});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  if (stderr_wanted) wish.file = "stderr.txt";
  auto batch = connect(connection);
  if (wish.follow) {
    batch.retry_for(kWaitPatience);
    return follow(batch, wish);
  }
  batch.read_task_file(wish.job, wish.task, wish.file,
                       [](std::string_view bytes) { print(std::string(bytes)); });
  return kOk;
}

}  // namespace windlass::cli
