// windlass submit: a command, a range or a file of commands as tasks; what is there already is
// kept.
#include "client/cli/command.h"
#include "client/cli/command_line.h"
#include "client/cli/resources.h"
#include "client/cli/task_source.h"
#include "client/cli/wait.h"
#include "model/command_line.h"
#include "runtime/paths.h"

#include <cstdio>
#include <ctime>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::ConfigError;
using runtime::OptionTable;

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kTasksPerRound = 1000;  // between two looks at the progress

struct SubmitWish {
  std::string job;
  std::string task;
  std::string pool = "default";
  PoolWish pool_wish;
  std::string array;
  std::string file;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::int64_t task_slots = 1;
  std::int64_t retries = 0;
  bool shell = false;
  bool wait = false;
  std::int64_t timeout_seconds = 0;
  std::string format = "table";
  Connection connection;
};

OptionTable submit_options(SubmitWish& wish) {
  OptionTable table("windlass submit", "",
                    "Runs commands as tasks. Makes the job and the pool when they are not there.");
  table
      .example("windlass submit --wait -- ffmpeg -i 'my file.mov' out.mp4",
               "One task; its words reach the program as they are.")
      .example("windlass submit --job render --nodes 4 --array 1-100 -- povray +K{} scene.pov",
               "A task for each number; {} and $WINDLASS_INDEX are the number.")
      .example("windlass submit --job nightly --file lines.txt --wait",
               "A task for each line; run it again to add what is missing.")
      .example("generate | windlass submit --shell --file - --job j1",
               "Lines from standard input, each run by /bin/sh.");
  table
      .add({.name = "job",
            .target = &wish.job,
            .meaning = "Id of the job; a new one is named after the time.",
            .value_name = "JOB",
            .default_text = "new"})
      .add({.name = "task",
            .target = &wish.task,
            .meaning = "Id of the task when it is only one.",
            .value_name = "TASK",
            .default_text = "new"})
      .add({.name = "pool",
            .target = &wish.pool,
            .meaning = "Pool to run on when the job has to be made.",
            .value_name = "POOL"})
      .add({.name = "array",
            .target = &wish.array,
            .meaning = "A task for each number: 1-100, 0-90:10, 1,5,7-9. Ids are the numbers in "
                       "six digits.",
            .value_name = "RANGE"})
      .add({.name = "file",
            .target = &wish.file,
            .meaning =
                "A task for each line of the file (- is standard input). Ids are the line numbers "
                "in six digits; empty lines and lines that start with # are left out.",
            .value_name = "FILE"})
      .add({.name = "shell",
            .target = &wish.shell,
            .meaning = "Commands are lines for /bin/sh; without this they are split into words and "
                       "run directly."})
      .add({.name = "env",
            .target = &wish.environment,
            .meaning = "A variable for the tasks.",
            .value_name = "NAME=VALUE"})
      .add({.name = "task-slots",
            .target = &wish.task_slots,
            .meaning = "Slots each task takes on its node.",
            .min = 1})
      .add({.name = "retries",
            .target = &wish.retries,
            .meaning = "How often a failed task is run again; -1 is without limit.",
            .min = -1})
      .add({.name = "wait",
            .target = &wish.wait,
            .meaning = "Then wait for the job as windlass wait does."})
      .add({.name = "timeout",
            .target = &wish.timeout_seconds,
            .meaning = "How long --wait waits; 0 is for ever.",
            .unit = "s",
            .min = 0});
  add_pool_options(table, wish.pool_wish);
  table.rest(&wish.command, "COMMAND...");
  add_output_option(table, wish.format);
  add_connection_options(table, wish.connection);
  return table;
}

std::string name_of_now(std::string_view prefix) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  char tail[8];
  std::snprintf(tail, sizeof tail, "-%04x", std::random_device{}() & 0xFFFFU);
  return std::string(prefix) + text + tail;
}

std::string text_of_file(const std::string& path) {
  if (path == "-")
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  try {
    return runtime::read_file(path);
  } catch (const std::system_error& failure) {
    throw ConfigError(std::string("--file: ") + failure.what());
  }
}

std::vector<TaskLine> tasks_of(SubmitWish& wish) {
  if (!wish.file.empty() && !wish.array.empty())
    throw ConfigError("--file and --array do not go together");
  std::vector<TaskLine> tasks;
  if (!wish.file.empty()) {
    if (!wish.command.empty())
      throw ConfigError("with --file the commands come from the file, not from after '--'");
    tasks = tasks_of_lines(text_of_file(wish.file), wish.shell);
    if (tasks.empty()) throw ConfigError("--file " + wish.file + " holds no command");
  } else {
    if (wish.command.empty())
      throw ConfigError("the command is missing: windlass submit -- COMMAND...");
    if (!wish.array.empty()) {
      const auto numbers = parse_array(wish.array);
      if (!numbers)
        throw ConfigError("--array '" + wish.array +
                          "' is no range such as 1-100, 0-90:10 or 1,5,7-9");
      tasks = tasks_of_array(*numbers, wish.command, wish.shell);
    } else {
      tasks = tasks_of_array({0}, wish.command, wish.shell);
      tasks[0].command_line = wish.shell
                                  ? tasks[0].command_line
                                  : join_command_line(wish.command);  // "{}" means nothing here
      tasks[0].environment.clear();
      tasks[0].id = wish.task.empty() ? name_of_now("") : wish.task;
    }
  }
  for (const TaskLine& task : tasks) {
    if (!valid_utf8(task.command_line))
      throw ConfigError("the command of task " + task.id +
                        " is not UTF-8 text, which the API cannot carry");
  }
  return tasks;
}

// Posts unless it exists; true when it was made now.
bool make(client::BatchClient& batch, const char* path, const json::value& body,
          std::string_view exists_code) {
  try {
    batch.post(path, body);
    return true;
  } catch (const client::ServiceError& error) {
    if (error.code != exists_code) throw;
    return false;
  }
}

void make_pool_and_job(client::BatchClient& batch, SubmitWish& wish) {
  if (!wish.job.empty() && batch.exists(client::path_of({"jobs", wish.job}))) return;
  if (wish.job.empty()) wish.job = name_of_now("job-");
  if (!batch.exists(client::path_of({"pools", wish.pool}))) {
    wish.pool_wish.id = wish.pool;
    if (make(batch, "/pools", pool_body(batch, wish.pool_wish), "PoolExists")) {
      std::fprintf(stderr, "pool %s: made, %lld nodes with %lld slots\n", wish.pool.c_str(),
                   static_cast<long long>(wish.pool_wish.nodes),
                   static_cast<long long>(wish.pool_wish.slots));
    }
  }
  const json::object body{{"id", wish.job}, {"poolInfo", json::object{{"poolId", wish.pool}}}};
  if (make(batch, "/jobs", body, "JobExists"))
    std::fprintf(stderr, "job %s: made on pool %s\n", wish.job.c_str(), wish.pool.c_str());
}

// Command lines of the tasks that the job has already, by id.
std::map<std::string, std::string> existing_tasks(client::BatchClient& batch,
                                                  const std::string& job) {
  std::map<std::string, std::string> existing;
  batch.list(client::path_of({"jobs", job, "tasks"}), {{"$select", "id,commandLine"}},
             [&](json::value& row) {
               existing.emplace(text_at(row, "id"), text_at(row, "commandLine"));
               return true;
             });
  return existing;
}

json::value body_of(const TaskLine& task, const SubmitWish& wish, const json::array& environment) {
  json::object body{{"id", task.id}, {"commandLine", task.command_line}};
  json::array settings = environment;
  for (const auto& [name, value] : task.environment)
    settings.push_back(json::object{{"name", name}, {"value", value}});
  if (!settings.empty()) body["environmentSettings"] = settings;
  if (wish.task_slots != 1) body["requiredSlots"] = wish.task_slots;
  if (wish.retries != 0) body["constraints"] = json::object{{"maxTaskRetryCount", wish.retries}};
  return body;
}

struct Outcome {
  std::size_t added = 0;
  std::size_t existing = 0;
  std::size_t changed = 0;  // existing with another command
  std::vector<client::AddedTask> refused;
};

void note_existing(Outcome& outcome, const TaskLine& task, const std::string& command_line) {
  ++outcome.existing;
  if (command_line == task.command_line) return;
  if (++outcome.changed == 1)
    std::fprintf(stderr, "windlass: task %s exists with another command; it is left as it is\n",
                 task.id.c_str());
}

Outcome add_missing(client::BatchClient& batch, const SubmitWish& wish,
                    const std::vector<TaskLine>& tasks) {
  const json::array environment = environment_settings(wish.environment);
  const auto existing = existing_tasks(batch, wish.job);
  Outcome outcome;
  std::vector<json::value> round;
  const auto flush = [&] {
    for (client::AddedTask& result : batch.add_tasks(wish.job, std::exchange(round, {}))) {
      if (result.error_code.empty())
        ++outcome.added;
      else if (result.error_code == "TaskExists")
        ++outcome.existing;  // added by an attempt whose answer was lost, or by a neighbour
      else
        outcome.refused.push_back(std::move(result));
    }
  };
  for (const TaskLine& task : tasks) {
    if (const auto found = existing.find(task.id); found != existing.end()) {
      note_existing(outcome, task, found->second);
      continue;
    }
    round.push_back(body_of(task, wish, environment));
    if (round.size() == kTasksPerRound) flush();
  }
  if (!round.empty()) flush();
  return outcome;
}

int submit(const std::vector<std::string>& arguments) {
  SubmitWish wish;
  OptionTable table = submit_options(wish);
  if (const auto code = load_command(table, arguments)) return *code;
  environment_settings(wish.environment);  // refuses before anything is made
  const std::vector<TaskLine> tasks = tasks_of(wish);
  auto batch = connect(wish.connection);
  batch.retry_for(kPatience);
  make_pool_and_job(batch, wish);
  const Outcome outcome = add_missing(batch, wish, tasks);
  for (const client::AddedTask& refused : outcome.refused) {
    std::fprintf(stderr, "windlass: task %s was refused: %s: %s\n", refused.id.c_str(),
                 refused.error_code.c_str(), refused.message.c_str());
  }
  const json::object result{{"job", wish.job},
                            {"tasks", tasks.size()},
                            {"added", outcome.added},
                            {"existing", outcome.existing},
                            {"refused", outcome.refused.size()}};
  const Format format = format_named(wish.format);
  if (format == Format::json) {
    if (!wish.wait) print(pretty_json(result));
  } else if (format == Format::tsv) {
    if (!wish.wait)
      print(rows_text(
          format, {{"", "job"}, {"", "tasks"}, {"", "added"}, {"", "existing"}, {"", "refused"}},
          {result}));
  } else {
    std::string text = "job " + wish.job + ": " + std::to_string(outcome.added) +
                       (outcome.added == 1 ? " task added" : " tasks added");
    if (outcome.existing > 0) text += ", " + std::to_string(outcome.existing) + " were there";
    print(text + "\n");
    if (!wish.wait)
      print(
          "wait for it: windlass wait " + wish.job +
          (tasks.size() == 1 ? "\nread it: windlass logs -f " + wish.job + " " + tasks[0].id : "") +
          "\n");
  }
  if (!outcome.refused.empty()) return kConflict;
  if (!wish.wait) return kOk;
  return wait_for_job(
      batch,
      {.job = wish.job, .timeout = std::chrono::seconds(wish.timeout_seconds), .format = format});
}

}  // namespace

std::vector<Command> submit_commands() {
  return {{"submit", "run commands as tasks", submit},
          {"wait", "wait for a job, show what failed", wait_command},
          {"logs", "print what a task writes", logs_command}};
}

}  // namespace windlass::cli
