// What clients need to know to speak to a development cluster: `windlass env`.
#pragma once

#include <optional>
#include <string>

namespace windlass::cli::dev {

struct Environment {
  std::string endpoint;
  std::string account;
  std::string key;
  std::string ca_file;             // empty without --https
  std::string storage_connection;  // AZURE_STORAGE_CONNECTION_STRING
};

// Of the cluster in the folder, for one of its accounts (empty: the first). Nothing when the folder
// holds no cluster. Throws ConfigError when it has no such account.
std::optional<Environment> environment_of(const std::string& folder, const std::string& account);

// Lines for a shell's eval.
std::string shell_exports(const Environment& environment);

}  // namespace windlass::cli::dev
