// Many tasks that wait: the same work with and without them, many jobs, tasks that wait for each
// other, and the way back after a death of the scheduler.
#include "loadtest/scenarios/parts.h"

#include "loadtest/commit_watch.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

constexpr std::chrono::seconds kPatience{3600};
constexpr std::int64_t kFillCollection = 100;
constexpr unsigned kFillConnections = 16;
// Jobs whose pool does not exist wait on the shard of that pool: any of the shards. The backlog is
// to be where the work is, so its jobs name the working pool and are disabled, or have no free
// slot.
const TaskShape kShape;

// Jobs of the pool, with a priority below that of the work: their tasks wait for slots that the
// work leaves, which is none while it runs. Before and after it they are held by a disabled job.
std::string fill(Site& site, const std::string& pool, std::int64_t tasks) {
  const std::string job = site.unique_id("waiting");
  site.make_job(job, pool);
  site.client().post("/jobs/" + job + "/disable", {{"disableTasks", "requeue"}});
  if (tasks > 0) add_tasks(site, job, tasks, kFillCollection, kFillConnections, kShape);
  return job;
}

void tell_growth(Round& round, Site& site, const std::map<std::string, RoleUse>& before,
                 double disk_before, double tasks) {
  if (tasks == 0) return;
  const auto after = site.use();
  const auto then = before.find("scheduler"), now = after.find("scheduler");
  if (then != before.end() && now != after.end()) {
    round.numbers["memory_bytes_per_pending_task"] =
        (now->second.anonymous_bytes - then->second.anonymous_bytes) / tasks;
  }
  round.numbers["disk_bytes_per_pending_task"] = (site.disk_bytes() - disk_before) / tasks;
}

Round backlog(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t pending = parameters.number("pending"), total = parameters.number("tasks");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  const auto use = site.use();
  const double disk = site.disk_bytes();
  const auto filled_from = Clock::now();
  const std::string waiting = fill(site, pool, pending);
  round.numbers["fill_tasks_per_second"] =
      static_cast<double>(pending) /
      std::chrono::duration<double>(Clock::now() - filled_from).count();
  tell_growth(round, site, use, disk, static_cast<double>(pending));
  site.make_job(job, pool);
  {
    const UseMeter meter(site);
    CountsWatch watch(site, job);
    const LoadResult added =
        add_tasks(site, job, total, parameters.number("collection"),
                  static_cast<unsigned>(parameters.number("connections")), kShape);
    watch.wait_completed(total, kPatience);
    round.numbers["tasks_per_second"] = static_cast<double>(total) / watch.seconds_to_last();
    tell_load(round, added);
    meter.tell(round, static_cast<double>(total));
  }
  // Reads, beside the tasks that wait: pages of a state, and counts.
  Load reads;
  reads.connections = 1;
  const std::int64_t reads_total = parameters.number("reads");
  reads.next = [&](std::int64_t number) -> std::optional<Request> {
    if (number >= 2 * reads_total) return std::nullopt;
    if (number % 2 == 0) {
      return Request{
          "page_by_state",
          "GET",
          "/jobs/" + waiting +
              "/tasks?$filter=state%20eq%20%27active%27&$select=id,state&maxresults=1000",
          {}};
    }
    return Request{"taskcounts", "GET", "/jobs/" + waiting + "/taskcounts", {}};
  };
  const LoadResult read = run_load(site.target(), std::move(reads));
  expect_no_problem(read);
  tell_load(round, read);
  round.numbers.erase("requests_per_second");
  site.remove_job(job);
  const auto removed_from = Clock::now();
  site.remove_job(waiting);
  round.numbers["seconds_to_delete_pending"] =
      std::chrono::duration<double>(Clock::now() - removed_from).count();
  site.remove_pool(pool);
  return round;
}

Round many_jobs(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool");
  const std::int64_t jobs = parameters.number("jobs"), each = parameters.number("tasks");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < jobs; ++i) ids.push_back(site.unique_id("job"));
  const auto connections = static_cast<unsigned>(parameters.number("connections"));
  const auto on_each =
      [&](const std::string& kind, const std::string& verb,
          const std::function<std::pair<std::string, std::string>(const std::string&)>&
              path_and_body) {
        Load load;
        load.connections = connections;
        load.next = [&, kind, verb](std::int64_t number) -> std::optional<Request> {
          if (number >= jobs) return std::nullopt;
          const auto [path, body] = path_and_body(ids[static_cast<std::size_t>(number)]);
          return Request{kind, verb, path, body};
        };
        LoadResult result = run_load(site.target(), std::move(load));
        expect_no_problem(result);
        if (!result.refused.empty())
          throw std::runtime_error("the cluster was too busy for " + kind);
        tell_load(round, result);
        return result;
      };
  const CommitWatch commits(site.data());
  on_each("make_job", "POST", [&](const std::string& id) {
    return std::pair{std::string("/jobs"),
                     "{\"id\":\"" + id + "\",\"poolInfo\":{\"poolId\":\"" + pool + "\"}}"};
  });
  const std::uint64_t before = settled_total(commits);
  const UseMeter meter(site);
  const auto start = Clock::now();
  on_each("add", "POST", [&](const std::string& id) {
    return std::pair{"/jobs/" + id + "/addtaskcollection", collection_json(0, each, kShape)};
  });
  const auto total = static_cast<std::uint64_t>(jobs * each);
  while (commits.completed_total() < before + total) {
    if (Clock::now() - start > kPatience) throw std::runtime_error("tasks did not complete");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  round.numbers["tasks_per_second"] = static_cast<double>(total) / seconds;
  meter.tell(round, static_cast<double>(total));
  round.numbers.erase("requests_per_second");
  on_each("delete_job", "DELETE", [](const std::string& id) {
    return std::pair{"/jobs/" + id, std::string()};
  });
  for (const std::string& id : ids) {
    while (site.client().exists("/jobs/" + id))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  site.remove_pool(pool);
  return round;
}

// `width` tasks wait for one, and one for them all; `layers` such in a row.
Round dependencies(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t width = parameters.number("width"), layers = parameters.number("layers");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);
  const std::int64_t period = width + 1, total = layers * period + 1;
  const auto json_of = [&](std::int64_t number) {
    std::string task = "{\"id\":\"" + std::to_string(number) + "\",\"commandLine\":\"true\"";
    if (number % period != 0) {
      task += ",\"dependsOn\":{\"taskIds\":[\"" + std::to_string(number / period * period) + "\"]}";
    } else if (number != 0) {
      task += ",\"dependsOn\":{\"taskIdRanges\":[{\"start\":" + std::to_string(number - width) +
              ",\"end\":" + std::to_string(number - 1) + "}]}";
    }
    return task + "}";
  };
  Load load;
  load.connections = static_cast<unsigned>(parameters.number("connections"));
  // From the last to the first, which is alone in its request and lets all go.
  load.next = [&](std::int64_t number) -> std::optional<Request> {
    const std::int64_t last = total - 1 - number * kFillCollection;
    if (last < 1) return std::nullopt;
    std::string body = "{\"value\":[";
    for (std::int64_t task = last; task > std::max<std::int64_t>(0, last - kFillCollection);
         --task) {
      if (task != last) body += ',';
      body += json_of(task);
    }
    return Request{"add", "POST", "/jobs/" + job + "/addtaskcollection", body + "]}"};
  };
  const LoadResult added = run_load(site.target(), std::move(load));
  expect_no_problem(added);
  if (!added.refused.empty())
    throw std::runtime_error("the cluster was too busy to take all tasks");
  tell_load(round, added);
  const UseMeter meter(site);
  {
    CountsWatch watch(site, job);
    Load first;
    first.next = [&](std::int64_t number) -> std::optional<Request> {
      if (number > 0) return std::nullopt;
      return Request{"add", "POST", "/jobs/" + job + "/tasks", json_of(0)};
    };
    expect_no_problem(run_load(site.target(), std::move(first)));
    watch.wait_completed(total, kPatience);
    round.numbers["tasks_per_second"] = static_cast<double>(total) / watch.seconds_to_last();
  }
  meter.tell(round, static_cast<double>(total));
  round.numbers.erase("requests_per_second");
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

std::int64_t pid_of_scheduler(const Site& site) {
  for (const Site::Role& role : site.roles()) {
    if (role.role == "scheduler") return role.pid;
  }
  throw std::runtime_error("no scheduler in the cluster of --data");
}

// kill -9 of the scheduler with tasks waiting; how long until a task ends that began after it.
Round recovery(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t pending = parameters.number("pending");
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  const std::string waiting = fill(site, pool, pending);
  site.make_job(job, pool);
  const CommitWatch commits(site.data());
  const std::uint64_t before = settled_total(commits);
  ::kill(static_cast<pid_t>(pid_of_scheduler(site)), SIGKILL);
  const auto killed = Clock::now();
  // Whoever asks meanwhile is told to come again; the client does so.
  site.client().post("/jobs/" + job + "/tasks", {{"id", "first"}, {"commandLine", "true"}});
  round.numbers["seconds_to_first_answer"] =
      std::chrono::duration<double>(Clock::now() - killed).count();
  while (commits.completed_total() == before) {
    if (Clock::now() - killed > kPatience) throw std::runtime_error("no task ended after the kill");
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  round.numbers["seconds_to_first_end"] =
      std::chrono::duration<double>(Clock::now() - killed).count();
  const auto use = site.use();
  if (const auto found = use.find("scheduler"); found != use.end()) {
    round.numbers["rss_mb.scheduler"] = found->second.resident_bytes / 1e6;
  }
  site.remove_job(job);
  site.remove_job(waiting);
  site.remove_pool(pool);
  return round;
}

}  // namespace

std::vector<Scenario> waiting_scenarios() {
  const Parameter nodes{"16", "nodes of the pool"}, slots{"64", "task slots of each"};
  const Parameter connections{"16", "that add, each waiting for its answer"};
  const Parameter pending{"1000000",
                          "tasks that wait meanwhile, in a disabled job of the same pool"};
  return {{"backlog",
           "collections beside many tasks that wait; reads of those; what a waiting task weighs",
           {{"pending", pending},
            {"tasks", {"200000", "that run"}},
            {"collection", {"100", "tasks in a request"}},
            {"connections", connections},
            {"reads", {"200", "of each kind"}},
            {"nodes", nodes},
            {"slots", slots}},
           backlog},
          {"many-jobs",
           "many active jobs with a few tasks each",
           {{"jobs", {"10000", "how many"}},
            {"tasks", {"10", "of each"}},
            {"connections", connections},
            {"nodes", nodes},
            {"slots", slots}},
           many_jobs},
          {"dependencies",
           "layers of tasks that wait for one, and one that waits for them all",
           {{"width", {"10000", "tasks of a layer"}},
            {"layers", {"5", "how many"}},
            {"connections", connections},
            {"nodes", nodes},
            {"slots", slots}},
           dependencies},
          {"recovery",
           "kill -9 of the scheduler while many tasks wait, to the first end of a new task",
           {{"pending", pending},
            {"nodes", {"4", "nodes of the pool"}},
            {"slots", {"4", "task slots of each"}}},
           recovery}};
}

}  // namespace windlass::loadtest
