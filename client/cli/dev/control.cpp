#include "client/cli/dev/control.h"

#include "client/cli/command.h"
#include "client/cli/dev/child.h"
#include "client/cli/dev/cluster_file.h"
#include "client/cli/dev/environment.h"
#include "client/cli/dev/supervisor.h"
#include "runtime/folder_lock.h"
#include "runtime/process_info.h"
#include "runtime/refusal.h"
#include "runtime/status_file.h"

#include <cstdio>
#include <filesystem>

namespace windlass::cli::dev {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kStopGrace{90};  // four roles in turn, each with its own grace

void add_data_option(runtime::OptionTable& table, std::string& data) {
  data = default_folder();
  table.add({.name = "data",
             .target = &data,
             .meaning = "The cluster's data folder.",
             .value_name = "DIR",
             .env = "WINDLASS_DEV_DATA",
             .default_text = "as windlass dev"});
}

// One row of `dev status`, from what the role said of itself when it started.
json::object row_of(const Layout& layout, const std::string& name) {
  const std::string role = name.starts_with("worker-") ? "worker" : name;
  const auto status = runtime::read_status_file(layout.status_of(name));
  const bool alive = status && ProcessId{status->pid, status->started}.alive();
  if (!alive)
    return {{"role", role},  {"name", name}, {"pid", 0},
            {"address", ""}, {"admin", ""},  {"healthy", false}};
  return {{"role", role},           {"name", name},
          {"pid", status->pid},     {"address", status->address},
          {"admin", status->admin}, {"healthy", why_not_ready(status->admin).empty()}};
}

}  // namespace

void refuse_running(const Layout& layout) {
  const int pid = runtime::owner_of_folder(layout.folder());
  if (pid == 0) return;
  throw runtime::StartRefused("the data folder " + layout.folder() + " is in use by pid " +
                              std::to_string(pid) + " (" + runtime::command_of_process(pid) +
                              ").\nLook at it:  windlass dev status --data " + layout.folder() +
                              "\nStop it:     windlass dev stop --data " + layout.folder() +
                              "\nor choose another folder:  --data DIR --port 0");
}

int status_command(const std::vector<std::string>& arguments) {
  std::string data;
  std::string format = "table";
  runtime::OptionTable table("windlass dev status", "",
                             "Lists the roles of the development cluster.");
  add_data_option(table, data);
  add_output_option(table, format);
  if (const auto code = load_command(table, arguments)) return *code;
  const Layout layout(data);
  const auto cluster = read_cluster_file(layout.cluster_file());
  const bool running = runtime::owner_of_folder(layout.folder()) != 0;
  std::vector<json::value> rows;
  bool healthy = true;
  if (running && cluster) {
    std::vector<std::string> names = cluster->roles;
    names.push_back("dev");
    for (const std::string& name : names) {
      rows.push_back(row_of(layout, name));
      healthy = healthy && rows.back().at("healthy").as_bool();
    }
  }
  print(rows_text(format_named(format),
                  {{"ROLE", "name"},
                   {"PID", "pid"},
                   {"ADDRESS", "address"},
                   {"ADMIN", "admin"},
                   {"HEALTHY", "healthy"}},
                  rows));
  if (!running)
    std::fprintf(stderr,
                 "windlass: no cluster runs in %s; start it: windlass dev --data %s --detach\n",
                 layout.folder().c_str(), layout.folder().c_str());
  return running && healthy ? kOk : kUnreachable;
}

int stop_command(const std::vector<std::string>& arguments) {
  std::string data;
  runtime::OptionTable table("windlass dev stop", "",
                             "Ends the development cluster in order: gateway, workers, scheduler, "
                             "broker. Running tasks are killed and queued again; data stays.");
  add_data_option(table, data);
  if (const auto code = load_command(table, arguments)) return *code;
  const Layout layout(data);
  const int pid = runtime::owner_of_folder(layout.folder());
  if (pid != 0) stop_process({pid, runtime::start_of_process(pid)}, kStopGrace);
  // Nothing is left of an orderly end; after a kill -9 of the supervisor there may be.
  end_leftovers(layout, true);
  std::error_code ignored;
  for (std::filesystem::directory_iterator it(layout.run(), ignored), end; it != end;
       it.increment(ignored)) {
    const auto extension = it->path().extension();
    if (extension == ".pid" || extension == ".json") std::filesystem::remove(it->path(), ignored);
  }
  std::fprintf(stderr, pid != 0 ? "stopped the cluster in %s\n" : "no cluster was running in %s\n",
               layout.folder().c_str());
  return kOk;
}

int env_command(const std::vector<std::string>& arguments) {
  std::string data;
  std::string account;
  runtime::OptionTable table("windlass env", "",
                             "Prints shell exports that point az, the Azure SDKs and their samples "
                             "at the development cluster.");
  table.example("eval \"$(windlass env)\" && az batch pool list", "Unmodified Azure clients work.");
  add_data_option(table, data);
  table.add({.name = "account",
             .target = &account,
             .meaning = "One of the cluster's accounts.",
             .value_name = "NAME",
             .default_text = "its first"});
  if (const auto code = load_command(table, arguments)) return *code;
  const Layout layout(data);
  const auto environment = environment_of(layout.folder(), account);
  if (!environment) {
    std::fprintf(stderr,
                 "windlass: no cluster is known in %s; start it: windlass dev --data %s --detach\n",
                 layout.folder().c_str(), layout.folder().c_str());
    return kUnreachable;
  }
  if (runtime::owner_of_folder(layout.folder()) == 0)
    std::fprintf(stderr, "windlass: the cluster in %s is not running now\n",
                 layout.folder().c_str());
  print(shell_exports(*environment));
  return kOk;
}

}  // namespace windlass::cli::dev
