#include "client/cli/command.h"

#include "client/cli/dev/environment.h"
#include "client/cli/dev/layout.h"
#include "runtime/paths.h"
#include "runtime/version.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace windlass::cli {
namespace {

using runtime::ConfigError;

constexpr std::size_t kWordsMax = 3;  // of a command: "admin shard move"

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (auto group : {dev_commands, cluster_commands, admin_commands, drain_commands,
                     doctor_commands, top_commands, submit_commands, pool_commands, job_commands,
                     task_commands, node_commands, file_commands}) {
    for (Command& command : group()) all.push_back(std::move(command));
  }
  return all;
}

std::string overview(const std::vector<Command>& commands) {
  std::string out =
      "windlass: a batch service on your own machines, spoken to as Azure Batch.\n\n"
      "Usage: windlass COMMAND [options]; windlass COMMAND --help says more\n\n"
      "Examples:\n"
      "  windlass dev --detach                          start a cluster on this machine\n"
      "  windlass submit --wait -- echo hello           run one command\n"
      "  windlass submit --file lines.txt --job j1      run each line of a file; repeat it to add "
      "what is missing\n"
      "  windlass wait j1 && windlass logs j1 000001    wait for all; read what one wrote\n"
      "  eval \"$(windlass env)\"                         point az and the Azure SDKs at the "
      "cluster\n\n"
      "Commands:\n";
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.words.size());
  for (const Command& command : commands) {
    out += "  " + command.words + std::string(width - command.words.size() + 2, ' ') +
           command.summary + "\n";
  }
  out +=
      "\nExit codes: 0 ok, 1 a task failed, 2 usage, 3 authentication, 4 not found, 5 conflict,\n"
      "6 unreachable, 124 timeout, 130 interrupted.\n";
  return out;
}

// The cluster that is meant when nothing says which.
std::string usual_cluster() {
  const char* data = std::getenv("WINDLASS_DEV_DATA");
  return data != nullptr && *data != '\0' ? data : dev::default_folder();
}

int exit_code_of(const client::ServiceError& error) {
  switch (error.status) {
    case 401:
    case 403:
      return kAuthentication;
    case 404:
      return kNotFound;
    case 409:
    case 412:
      return kConflict;
    case 429:
      return kUnreachable;
    case 501:
      return kUsage;
    default:
      return error.status >= 500 ? kUnreachable : kUsage;
  }
}

void complain(const std::string& text) {
  std::fprintf(stderr, "windlass: %s\n", text.c_str());
}

int run_command(const Command& command, const std::vector<std::string>& arguments) {
  try {
    return command.run(arguments);
  } catch (const ConfigError& error) {
    complain(std::string(error.what()) + "\nSee: windlass " + command.words + " --help");
    return kUsage;
  } catch (const runtime::StartRefused& refusal) {
    complain(refusal.what());
    return kConflict;
  } catch (const client::ServiceError& error) {
    std::string text = (error.code.empty() ? "" : error.code + ": ") + error.what();
    for (const auto& [key, value] : error.values) text += "\n  " + key + ": " + value;
    complain(text);
    return exit_code_of(error);
  } catch (const client::Unreachable& failure) {
    complain(failure.what());
    return kUnreachable;
  } catch (const std::invalid_argument& error) {
    complain(error.what());
    return kUsage;
  } catch (const std::exception& failure) {
    complain(failure.what());
    return kTaskFailed;
  }
}

// The words of an unknown command that come before its first option.
std::string words_of(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& word : arguments) {
    if (word.starts_with("-")) break;
    text += (text.empty() ? "" : " ") + word;
    if (text.find(' ') != std::string::npos) break;
  }
  return text;
}

}  // namespace

int run_windlass(const std::vector<std::string>& arguments) {
  const std::vector<Command> commands = all_commands();
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    print(overview(commands));
    return arguments.empty() ? kUsage : kOk;
  }
  if (arguments[0] == "--version") {
    print("windlass " + std::string(runtime::version()) + "\n");
    return kOk;
  }
  // Longest first: "dev stop" before "dev".
  for (std::size_t count = std::min(kWordsMax, arguments.size()); count > 0; --count) {
    std::string words = arguments[0];
    for (std::size_t i = 1; i < count; ++i) words += " " + arguments[i];
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const Command& c) { return c.words == words; });
    if (found == commands.end()) continue;
    return run_command(*found,
                       {arguments.begin() + static_cast<std::ptrdiff_t>(count), arguments.end()});
  }
  std::vector<std::string> known;
  for (const Command& command : commands) known.push_back(command.words);
  const std::string words = words_of(arguments);
  const std::string nearest = runtime::nearest_word(words, known);
  complain(
      "there is no command '" + (words.empty() ? arguments[0] : words) + "'" +
      (nearest.empty() ? "; see windlass --help" : "; did you mean 'windlass " + nearest + "'?"));
  return kUsage;
}

std::optional<int> load_command(runtime::OptionTable& table,
                                const std::vector<std::string>& arguments) {
  switch (runtime::load_config(table, arguments)) {
    case runtime::ConfigAction::help:
      print(runtime::help_text(table));
      return kOk;
    case runtime::ConfigAction::version:
      print("windlass " + std::string(runtime::version()) + "\n");
      return kOk;
    default:
      return std::nullopt;
  }
}

void add_connection_options(runtime::OptionTable& table, Connection& connection) {
  table
      .add({.name = "endpoint",
            .target = &connection.endpoint,
            .meaning = "URL of the Batch service.",
            .value_name = "URL",
            .env = "AZURE_BATCH_ENDPOINT"})
      .add({.name = "account",
            .target = &connection.account,
            .meaning = "Name of the Batch account.",
            .value_name = "NAME",
            .env = "AZURE_BATCH_ACCOUNT"})
      .add({.name = "access-key",
            .target = &connection.access_key,
            .meaning = "The account's key. AZURE_BATCH_ACCESS_KEY may also hold the key itself.",
            .secret = true,
            .env = "AZURE_BATCH_ACCESS_KEY_FILE"})
      .add({.name = "ca-file",
            .target = &connection.ca_file,
            .meaning = "PEM file of the authorities to trust for https.",
            .value_name = "FILE",
            .env = "REQUESTS_CA_BUNDLE"})
      .add({.name = "data",
            .target = &connection.data,
            .meaning = "Data folder of a development cluster to speak to; used before the "
                       "AZURE_BATCH_ variables when given.",
            .value_name = "DIR"});
}

client::BatchClient connect(const Connection& given) {
  Connection connection = given;
  if (const char* key = std::getenv("AZURE_BATCH_ACCESS_KEY");
      connection.access_key.empty() && key != nullptr)
    connection.access_key = key;
  const bool said = !connection.endpoint.empty() || !connection.access_key.empty();
  if (!connection.data.empty() || !said) {
    const std::string folder = connection.data.empty() ? usual_cluster() : connection.data;
    const auto environment =
        dev::environment_of(folder, connection.data.empty() ? "" : given.account);
    if (!environment) {
      throw ConfigError(
          connection.data.empty()
              ? "no Batch service is known: set AZURE_BATCH_ENDPOINT, AZURE_BATCH_ACCOUNT and "
                "AZURE_BATCH_ACCESS_KEY,\nor start a cluster here with: windlass dev --detach"
              : "there is no development cluster in " + folder +
                    "; start one: windlass dev --data " + folder + " --detach");
    }
    connection.endpoint = environment->endpoint;
    connection.account = environment->account;
    connection.access_key = environment->key;
    if (!environment->ca_file.empty()) connection.ca_file = environment->ca_file;
  }
  if (connection.endpoint.empty())
    throw ConfigError("--endpoint (or AZURE_BATCH_ENDPOINT) is missing");
  if (connection.account.empty())
    throw ConfigError("--account (or AZURE_BATCH_ACCOUNT) is missing");
  if (connection.access_key.empty())
    throw ConfigError("--access-key-file (or AZURE_BATCH_ACCESS_KEY) is missing");
  return client::BatchClient(
      {connection.endpoint, connection.account, connection.access_key, connection.ca_file});
}

void add_output_option(runtime::OptionTable& table, std::string& format) {
  table.add({.name = "output",
             .target = &format,
             .meaning = "How results are printed.",
             .choices = {"table", "json", "tsv"},
             .letter = 'o'});
}

void print(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) ::_exit(kOk);  // `windlass task list | head` is no failure
    if (n < 0) throw std::system_error(errno, std::generic_category(), "standard output");
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace windlass::cli
