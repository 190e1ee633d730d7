// Many simulated nodes (windlass dev --executor null --nodes N): what their heartbeats cost an idle
// cluster, work on them, and what becomes of tasks whose nodes are lost.
#include "loadtest/scenarios/parts.h"

#include <thread>

namespace windlass::loadtest {

namespace {

constexpr std::chrono::seconds kPatience{1800};
constexpr unsigned kConnections = 16;

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

}  // namespace

std::vector<Scenario> node_scenarios() {
  return {{"nodes",
           "many nodes: an idle while, then work on them",
           {{"nodes", {"10000", "of the pool; the cluster must offer them"}},
            {"slots", {"4", "task slots of each"}},
            {"seconds", {"20", "to be idle"}},
            {"tasks", {"200000", "that then run"}}},
           heartbeats}};
}

}  // namespace windlass::loadtest
