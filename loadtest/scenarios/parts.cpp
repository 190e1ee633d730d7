#include "loadtest/scenarios/parts.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace windlass::loadtest {

namespace {
// Asking costs the cluster that is measured; a finer end of a run is not worth it.
constexpr std::chrono::milliseconds kAskInterval{10};
constexpr double kBytesPerMegabyte = 1e6;
}  // namespace

Rhythm rhythm_of(const Parameters& parameters) {
  static const std::map<std::string, Rhythm> words = {{"closed", Rhythm::closed},
                                                      {"even", Rhythm::even},
                                                      {"poisson", Rhythm::poisson},
                                                      {"bursts", Rhythm::bursts}};
  const auto found = words.find(parameters.text("rhythm"));
  if (found == words.end()) {
    throw std::runtime_error("--set rhythm=" + parameters.text("rhythm") +
                             ": closed, even, poisson or bursts is expected");
  }
  return found->second;
}

std::string task_id(std::int64_t number) {
  char id[32];
  std::snprintf(id, sizeof id, "t%09lld", static_cast<long long>(number));
  return id;
}

std::string task_json(std::int64_t number, const TaskShape& shape) {
  return "{\"id\":\"" + task_id(number) + "\",\"commandLine\":\"" + shape.command + "\"" +
         (shape.more.empty() ? "" : "," + shape.more) + "}";
}

std::string collection_json(std::int64_t first, std::int64_t tasks, const TaskShape& shape) {
  std::string body = "{\"value\":[";
  for (std::int64_t i = 0; i < tasks; ++i) {
    if (i != 0) body += ',';
    body += task_json(first + i, shape);
  }
  return body + "]}";
}

std::function<std::optional<Request>(std::int64_t)> task_adder(const std::string& job,
                                                               std::int64_t total,
                                                               std::int64_t collection,
                                                               const TaskShape& shape) {
  return [=](std::int64_t number) -> std::optional<Request> {
    const std::int64_t first = number * collection;
    if (first >= total) return std::nullopt;
    if (collection == 1) {
      return Request{"add", "POST", "/jobs/" + job + "/tasks", task_json(first, shape)};
    }
    return Request{"add", "POST", "/jobs/" + job + "/addtaskcollection",
                   collection_json(first, std::min(collection, total - first), shape)};
  };
}

LoadResult add_tasks(Site& site, const std::string& job, std::int64_t total,
                     std::int64_t collection, unsigned connections, const TaskShape& shape,
                     unsigned pipelined) {
  Load load;
  load.connections = connections;
  load.pipelined = pipelined;
  load.next = task_adder(job, total, collection, shape);
  LoadResult result = run_load(site.target(), std::move(load));
  expect_no_problem(result);
  if (!result.refused.empty()) {
    throw std::runtime_error("the cluster was too busy to take all tasks; use fewer connections");
  }
  return result;
}

void expect_no_problem(const LoadResult& result) {
  if (!result.first_problem.empty()) throw std::runtime_error(result.first_problem);
}

CountsWatch::CountsWatch(Site& site, const std::string& job)
    : client_(site.another_client()), job_(job), thread_([this] { watch(); }) {}

CountsWatch::~CountsWatch() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void CountsWatch::watch() {
  try {
    while (!stop_) {
      const std::int64_t completed = Site::counts(client_, job_).completed;
      const double now = std::chrono::duration<double>(Clock::now() - start_).count();
      seen_.emplace_back(now, static_cast<double>(completed));
      last_ = now;
      completed_ = completed;
      std::this_thread::sleep_for(kAskInterval);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "windlass-loadtest: asking for counts: %s\n", error.what());
    failed_ = true;
  }
}

void CountsWatch::wait_completed(std::int64_t tasks, std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  while (completed_ < tasks) {
    if (failed_) throw std::runtime_error("the counts of " + job_ + " cannot be had");
    if (Clock::now() > deadline) {
      throw std::runtime_error("only " + std::to_string(completed_) + " of " +
                               std::to_string(tasks) + " tasks completed in time");
    }
    std::this_thread::sleep_for(kAskInterval);
  }
}

Series CountsWatch::completed_over_time() {
  stop_ = true;
  thread_.join();
  return std::move(seen_);
}

void UseMeter::tell(Round& round, double tasks) const {
  double total = 0;
  for (const auto& [role, use] : site_.use()) {
    const auto before = before_.find(role);
    const double cpu = use.cpu_seconds - (before == before_.end() ? 0 : before->second.cpu_seconds);
    total += cpu;
    round.numbers["cpu_us_per_task." + role] = cpu * 1e6 / tasks;
    if (role == "worker" && before != before_.end()) {
      round.numbers["folders_cleared"] = use.folders_cleared - before->second.folders_cleared;
    }
    round.numbers["rss_mb." + role] = use.resident_bytes / kBytesPerMegabyte;
  }
  if (total > 0) round.numbers["cpu_us_per_task.all_roles"] = total * 1e6 / tasks;
}

void tell_load(Round& round, const LoadResult& result) {
  for (const auto& [kind, histogram] : result.answered) {
    round.latencies[kind].merge(histogram);
    round.numbers[kind + "_p50_ms"] = static_cast<double>(histogram.percentile(0.5)) / 1e6;
    round.numbers[kind + "_p99_ms"] = static_cast<double>(histogram.percentile(0.99)) / 1e6;
  }
  for (const auto& [kind, histogram] : result.refused) {
    round.latencies[kind + " refused"].merge(histogram);
    round.numbers[kind + "_refused_p99_ms"] = static_cast<double>(histogram.percentile(0.99)) / 1e6;
  }
  for (const auto& [status, times] : result.statuses) {
    if (status < 200 || status >= 300) {
      round.numbers["answers_" + std::to_string(status)] = static_cast<double>(times);
    }
  }
  if (result.never_sent != 0) round.numbers["never_sent"] = static_cast<double>(result.never_sent);
  if (result.seconds > 0) {
    round.numbers["requests_per_second"] =
        static_cast<double>(result.answered_total()) / result.seconds;
    round.numbers[kGeneratorCores] = result.own_cpu_seconds / result.seconds;
  }
  round.series["answered per second"] = result.answered_per_second;
}

}  // namespace windlass::loadtest
