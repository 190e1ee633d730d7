#include "loadtest/site.h"

#include "model/base64.h"

#include <boost/json/parse.hpp>

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace windlass::loadtest {

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskInterval{20};
constexpr std::chrono::seconds kRemovalPatience{1800};
constexpr std::chrono::seconds kBusyPatience{60};
constexpr double kBytesPerBlock = 512;
constexpr double kBytesPerKibibyte = 1024;

client::Account account_of(const Target& target) {
  return {.endpoint = "http://" + target.host + ":" + std::to_string(target.port),
          .name = target.account,
          .key = base64_encoded(target.key),
          .ca_file = {}};
}

// Until it holds. Throws, with what was waited for.
template <class Condition>
void wait_for(Condition holds, std::chrono::seconds patience, const std::string& what) {
  const auto deadline = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > deadline) {
      throw std::runtime_error("waited " + std::to_string(patience.count()) +
                               " s in vain: " + what);
    }
    std::this_thread::sleep_for(kAskInterval);
  }
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> chunk{};
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) {
    text.append(chunk.data(), n);
  }
  return text;
}

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Of a metric without labels.
double value_of(const std::string& metrics, const std::string& name) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  }
  throw std::runtime_error("a role does not tell " + name);
}

// Memory that no file stands behind.
double anonymous_bytes_of(std::int64_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * kBytesPerKibibyte;
  }
  return 0;
}

}  // namespace

Site::Site(Target target, std::string data, std::string windlass)
    : target_(std::move(target)),
      data_(std::move(data)),
      windlass_(std::move(windlass)),
      client_(account_of(target_)) {
  client_.retry_for(kBusyPatience);
}

client::BatchClient Site::another_client() const {
  client::BatchClient client(account_of(target_));
  client.retry_for(kBusyPatience);
  return client;
}

std::string Site::unique_id(const std::string& prefix) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return "load-" + prefix + "-" +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + "-" +
         std::to_string(ids_++);
}

void Site::make_pool(const std::string& pool, std::int64_t nodes, std::int64_t slots,
                     std::chrono::seconds patience) {
  client_.post("/pools", json::value{{"id", pool},
                                     {"vmSize", "load"},
                                     {"targetDedicatedNodes", nodes},
                                     {"taskSlotsPerNode", slots},
                                     {"virtualMachineConfiguration",
                                      {{"imageReference",
                                        {{"publisher", "canonical"},
                                         {"offer", "0001-com-ubuntu-server-jammy"},
                                         {"sku", "22_04-lts"}}},
                                       {"nodeAgentSKUId", "batch.node.ubuntu 22.04"}}}});
  std::int64_t idle = 0;
  wait_for(
      [&] {
        client_.list("/nodecounts", {{"$filter", "poolId eq '" + pool + "'"}},
                     [&](json::value& entry) {
                       idle = entry.at("dedicated").at("idle").to_number<std::int64_t>();
                       return true;
                     });
        return idle == nodes;
      },
      patience, std::to_string(nodes) + " idle nodes of " + pool);
}

void Site::make_job(const std::string& job, const std::string& pool) {
  client_.post(
      "/jobs",
      json::value{{"id", job}, {"usesTaskDependencies", true}, {"poolInfo", {{"poolId", pool}}}});
}

void Site::remove_job(const std::string& job) {
  client_.remove("/jobs/" + job);
  wait_for([&] { return !client_.exists("/jobs/" + job); }, kRemovalPatience, job + " is gone");
}

void Site::remove_pool(const std::string& pool) {
  client_.remove("/pools/" + pool);
  wait_for([&] { return !client_.exists("/pools/" + pool); }, kRemovalPatience, pool + " is gone");
}

TaskCounts Site::counts(client::BatchClient& client, const std::string& job) {
  const json::value answer = client.get("/jobs/" + job + "/taskcounts");
  const auto number = [&](const char* name) {
    return answer.at("taskCounts").at(name).to_number<std::int64_t>();
  };
  return {number("active"), number("running"), number("completed"), number("succeeded")};
}

void Site::wait_completed(const std::string& job, std::int64_t tasks,
                          std::chrono::seconds patience) {
  wait_for([&] { return counts(client_, job).completed >= tasks; }, patience,
           std::to_string(tasks) + " completed tasks of " + job);
}

std::vector<Site::Role> Site::roles() const {
  std::vector<Role> roles;
  if (data_.empty()) return roles;
  const json::value listed = json::parse(
      output_of(quoted(windlass_) + " dev status --data " + quoted(data_) + " -o json"));
  for (const json::value& entry : listed.as_array()) {
    const json::object& role = entry.as_object();
    const auto text = [&](const char* name) {
      const json::value* value = role.if_contains(name);
      return value != nullptr && value->is_string() ? std::string(value->as_string())
                                                    : std::string();
    };
    roles.push_back({text("role"), role.at("pid").to_number<std::int64_t>(), text("address"),
                     text("admin"), role.at("healthy").as_bool()});
  }
  return roles;
}

std::map<std::string, RoleUse> Site::use() const {
  std::map<std::string, RoleUse> use;
  for (const Role& role : roles()) {
    if (role.admin.empty()) continue;
    const auto url = client::parse_url("http://" + role.admin);
    if (!url) continue;
    client::HttpClient http(*url, {});
    const std::string metrics = http.send({.target = "/metrics"}).body;
    use[role.role].cpu_seconds += value_of(metrics, "process_cpu_seconds_total");
    use[role.role].resident_bytes += value_of(metrics, "process_resident_memory_bytes");
    use[role.role].anonymous_bytes += anonymous_bytes_of(role.pid);
    if (role.role == "worker") {
      use[role.role].folders_cleared += value_of(metrics, "windlass_worker_folders_cleared_total");
    }
  }
  return use;
}

double Site::disk_bytes() const {
  if (data_.empty()) return 0;
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_ + "/scheduler")) {
    struct stat about {};
    if (entry.is_regular_file() && ::stat(entry.path().c_str(), &about) == 0) {
      bytes += static_cast<double>(about.st_blocks) * kBytesPerBlock;
    }
  }
  return bytes;
}

}  // namespace windlass::loadtest
