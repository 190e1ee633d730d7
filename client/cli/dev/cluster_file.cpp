#include "client/cli/dev/cluster_file.h"

#include "runtime/paths.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

namespace windlass::cli::dev {
namespace json = boost::json;

void write_cluster_file(const std::string& path, const ClusterFile& cluster) {
  const json::object content{{"endpoint", cluster.endpoint},
                             {"apiPort", cluster.api_port},
                             {"blobPort", cluster.blob_port},
                             {"caFile", cluster.ca_file},
                             {"accounts", json::value_from(cluster.accounts)},
                             {"roles", json::value_from(cluster.roles)}};
  runtime::write_file_atomically(path, json::serialize(content) + "\n", 0600);
}

std::optional<ClusterFile> read_cluster_file(const std::string& path) {
  try {
    const json::value content = json::parse(runtime::read_file(path));
    return ClusterFile{json::value_to<std::string>(content.at("endpoint")),
                       json::value_to<std::uint16_t>(content.at("apiPort")),
                       json::value_to<std::uint16_t>(content.at("blobPort")),
                       json::value_to<std::string>(content.at("caFile")),
                       json::value_to<std::vector<std::string>>(content.at("accounts")),
                       json::value_to<std::vector<std::string>>(content.at("roles"))};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace windlass::cli::dev
