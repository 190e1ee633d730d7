#include "client/cli/dev/environment.h"

#include "client/cli/dev/accounts.h"
#include "client/cli/dev/cluster_file.h"
#include "client/cli/dev/layout.h"
#include "runtime/load_config.h"

#include <algorithm>

namespace windlass::cli::dev {
namespace {

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace

std::optional<Environment> environment_of(const std::string& folder, const std::string& account) {
  const Layout layout(folder);
  const auto cluster = read_cluster_file(layout.cluster_file());
  if (!cluster || cluster->accounts.empty()) return std::nullopt;
  const std::string name = account.empty() ? cluster->accounts.front() : account;
  if (std::find(cluster->accounts.begin(), cluster->accounts.end(), name) ==
      cluster->accounts.end()) {
    throw runtime::ConfigError("the cluster in " + layout.folder() + " has no account '" + name +
                               "'; add it: windlass dev --data " + layout.folder() + " --account " +
                               name);
  }
  Environment environment{
      cluster->endpoint, name, key_of_account(layout, name), cluster->ca_file, {}};
  environment.storage_connection =
      "DefaultEndpointsProtocol=http;AccountName=" + name + ";AccountKey=" + environment.key +
      ";BlobEndpoint=http://127.0.0.1:" + std::to_string(cluster->blob_port) + "/" + name + ";";
  return environment;
}

std::string shell_exports(const Environment& environment) {
  std::string out;
  const auto line = [&](const char* name, const std::string& value) {
    out += std::string("export ") + name + "=" + shell_quoted(value) + "\n";
  };
  line("AZURE_BATCH_ACCOUNT", environment.account);
  line("AZURE_BATCH_ACCESS_KEY", environment.key);
  line("AZURE_BATCH_ENDPOINT", environment.endpoint);
  line("AZURE_STORAGE_CONNECTION_STRING", environment.storage_connection);
  if (!environment.ca_file.empty()) {
    line("REQUESTS_CA_BUNDLE", environment.ca_file);
    line("NODE_EXTRA_CA_CERTS", environment.ca_file);
  }
  return out;
}

}  // namespace windlass::cli::dev
