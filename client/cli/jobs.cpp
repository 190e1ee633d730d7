// windlass job and windlass task.
#include "client/cli/command.h"
#include "client/cli/command_line.h"
#include "client/cli/resources.h"
#include "model/command_line.h"

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;

const std::vector<Column> kJobColumns = {{"ID", "id"},
                                         {"STATE", "state"},
                                         {"POOL", "executionInfo/poolId|poolInfo/poolId"},
                                         {"PRIORITY", "priority"},
                                         {"CREATED", "creationTime"},
                                         {"REASON", "executionInfo/terminateReason"}};
const std::vector<Column> kTaskColumns = {{"ID", "id"},
                                          {"STATE", "state"},
                                          {"EXIT", "executionInfo/exitCode"},
                                          {"RESULT", "executionInfo/result"},
                                          {"FAILURE", "executionInfo/failureInfo/code"},
                                          {"NODE", "nodeInfo/nodeId"},
                                          {"COMMAND", "commandLine"}};

std::string job_path(const Ids& ids) {
  return client::path_of({"jobs", ids[0]});
}
std::string task_path(const Ids& ids) {
  return client::path_of({"jobs", ids[0], "tasks", ids[1]});
}
const IdPart kJob{"job", "Id of the job."};
const IdPart kTask{"task", "Id of the task."};

int job_list(const std::vector<std::string>& arguments) {
  return list_command({.words = "job list",
                       .summary = "Lists the jobs.",
                       .columns = kJobColumns,
                       .path = [](const Ids&) { return std::string("/jobs"); }},
                      arguments);
}

int job_show(const std::vector<std::string>& arguments) {
  return show_command(
      {.words = "job show", .summary = "Shows one job.", .parts = {kJob}, .path = job_path},
      arguments);
}

int job_create(const std::vector<std::string>& arguments) {
  std::string job;
  std::string pool;
  std::int64_t priority = 0;
  std::int64_t retries = 0;
  bool dependencies = false;
  bool terminate = false;
  std::vector<std::string> environment;
  Connection connection;
  OptionTable table("windlass job create", "", "Makes a job on a pool.");
  table
      .add({.name = "job",
            .target = &job,
            .meaning = "Id of the new job.",
            .positional = true,
            .required = true})
      .add({.name = "pool",
            .target = &pool,
            .meaning = "Id of the pool that runs its tasks.",
            .required = true,
            .value_name = "POOL"})
      .add({.name = "priority",
            .target = &priority,
            .meaning = "Tasks of jobs with a higher priority start first.",
            .min = -1000,
            .max = 1000})
      .add({.name = "retries",
            .target = &retries,
            .meaning = "How often a failed task is run again; -1 is without limit.",
            .min = -1})
      .add({.name = "dependencies",
            .target = &dependencies,
            .meaning = "Its tasks may depend on each other."})
      .add({.name = "terminate-when-complete",
            .target = &terminate,
            .meaning = "The job ends when all its tasks have."})
      .add({.name = "env",
            .target = &environment,
            .meaning = "A variable for all its tasks.",
            .value_name = "NAME=VALUE"});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  json::object body{
      {"id", job}, {"poolInfo", json::object{{"poolId", pool}}}, {"priority", priority}};
  if (retries != 0) body["constraints"] = json::object{{"maxTaskRetryCount", retries}};
  if (dependencies) body["usesTaskDependencies"] = true;
  if (terminate) body["onAllTasksComplete"] = "terminatejob";
  if (!environment.empty()) body["commonEnvironmentSettings"] = environment_settings(environment);
  connect(connection).post("/jobs", body);
  return kOk;
}

int job_delete(const std::vector<std::string>& arguments) {
  return delete_command({.words = "job delete",
                         .summary = "Deletes a job and its tasks; running ones are killed.",
                         .parts = {kJob},
                         .path = job_path},
                        arguments);
}

// Actions without a body of interest: terminate, enable, disable.
int job_action(const std::string& verb, const std::string& summary,
               const std::vector<std::string>& arguments) {
  std::string job;
  std::string tasks = "requeue";
  Connection connection;
  OptionTable table("windlass job " + verb, "", summary);
  table.add({.name = "job",
             .target = &job,
             .meaning = "Id of the job.",
             .positional = true,
             .required = true});
  if (verb == "disable")
    table.add({.name = "tasks",
               .target = &tasks,
               .meaning = "What happens to its running tasks.",
               .choices = {"requeue", "terminate", "wait"}});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  auto batch = connect(connection);
  if (verb == "disable")
    batch.post(client::path_of({"jobs", job, verb}), json::object{{"disableTasks", tasks}});
  else
    batch.post(client::path_of({"jobs", job, verb}));
  return kOk;
}

int job_terminate(const std::vector<std::string>& arguments) {
  return job_action("terminate", "Ends a job; running tasks are killed.", arguments);
}
int job_enable(const std::vector<std::string>& arguments) {
  return job_action("enable", "Lets a disabled job go on.", arguments);
}
int job_disable(const std::vector<std::string>& arguments) {
  return job_action("disable", "Starts no more tasks of a job until it is enabled.", arguments);
}

int task_list(const std::vector<std::string>& arguments) {
  return list_command({.words = "task list",
                       .summary = "Lists the tasks of a job.",
                       .parts = {kJob},
                       .columns = kTaskColumns,
                       .path =
                           [](const Ids& ids) {
                             return client::path_of({"jobs", ids[0], "tasks"});
                           },
                       .select = "id,state,executionInfo,nodeInfo,commandLine"},
                      arguments);
}

int task_show(const std::vector<std::string>& arguments) {
  return show_command({.words = "task show",
                       .summary = "Shows one task.",
                       .parts = {kJob, kTask},
                       .path = task_path},
                      arguments);
}

int task_create(const std::vector<std::string>& arguments) {
  std::string job;
  std::string task;
  std::int64_t slots = 1;
  std::int64_t retries = 0;
  std::vector<std::string> environment;
  std::vector<std::string> after;
  std::vector<std::string> command;
  bool shell = false;
  Connection connection;
  OptionTable table("windlass task create", "", "Adds one task to a job.");
  table.example("windlass task create j1 t1 --env SIZE=3 -- ./render scene.pov",
                "The words after -- reach the program as they are.");
  table
      .add({.name = "job",
            .target = &job,
            .meaning = "Id of the job.",
            .positional = true,
            .required = true})
      .add({.name = "task",
            .target = &task,
            .meaning = "Id of the new task.",
            .positional = true,
            .required = true})
      .add({.name = "slots", .target = &slots, .meaning = "Slots it takes on its node.", .min = 1})
      .add({.name = "retries",
            .target = &retries,
            .meaning = "How often it is run again when it fails; -1 is without limit.",
            .min = -1})
      .add({.name = "env",
            .target = &environment,
            .meaning = "A variable for the task.",
            .value_name = "NAME=VALUE"})
      .add({.name = "after",
            .target = &after,
            .meaning = "Id of a task that must succeed first; the job must allow dependencies.",
            .value_name = "TASK"})
      .add({.name = "shell", .target = &shell, .meaning = "Run the words as one line of /bin/sh."})
      .rest(&command, "COMMAND...");
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  if (command.empty())
    throw runtime::ConfigError("the command is missing: windlass task create " + job + " " + task +
                               " -- COMMAND...");
  std::string words;
  for (const std::string& word : command) words += (words.empty() ? "" : " ") + word;
  const std::string line = shell ? shell_command_line(words) : join_command_line(command);
  if (!valid_utf8(line))
    throw runtime::ConfigError("the command is not UTF-8 text, which the API cannot carry");
  json::object body{{"id", task}, {"commandLine", line}};
  if (slots != 1) body["requiredSlots"] = slots;
  if (retries != 0) body["constraints"] = json::object{{"maxTaskRetryCount", retries}};
  if (!environment.empty()) body["environmentSettings"] = environment_settings(environment);
  if (!after.empty())
    body["dependsOn"] = json::object{{"taskIds", json::array(after.begin(), after.end())}};
  connect(connection).post(client::path_of({"jobs", job, "tasks"}), body);
  return kOk;
}

int task_delete(const std::vector<std::string>& arguments) {
  return delete_command({.words = "task delete",
                         .summary = "Deletes a task; it is killed when it runs.",
                         .parts = {kJob, kTask},
                         .path = task_path},
                        arguments);
}

}  // namespace

std::vector<Command> job_commands() {
  return {{"job list", "list jobs", job_list},
          {"job show", "show a job", job_show},
          {"job create", "make a job on a pool", job_create},
          {"job terminate", "end a job", job_terminate},
          {"job enable", "let a disabled job go on", job_enable},
          {"job disable", "start no more of its tasks", job_disable},
          {"job delete", "delete a job and its tasks", job_delete}};
}

std::vector<Command> task_commands() {
  return {{"task list", "list the tasks of a job", task_list},
          {"task show", "show a task", task_show},
          {"task create", "add one task", task_create},
          {"task delete", "delete a task", task_delete}};
}

}  // namespace windlass::cli
