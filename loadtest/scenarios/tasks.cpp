// Tasks added and run: as fast as can be, in bursts, one at a time, and one alone on an idle
// cluster.
#include "loadtest/scenarios/parts.h"

#include "loadtest/commit_watch.h"
#include "model/time_text.h"
#include "runtime/clock.h"

#include <algorithm>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

constexpr std::chrono::seconds kPatience{1800};
constexpr std::chrono::microseconds kLookInterval{50};

// Rate of change of a count that only grows, over steps of `step` seconds.
Series rate_of(const Series& counts, double step) {
  Series rate;
  std::pair<double, double> last{0, 0};
  for (const auto& point : counts) {
    if (point.first - last.first < step) continue;
    rate.emplace_back(point.first, (point.second - last.second) / (point.first - last.first));
    last = point;
  }
  return rate;
}

TaskShape shape_of(const Parameters& parameters) {
  return {parameters.text("command"), parameters.text("more")};
}

Round collections(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t total = parameters.number("tasks");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  const double disk = site.disk_bytes();
  {
    const UseMeter meter(site);
    CountsWatch watch(site, job);
    const LoadResult added =
        add_tasks(site, job, total, parameters.number("collection"),
                  static_cast<unsigned>(parameters.number("connections")), shape_of(parameters),
                  static_cast<unsigned>(parameters.number("pipelined")));
    watch.wait_completed(total, kPatience);
    const double seconds = watch.seconds_to_last();
    round.numbers["tasks_per_second"] = static_cast<double>(total) / seconds;
    round.numbers["submit_seconds"] = added.seconds;
    tell_load(round, added);
    round.numbers.erase("requests_per_second");
    round.numbers[kGeneratorCores] = added.own_cpu_seconds / seconds;
    meter.tell(round, static_cast<double>(total));
    if (round.numbers.contains("folders_cleared")) {
      round.numbers["folders_cleared_per_second"] = round.numbers["folders_cleared"] / seconds;
    }
    round.series["completed per second"] = rate_of(watch.completed_over_time(), 0.25);
  }
  if (disk > 0) {
    round.numbers["disk_bytes_per_task"] = (site.disk_bytes() - disk) / static_cast<double>(total);
  }
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

Round bursts(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  Load load;
  load.rhythm = rhythm_of(parameters);
  load.per_second = parameters.real("rate");
  load.connections = static_cast<unsigned>(parameters.number("connections"));
  load.lasts = std::chrono::seconds(parameters.number("seconds"));
  load.next =
      task_adder(job, INT64_MAX / 1000, parameters.number("collection"), shape_of(parameters));
  const UseMeter meter(site);
  const LoadResult added = run_load(site.target(), std::move(load));
  expect_no_problem(added);
  tell_load(round, added);
  const auto tasks = static_cast<double>(added.answered_total()) * parameters.real("collection");
  site.wait_completed(job, static_cast<std::int64_t>(tasks), kPatience);
  meter.tell(round, tasks);
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

// One task after the other on an idle cluster. Its start is what the node recorded; its end is the
// commit, seen in the shards' files, so that asking does not disturb what is measured.
Round idle(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  const CommitWatch commits(site.data());
  std::uint64_t ended = settled_total(commits);
  const std::int64_t count = parameters.number("count");
  std::vector<WallTime> sent;
  Histogram to_answer, to_end, to_start;
  Load load;
  load.connections = 1;
  Clock::time_point begun;
  load.next = [&](std::int64_t number) -> std::optional<Request> {
    if (number > 0) {
      to_answer.record(static_cast<std::uint64_t>((Clock::now() - begun).count()));
      ++ended;
      while (commits.completed_total() < ended) std::this_thread::sleep_for(kLookInterval);
      to_end.record(static_cast<std::uint64_t>((Clock::now() - begun).count()));
    }
    if (number == count) return std::nullopt;
    sent.push_back(runtime::wall_now());
    begun = Clock::now();
    return Request{"add", "POST", "/jobs/" + job + "/tasks",
                   task_json(number, shape_of(parameters))};
  };
  const LoadResult added = run_load(site.target(), std::move(load));
  expect_no_problem(added);
  if (!added.refused.empty()) throw std::runtime_error("an idle cluster refused a task");
  std::size_t listed = 0;
  site.client().list(
      "/jobs/" + job + "/tasks", {{"$select", "id,executionInfo"}}, [&](boost::json::value& task) {
        const auto number = std::stoll(std::string(task.at("id").as_string()).substr(1));
        const auto started =
            parse_timestamp(std::string(task.at("executionInfo").at("startTime").as_string()));
        if (!started) throw std::runtime_error("a startTime is no time");
        const Duration took = *started - sent.at(static_cast<std::size_t>(number));
        to_start.record(static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, std::chrono::nanoseconds(took).count())));
        ++listed;
        return true;
      });
  if (listed != static_cast<std::size_t>(count)) throw std::runtime_error("tasks are missing");
  const std::pair<const char*, const Histogram*> told[] = {{"submit_to_answer", &to_answer},
                                                           {"submit_to_running", &to_start},
                                                           {"submit_to_end", &to_end}};
  for (const auto& [name, histogram] : told) {
    round.latencies[name] = *histogram;
    round.numbers[std::string(name) + "_p50_ms"] =
        static_cast<double>(histogram->percentile(0.5)) / 1e6;
    round.numbers[std::string(name) + "_p99_ms"] =
        static_cast<double>(histogram->percentile(0.99)) / 1e6;
  }
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

const std::map<std::string, Parameter> kPool = {
    {"nodes", {"16", "nodes of the pool"}},
    {"slots", {"64", "task slots of each"}},
    {"command", {"true", "each task's command line"}},
    {"more", {"", "further members of each task, as JSON without braces"}}};

std::map<std::string, Parameter> with_pool(std::map<std::string, Parameter> more) {
  more.insert(kPool.begin(), kPool.end());
  return more;
}

}  // namespace

std::vector<Scenario> task_scenarios() {
  return {
      {"collections", "tasks added as fast as connections can, until all are recorded as completed",
       with_pool({{"tasks", {"200000", "how many"}},
                  {"collection", {"100", "tasks in a request; 1: single POSTs"}},
                  {"connections", {"16", "that add"}},
                  {"pipelined", {"1", "requests that each sends before it waits for an answer"}}}),
       collections},
      {"bursts", "an open loop: requests come when they come, and wait is charged from then",
       with_pool({{"rate", {"50", "requests a second"}},
                  {"rhythm", {"bursts", "bursts, even, poisson or closed"}},
                  {"seconds", {"20", "how long"}},
                  {"collection", {"100", "tasks in a request"}},
                  {"connections", {"64", "at most"}}}),
       bursts},
      {"idle", "one task after the other on an idle cluster, to its answer, its start and its end",
       with_pool({{"count", {"1000", "tasks"}},
                  {"nodes", {"4", "nodes of the pool"}},
                  {"slots", {"4", "task slots of each"}}}),
       idle}};
}

}  // namespace windlass::loadtest
