// A command of the program: its words, its option table, and what it does.
#pragma once

#include "client/batch_client.h"
#include "client/cli/exit_code.h"
#include "client/cli/output.h"
#include "runtime/load_config.h"

#include <functional>
#include <string>
#include <vector>

namespace windlass::cli {

// Commands answer an exit code or throw: run_command turns what is thrown into the code it means.
using CommandMain = std::function<int(const std::vector<std::string>& arguments)>;

struct Command {
  std::string words;    // "pool list"
  std::string summary;  // one sentence for the overview
  CommandMain run;
};

// The whole program: finds the command, runs it, prints what went wrong. What main() returns.
int run_windlass(const std::vector<std::string>& arguments);

// Fills the table from the arguments. A value is the code to end with at once: help was printed.
std::optional<int> load_command(runtime::OptionTable& table,
                                const std::vector<std::string>& arguments);

// How to reach the service, shared by all commands that speak to one.
struct Connection {
  std::string endpoint;
  std::string account;
  std::string access_key;
  std::string ca_file;
  std::string data;  // folder of a `windlass dev` cluster
};
void add_connection_options(runtime::OptionTable& table, Connection& connection);

// Options, then AZURE_BATCH_* variables, then the development cluster of the data folder.
// Throws ConfigError when none of them says where.
client::BatchClient connect(const Connection& connection);

void add_output_option(runtime::OptionTable& table, std::string& format);

void print(
    const std::string& text);  // to standard output; ends the program quietly when nobody reads

std::vector<Command> dev_commands();
std::vector<Command> cluster_commands();
std::vector<Command> admin_commands();
std::vector<Command> drain_commands();  // admin drain, which speaks to the service
std::vector<Command> doctor_commands();
std::vector<Command> top_commands();
std::vector<Command> pool_commands();
std::vector<Command> job_commands();
std::vector<Command> task_commands();
std::vector<Command> node_commands();
std::vector<Command> file_commands();
std::vector<Command> submit_commands();  // submit, wait, logs

}  // namespace windlass::cli
