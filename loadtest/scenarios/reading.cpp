// Clients that ask: a mixture beside work, a storm of polls; and more than the cluster can take.
#include "loadtest/scenarios/parts.h"

#include <algorithm>
#include <future>
#include <random>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

constexpr std::chrono::seconds kPatience{1800};
constexpr unsigned kFillConnections = 16;
const TaskShape kShape;

// Of 100 requests: 20 add a task, 40 get one, 20 ask for counts, 15 list a page by state, 5 list
// jobs.
Round mixed(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t present = parameters.number("present");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  add_tasks(site, job, present, 100, kFillConnections, kShape);
  site.wait_completed(job, present, kPatience);
  std::mt19937_64 random(static_cast<std::uint64_t>(parameters.number("seed")));
  std::int64_t added = present;
  Load load;
  load.rhythm = Rhythm::poisson;
  load.seed = static_cast<std::uint64_t>(parameters.number("seed"));
  load.per_second = parameters.real("rate");
  load.connections = static_cast<unsigned>(parameters.number("connections"));
  load.lasts = std::chrono::seconds(parameters.number("seconds"));
  load.next = [&](std::int64_t) -> std::optional<Request> {
    const std::uint64_t drawn = random() % 100;
    const std::string tasks = "/jobs/" + job + "/tasks";
    if (drawn < 20) return Request{"add", "POST", tasks, task_json(added++, kShape)};
    if (drawn < 60) {
      const auto one = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(present));
      return Request{"get_task", "GET", tasks + "/" + task_id(one), {}};
    }
    if (drawn < 80) return Request{"taskcounts", "GET", "/jobs/" + job + "/taskcounts", {}};
    if (drawn < 95) {
      return Request{
          "page_by_state",
          "GET",
          tasks + "?$filter=state%20eq%20%27completed%27&$select=id,state&maxresults=100",
          {}};
    }
    return Request{"list_jobs", "GET", "/jobs?maxresults=100", {}};
  };
  const UseMeter meter(site);
  const LoadResult result = run_load(site.target(), std::move(load));
  expect_no_problem(result);
  tell_load(round, result);
  meter.tell(round, static_cast<double>(result.answered_total()));
  site.wait_completed(job, added, kPatience);
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

// One request again and again, of whatever listens there: nothing is made before it.
Round requests(Site& site, const Parameters& parameters) {
  Round round;
  Load load;
  load.rhythm = rhythm_of(parameters);
  load.per_second = parameters.real("rate");
  load.connections = static_cast<unsigned>(parameters.number("connections"));
  load.lasts =
      std::chrono::milliseconds(static_cast<std::int64_t>(parameters.real("seconds") * 1000));
  const std::string& path = parameters.text("path");
  const std::size_t mark = path.find('#');
  load.next = [&](std::int64_t number) -> std::optional<Request> {
    std::string numbered = path;
    if (mark != std::string::npos) numbered.replace(mark, 1, std::to_string(number));
    return Request{"request", "GET", std::move(numbered), {}};
  };
  const LoadResult result = run_load(site.target(), std::move(load));
  expect_no_problem(result);
  tell_load(round, result);
  return round;
}

// Many clients that ask for the counts of their job again and again, while its tasks run.
Round polling(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t tasks = parameters.number("tasks");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  {
    CountsWatch watch(site, job);
    auto adder =
        std::async(std::launch::async, [&] { add_tasks(site, job, tasks, 100, 4, kShape); });
    Load load;
    load.connections = static_cast<unsigned>(parameters.number("connections"));
    load.lasts = std::chrono::seconds(parameters.number("seconds"));
    load.next = [&](std::int64_t) -> std::optional<Request> {
      return Request{"taskcounts", "GET", "/jobs/" + job + "/taskcounts", {}};
    };
    const LoadResult result = run_load(site.target(), std::move(load));
    adder.get();  // with what went wrong there, if anything did
    expect_no_problem(result);
    tell_load(round, result);
    watch.wait_completed(tasks, kPatience);
    round.numbers["tasks_per_second"] = static_cast<double>(tasks) / watch.seconds_to_last();
  }
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

// First what the cluster can take (a closed loop), then so many times that, come what may.
Round overload(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool");
  const auto seconds = std::chrono::seconds(parameters.number("seconds"));
  const auto connections = static_cast<unsigned>(parameters.number("connections"));
  const std::int64_t collection = parameters.number("collection");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  const auto load_on = [&](const std::string& job) {
    Load load;
    load.lasts = seconds;
    load.next = task_adder(job, INT64_MAX / 1000, collection, kShape);
    return load;
  };
  const std::string peak_job = site.unique_id("job");
  site.make_job(peak_job, pool);
  Load closed = load_on(peak_job);
  closed.connections = static_cast<unsigned>(parameters.number("peak-connections"));
  const LoadResult peak = run_load(site.target(), std::move(closed));
  expect_no_problem(peak);
  const double peak_rate = static_cast<double>(peak.answered_total()) / peak.seconds;
  const double peak_completed =
      static_cast<double>(Site::counts(site.client(), peak_job).completed) / peak.seconds;
  site.wait_completed(peak_job, collection * static_cast<std::int64_t>(peak.answered_total()),
                      kPatience);
  site.remove_job(peak_job);

  const std::string job = site.unique_id("job");
  site.make_job(job, pool);
  const auto before = site.use();
  Load open = load_on(job);
  open.rhythm = Rhythm::even;
  open.per_second = peak_rate * parameters.real("times");
  open.connections = connections;
  open.late_max = std::chrono::seconds(0);
  const LoadResult result = run_load(site.target(), std::move(open));
  const double completed =
      static_cast<double>(Site::counts(site.client(), job).completed) / result.seconds;
  expect_no_problem(result);
  tell_load(round, result);
  const double accepted_rate = static_cast<double>(result.answered_total()) / result.seconds;
  round.numbers["peak_accepted_per_second"] = peak_rate;
  round.numbers["accepted_per_second"] = accepted_rate;
  round.numbers["accepted_per_second_of_peak"] = accepted_rate / peak_rate;
  round.numbers["peak_completed_per_second"] = peak_completed;
  round.numbers["completed_per_second"] = completed;
  round.numbers["completed_per_second_of_peak"] = completed / peak_completed;
  for (const auto& [role, use] : site.use()) {
    const auto then = before.find(role);
    if (then == before.end()) continue;
    round.numbers["rss_growth_mb." + role] =
        (use.resident_bytes - then->second.resident_bytes) / 1e6;
  }
  site.wait_completed(job, collection * static_cast<std::int64_t>(result.answered_total()),
                      kPatience);
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

}  // namespace

std::vector<Scenario> reading_scenarios() {
  const Parameter nodes{"16", "nodes of the pool"}, slots{"64", "task slots of each"};
  const Parameter seconds{"10", "how long"};
  return {
      {"mixed",
       "an open loop of reads with filters and single tasks, of a job with many tasks",
       {{"rate", {"2000", "requests a second"}},
        {"seconds", seconds},
        {"connections", {"64", "at most"}},
        {"present", {"100000", "tasks that the job has before"}},
        {"seed", {"1", "of what is drawn"}},
        {"nodes", nodes},
        {"slots", slots}},
       mixed},
      {"requests",
       "one GET again and again: nothing else is made or asked",
       {{"path", {"/jobs?maxresults=1", "encoded; # is the request's number, from 0"}},
        {"rhythm", {"closed", "closed, even, poisson or bursts"}},
        {"rate", {"1000", "requests a second; not for closed"}},
        {"seconds", seconds},
        {"connections", {"1", "at most"}}},
       requests},
      {"polling",
       "many clients that ask for the counts of a job while it runs",
       {{"connections", {"1000", "clients"}},
        {"seconds", seconds},
        {"tasks", {"100000", "of the job"}},
        {"nodes", nodes},
        {"slots", slots}},
       polling},
      {"overload",
       "tasks are added at several times the rate that the cluster can take: what it accepts and "
       "completes meanwhile, against what it did of both at that rate",
       {{"times", {"3", "of that rate"}},
        {"collection", {"1", "tasks in each request"}},
        {"seconds", seconds},
        {"connections", {"2000", "at most"}},
        {"peak-connections", {"512", "that find out the rate"}},
        {"nodes", nodes},
        {"slots", slots}},
       overload}};
}

}  // namespace windlass::loadtest
