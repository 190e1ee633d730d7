#include "runtime/status_file.h"

#include "runtime/paths.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <system_error>

namespace windlass::runtime {
namespace json = boost::json;

std::string to_json(const ProgramStatus& status) {
  json::object endpoints;
  for (const auto& [name, endpoint] : status.endpoints) endpoints[name] = endpoint;
  return json::serialize(json::object{{"role", status.role},
                                      {"pid", status.pid},
                                      {"started", status.started},
                                      {"address", status.address},
                                      {"admin", status.admin},
                                      {"endpoints", std::move(endpoints)}});
}

void write_status_file(const std::string& path, const ProgramStatus& status) {
  write_file_atomically(path, to_json(status) + "\n");
}

std::optional<ProgramStatus> read_status_file(const std::string& path) {
  try {
    const json::value content = json::parse(read_file(path));
    ProgramStatus status;
    status.role = json::value_to<std::string>(content.at("role"));
    status.pid = json::value_to<int>(content.at("pid"));
    status.started = json::value_to<std::uint64_t>(content.at("started"));
    status.address = json::value_to<std::string>(content.at("address"));
    status.admin = json::value_to<std::string>(content.at("admin"));
    for (const auto& [name, endpoint] : content.at("endpoints").as_object()) {
      status.endpoints[name] = json::value_to<std::string>(endpoint);
    }
    return status;
  } catch (const std::exception&) {
    return std::nullopt;  // missing, half of an older format, or not ours: all the same to who
                          // waits
  }
}

}  // namespace windlass::runtime
