// What the scenarios are made of.
#pragma once

#include "loadtest/driver.h"
#include "loadtest/scenario.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace windlass::loadtest {

std::vector<Scenario> task_scenarios();
std::vector<Scenario> waiting_scenarios();
std::vector<Scenario> reading_scenarios();
std::vector<Scenario> node_scenarios();
std::vector<Scenario> bus_scenarios();

// What every task is but for its id.
struct TaskShape {
  std::string command = "true";
  std::string more;  // further members as JSON, without braces; often empty
};

// The parameter `rhythm`. Throws std::runtime_error that tells the words.
Rhythm rhythm_of(const Parameters& parameters);

// "t000000042": ids rise as a list does.
std::string task_id(std::int64_t number);
std::string task_json(std::int64_t number, const TaskShape& shape);
// Tasks [first, first + tasks) as the body of AddTaskCollection.
std::string collection_json(std::int64_t first, std::int64_t tasks, const TaskShape& shape);

// Requests that add tasks [0, total), `collection` at a time (1: single POSTs).
std::function<std::optional<Request>(std::int64_t)> task_adder(const std::string& job,
                                                               std::int64_t total,
                                                               std::int64_t collection,
                                                               const TaskShape& shape);

// Adds tasks as fast as `connections` can, each with `pipelined` requests under way. Throws when
// one is refused for good.
LoadResult add_tasks(Site& site, const std::string& job, std::int64_t total,
                     std::int64_t collection, unsigned connections, const TaskShape& shape,
                     unsigned pipelined = 1);

// Throws std::runtime_error with the first answer that was neither 2xx nor a refusal for being
// busy.
void expect_no_problem(const LoadResult& result);

// Asks for a job's counts again and again, on a thread and a connection of its own.
class CountsWatch {
 public:
  CountsWatch(Site& site, const std::string& job);
  ~CountsWatch();
  CountsWatch(const CountsWatch&) = delete;
  CountsWatch& operator=(const CountsWatch&) = delete;

  // Returns when so many have completed; throws after `patience`.
  void wait_completed(std::int64_t tasks, std::chrono::seconds patience);
  Series completed_over_time();                     // ends the watch
  double seconds_to_last() const { return last_; }  // when the newest count came

 private:
  void watch();

  client::BatchClient client_;
  std::string job_;
  Clock::time_point start_ = Clock::now();
  std::atomic<bool> stop_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<std::int64_t> completed_ = 0;
  std::atomic<double> last_ = 0;
  Series seen_;
  std::thread thread_;
};

// Processor time and memory of each role between its making and `into`.
class UseMeter {
 public:
  explicit UseMeter(const Site& site) : site_(site), before_(site.use()) {}
  // `tasks` scale the processor time: cpu_us_per_task.<role>, rss_mb.<role>.
  void tell(Round& round, double tasks) const;

 private:
  const Site& site_;
  std::map<std::string, RoleUse> before_;
};

// Latencies, statuses that were no success, the generator's share.
void tell_load(Round& round, const LoadResult& result);

}  // namespace windlass::loadtest
