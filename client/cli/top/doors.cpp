#include "client/cli/top/doors.h"

#include "client/cli/dev/cluster_file.h"
#include "client/cli/dev/layout.h"
#include "client/http_client.h"
#include "runtime/address.h"
#include "runtime/folder_lock.h"
#include "runtime/load_config.h"
#include "runtime/status_file.h"

#include <algorithm>
#include <future>

namespace windlass::cli::top {
namespace {

constexpr std::size_t kAtOnceMax = 32;

Door ask(const std::string& address, std::chrono::milliseconds patience) {
  const auto url = client::parse_url("http://" + address);
  if (!url) return {{}, "this is not HOST:PORT"};
  try {
    client::HttpClient http(*url, "", patience);
    client::HttpRequest request;
    request.target = "/metrics";
    const client::HttpResponse response = http.send(request);
    if (response.status != 200) return {{}, "answered " + std::to_string(response.status)};
    return {parse_exposition(response.body)};
  } catch (const client::Unreachable& failure) {
    return {{}, failure.what()};
  }
}

}  // namespace

std::vector<std::string> doors_of_cluster(const std::string& data) {
  const dev::Layout layout(data);
  const auto cluster = dev::read_cluster_file(layout.cluster_file());
  if (!cluster || runtime::owner_of_folder(layout.folder()) == 0)
    throw client::Unreachable("no development cluster runs in " + layout.folder() +
                              "; name the admin doors of another one: --admin HOST:PORT,...");
  std::vector<std::string> doors;
  for (const std::string& name : cluster->roles) {
    // A role that is being started again has none at this moment; its name will do as a door that
    // is silent.
    const auto status = runtime::read_status_file(layout.status_of(name));
    doors.push_back(status ? status->admin : name);
  }
  return doors;
}

std::vector<std::string> doors_in_targets(std::string_view text) {
  std::vector<std::string> doors;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const auto end = line.find_first_of(" \t\r,\"'{}");
      std::string_view word = line.substr(0, end);
      line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
      // The brackets of a list, where they are not those of an IPv6 host.
      if (word.ends_with(']')) word.remove_suffix(1);
      if (word.starts_with('[') && word.find(']') == std::string_view::npos) word.remove_prefix(1);
      const auto address = runtime::parse_address(word);
      if (address && address->port != 0 &&
          std::find(doors.begin(), doors.end(), word) == doors.end())
        doors.emplace_back(word);
    }
  }
  return doors;
}

Sample look(const std::vector<std::string>& doors, std::chrono::milliseconds patience) {
  Sample sample;
  sample.at_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  for (std::size_t first = 0; first < doors.size(); first += kAtOnceMax) {
    std::vector<std::pair<std::string, std::future<Door>>> asked;
    for (std::size_t i = first; i < std::min(doors.size(), first + kAtOnceMax); ++i)
      asked.emplace_back(doors[i], std::async(std::launch::async, ask, doors[i], patience));
    for (auto& [door, answer] : asked) sample.doors[door] = answer.get();
  }
  return sample;
}

}  // namespace windlass::cli::top
