// Measures a running cluster through its REST API.
//
//   http_bench throughput --tasks 200000 --connections 4 --nodes 32 --slots 64
//   http_bench latency --count 2000 --nodes 4 --slots 4 [--data FOLDER]
//   http_bench backlog --tasks 1000000 --nodes 10000 --slots 4
//   http_bench submit --job big --pool POOL --tasks 1000000
//   the first two: [--command /bin/true]
//
// The last makes a job on a pool that there is, and adds its tasks. A backlog is left behind: nodes
// without tasks, and tasks that wait for nodes of another pool.
//
// Times are of one monotonic clock, from just before the first byte of the first request. A
// throughput ends with the first answer that says all tasks are completed. A latency ends with the
// commit of the end, which is looked for in the shards' files (--data, the cluster's data folder);
// without --data it ends with the first answer that says so, asked for again and again, which keeps
// an idle cluster busy. With --data, what earlier runs left is waited for. Prints one line of JSON.
#include "benchmarks/commit_watch.h"
#include "benchmarks/http_client.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace windlass::bench;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kLookInterval{50};
// Asking costs the cluster that is being measured; not knowing the end better costs nothing.
constexpr std::chrono::milliseconds kAskInterval{10};

struct Options {
  std::string mode;
  std::map<std::string, std::string> values = {
      {"tasks", "100000"}, {"connections", "4"}, {"nodes", "16"},       {"slots", "64"},
      {"count", "1000"},   {"command", "true"},  {"collection", "100"}, {"data", ""},
      {"job", ""},         {"pool", ""}};
  std::int64_t number(const char* name) const { return std::stoll(values.at(name)); }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string unique_id(const char* prefix) {
  return std::string(prefix) + "-" +
         std::to_string(std::chrono::system_clock::now().time_since_epoch().count() / 1000);
}

void make_pool(HttpConnection& http, const Options& options, const std::string& pool) {
  const std::string nodes = options.values.at("nodes");
  http.expect(
      201, "POST", "/pools",
      "{\"id\":\"" + pool + "\",\"vmSize\":\"bench\",\"targetDedicatedNodes\":" + nodes +
          ",\"taskSlotsPerNode\":" + options.values.at("slots") +
          ",\"virtualMachineConfiguration\":{\"imageReference\":{\"publisher\":\"canonical\","
          "\"offer\":\"0001-com-ubuntu-server-jammy\",\"sku\":\"22_04-lts\"},"
          "\"nodeAgentSKUId\":\"batch.node.ubuntu 22.04\"}}");
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (true) {
    const std::string body =
        http.expect(200, "GET", "/nodecounts?$filter=poolId%20eq%20%27" + pool + "%27").body;
    if (number_in(body, "\"dedicated\"", "idle") == options.number("nodes")) break;
    if (Clock::now() > deadline) throw std::runtime_error("the nodes did not become idle: " + body);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void make_job(HttpConnection& http, const std::string& pool, const std::string& job) {
  http.expect(201, "POST", "/jobs",
              "{\"id\":\"" + job + "\",\"poolInfo\":{\"poolId\":\"" + pool + "\"}}");
}

void remove(HttpConnection& http, const std::string& pool, const std::string& job) {
  http.expect(202, "DELETE", "/jobs/" + job);
  http.expect(202, "DELETE", "/pools/" + pool);
}

std::string task_json(const std::string& id, const std::string& command) {
  return "{\"id\":\"" + id + "\",\"commandLine\":\"" + command + "\"}";
}

std::int64_t completed(HttpConnection& http, const std::string& job) {
  const std::string body = http.expect(200, "GET", "/jobs/" + job + "/taskcounts").body;
  return number_in(body, "\"taskCounts\"", "completed");
}

// Rows of jobs that were deleted before are still being removed for a while: the cluster is not
// idle until that is over.
std::uint64_t settled_total(const CommitWatch& commits) {
  std::uint64_t total = commits.completed_total();
  for (int equal = 0; equal < 10;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::uint64_t now = commits.completed_total();
    equal = now == total ? equal + 1 : 0;
    total = now;
  }
  return total;
}

// Adds the tasks in collections over several connections; false, having said why, when it cannot.
bool submit(const Target& target, const Options& options, const std::string& job) {
  const std::int64_t total = options.number("tasks");
  const std::int64_t collection = options.number("collection");
  const std::string& command = options.values.at("command");
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::vector<std::thread> senders;
  for (std::int64_t i = 0; i < options.number("connections"); ++i) {
    senders.emplace_back([&] {
      try {
        HttpConnection connection(target);
        while (!failed) {
          const std::int64_t first = next.fetch_add(collection);
          if (first >= total) return;
          std::string body = "{\"value\":[";
          for (std::int64_t t = first; t < std::min(first + collection, total); ++t) {
            char id[32];
            std::snprintf(id, sizeof id, "t%09lld", static_cast<long long>(t));
            if (t != first) body += ',';
            body += task_json(id, command);
          }
          body += "]}";
          connection.expect(200, "POST", "/jobs/" + job + "/addtaskcollection", body);
        }
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        failed = true;
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  return !failed;
}

int throughput(const Target& target, const Options& options) {
  HttpConnection http(target);
  const std::string pool = unique_id("bench-pool"), job = unique_id("bench-job");
  make_pool(http, options, pool);
  make_job(http, pool, job);
  const std::int64_t total = options.number("tasks");
  if (!options.values.at("data").empty()) settled_total(CommitWatch(options.values.at("data")));
  const Clock::time_point start = Clock::now();
  if (!submit(target, options, job)) return 1;
  const double submitted = seconds_since(start);
  while (completed(http, job) < total) {
    std::this_thread::sleep_for(kAskInterval);
    if (seconds_since(start) > 600) {
      std::fprintf(stderr, "only %lld of %lld tasks completed in 600 s\n",
                   static_cast<long long>(completed(http, job)), static_cast<long long>(total));
      return 1;
    }
  }
  const double took = seconds_since(start);
  std::printf(
      "{\"tasks\":%lld,\"seconds\":%.3f,\"tasks_per_second\":%.0f,\"submit_seconds\":%.3f}\n",
      static_cast<long long>(total), took, static_cast<double>(total) / took, submitted);
  remove(http, pool, job);
  return 0;
}

int latency(const Target& target, const Options& options) {
  HttpConnection http(target);
  const std::string pool = unique_id("bench-pool"), job = unique_id("bench-job");
  make_pool(http, options, pool);
  make_job(http, pool, job);
  std::vector<double> times;
  const std::int64_t count = options.number("count");
  const std::string& data = options.values.at("data");
  std::optional<CommitWatch> commits;
  if (!data.empty()) commits.emplace(data);
  const std::uint64_t before = commits ? settled_total(*commits) : 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string id = "t" + std::to_string(i);
    const Clock::time_point start = Clock::now();
    http.expect(201, "POST", "/jobs/" + job + "/tasks",
                task_json(id, options.values.at("command")));
    if (commits) {
      while (commits->completed_total() < before + static_cast<std::uint64_t>(i) + 1)
        std::this_thread::sleep_for(kLookInterval);
    } else {
      while (completed(http, job) != i + 1) {
      }
    }
    times.push_back(seconds_since(start) * 1000);
    if (commits && completed(http, job) != i + 1) throw std::runtime_error("the API disagrees");
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[std::min(times.size() - 1,
                          static_cast<std::size_t>(share * static_cast<double>(times.size())))];
  };
  std::printf("{\"count\":%lld,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
              static_cast<long long>(count), at(0.5), at(0.9), at(0.99), times.back());
  remove(http, pool, job);
  return 0;
}

int backlog(const Target& target, const Options& options) {
  HttpConnection http(target);
  const std::string pool = unique_id("bench-pool"), job = unique_id("bench-backlog");
  make_pool(http, options, pool);
  make_job(http, "bench-no-pool", job);
  return submit(target, options, job) ? 0 : 1;
}

int submit_job(const Target& target, const Options& options) {
  HttpConnection http(target);
  make_job(http, options.values.at("pool"), options.values.at("job"));
  return submit(target, options, options.values.at("job")) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (argc > 1) options.mode = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = std::strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";
    if (!options.values.contains(name)) {
      std::fprintf(stderr, "http_bench does not know %s\n", argv[i]);
      return 2;
    }
    options.values[name] = argv[i + 1];
  }
  try {
    const Target target = target_from_environment();
    if (options.mode == "throughput") return throughput(target, options);
    if (options.mode == "latency") return latency(target, options);
    if (options.mode == "backlog") return backlog(target, options);
    if (options.mode == "submit") return submit_job(target, options);
    std::fprintf(
        stderr,
        "Usage: http_bench throughput|latency|backlog|submit [--tasks N] [--connections N] ...\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
