// Many simulated nodes (windlass dev --executor null --nodes N): what their heartbeats cost an idle
// cluster, work on them, and what becomes of tasks whose nodes are lost.
#include "loadtest/core/requeue.h"
#include "loadtest/scenarios/parts.h"
#include "model/time_text.h"

#include <signal.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>

namespace windlass::loadtest {

namespace {

constexpr std::chrono::seconds kPatience{1800};
constexpr std::chrono::seconds kLeasePatience{180};  // a lease is 30 s unless told otherwise
constexpr unsigned kConnections = 16;
constexpr std::int64_t kCollection = 100;
constexpr std::chrono::milliseconds kAskInterval{20};

Round heartbeats(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t nodes = parameters.number("nodes"), tasks = parameters.number("tasks");
  const auto claimed_from = Clock::now();
  site.make_pool(pool, nodes, parameters.number("slots"), kPatience);
  round.numbers["seconds_to_idle_nodes"] =
      std::chrono::duration<double>(Clock::now() - claimed_from).count();
  const auto before = site.use();
  const auto start = Clock::now();
  std::this_thread::sleep_until(start + std::chrono::seconds(parameters.number("seconds")));
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const auto& [role, use] : site.use()) {
    const auto then = before.find(role);
    if (then == before.end()) continue;
    round.numbers["idle_cores." + role] = (use.cpu_seconds - then->second.cpu_seconds) / seconds;
  }
  site.make_job(job, pool);
  {
    const UseMeter meter(site);
    CountsWatch watch(site, job);
    tell_load(round, add_tasks(site, job, tasks, 100, kConnections, TaskShape{}));
    watch.wait_completed(tasks, kPatience);
    round.numbers["tasks_per_second"] = static_cast<double>(tasks) / watch.seconds_to_last();
    meter.tell(round, static_cast<double>(tasks));
  }
  round.numbers.erase("requests_per_second");
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

// A process that stands still, as one on a host without power does: who restarts what ended does
// not see it.
class StoppedProcess {
 public:
  explicit StoppedProcess(std::int64_t pid) : pid_(static_cast<pid_t>(pid)) {
    ::kill(pid_, SIGSTOP);
  }
  ~StoppedProcess() { ::kill(pid_, SIGCONT); }
  StoppedProcess(const StoppedProcess&) = delete;
  StoppedProcess& operator=(const StoppedProcess&) = delete;

 private:
  const pid_t pid_;
};

std::int64_t pid_of_a_worker(const Site& site) {
  const std::vector<Site::Role> roles = site.roles();
  const auto is_worker = [](const Site::Role& role) { return role.role == "worker"; };
  if (std::count_if(roles.begin(), roles.end(), is_worker) < 2)
    throw std::runtime_error("the cluster of --data needs two workers: windlass dev --workers 2");
  return std::find_if(roles.begin(), roles.end(), is_worker)->pid;
}

WallTime time_in(const boost::json::value& object, const char* member) {
  const auto time = parse_timestamp(std::string(object.at(member).as_string()));
  if (!time) throw std::runtime_error(std::string(member) + " is no time");
  return *time;
}

// Of the nodes of the pool that the shard has given up: how many, and since when.
struct LostNodes {
  std::int64_t total = 0;
  WallTime since{INT64_MAX};
};
LostNodes lost_nodes_of(Site& site, const std::string& pool) {
  LostNodes lost;
  site.client().list("/pools/" + pool + "/nodes",
                     {{"$filter", "state eq 'unknown'"}, {"$select", "id,stateTransitionTime"}},
                     [&](boost::json::value& node) {
                       ++lost.total;
                       lost.since = std::min(lost.since, time_in(node, "stateTransitionTime"));
                       return true;
                     });
  return lost;
}

// Tasks that are assigned to a worker which does not say that they ended: those of the others end
// at once. Returns when nothing has changed for a while, or throws.
std::int64_t settled_running(Site& site, const std::string& job) {
  constexpr int kEqualLooks = 10;
  const auto deadline = Clock::now() + kLeasePatience;
  TaskCounts counts;
  for (int equal = 0; equal < kEqualLooks;) {
    if (Clock::now() > deadline) throw std::runtime_error("tasks are not assigned");
    std::this_thread::sleep_for(kAskInterval);
    const TaskCounts now = Site::counts(site.client(), job);
    const bool same = now.running == counts.running && now.completed == counts.completed;
    equal = same && now.active == 0 ? equal + 1 : 0;
    counts = now;
  }
  return counts.running;
}

// One of two workers stands still; every node of its runs a task. From the moment when the shard
// gives its nodes up to the last of those tasks' starts elsewhere, as the records tell.
Round lost_worker(Site& site, const Parameters& parameters) {
  Round round;
  const std::string pool = site.unique_id("pool"), job = site.unique_id("job");
  const std::int64_t nodes = parameters.number("nodes");
  const std::int64_t lost_pid = pid_of_a_worker(site);
  site.make_pool(pool, nodes, 1, kPatience);
  site.make_job(job, pool);
  // All at once, one for each node, so that the lost ones get theirs.
  site.client().post("/jobs/" + job + "/disable", {{"disableTasks", "requeue"}});
  add_tasks(site, job, nodes, kCollection, kConnections, TaskShape{});
  const auto stopped = Clock::now();
  {
    const StoppedProcess lost_worker(lost_pid);
    site.client().post("/jobs/" + job + "/enable");
    const std::int64_t held = settled_running(site, job);
    std::set<std::string> held_tasks;
    site.client().list("/jobs/" + job + "/tasks",
                       {{"$filter", "state eq 'running'"}, {"$select", "id"}},
                       [&](boost::json::value& task) {
                         held_tasks.emplace(task.at("id").as_string());
                         return true;
                       });
    LostNodes lost;
    const auto deadline = Clock::now() + kLeasePatience;
    while ((lost = lost_nodes_of(site, pool)).total == 0) {
      if (Clock::now() > deadline)
        throw std::runtime_error("no node was given up: did the stopped worker go on?");
      std::this_thread::sleep_for(kAskInterval);
    }
    round.numbers["seconds_to_lease_end"] =
        std::chrono::duration<double>(Clock::now() - stopped).count();
    site.wait_completed(job, nodes);
    if (static_cast<std::int64_t>(held_tasks.size()) != held || held != lost.total) {
      throw std::runtime_error(std::to_string(held) + " tasks ran on " +
                               std::to_string(lost.total) + " lost nodes: one on each is meant");
    }
    std::vector<WallTime> starts;
    site.client().list("/jobs/" + job + "/tasks", {{"$select", "id,executionInfo"}},
                       [&](boost::json::value& task) {
                         if (held_tasks.contains(std::string(task.at("id").as_string())))
                           starts.push_back(time_in(task.at("executionInfo"), "startTime"));
                         return true;
                       });
    const Requeue requeue = requeue_of(lost.since, starts);
    round.numbers["lost_nodes"] = static_cast<double>(lost.total);
    round.numbers["seconds_to_first_requeued"] = requeue.seconds_to_first;
    round.numbers["seconds_to_requeue"] = requeue.seconds_to_last;
    round.latencies["lease_end_to_start"] = requeue.to_start;
  }
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

}  // namespace

std::vector<Scenario> node_scenarios() {
  return {{"nodes-lost",
           "one of two workers stands still with a task on each node: from the end of its lease to "
           "the last of their starts elsewhere",
           {{"nodes", {"2000", "of the pool, half of them of each worker"}}},
           lost_worker},
          {"nodes",
           "many nodes: an idle while, then work on them",
           {{"nodes", {"10000", "of the pool; the cluster must offer them"}},
            {"slots", {"4", "task slots of each"}},
            {"seconds", {"20", "to be idle"}},
            {"tasks", {"200000", "that then run"}}},
           heartbeats}};
}

}  // namespace windlass::loadtest
