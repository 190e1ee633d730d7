#include "simulator/stranger.h"

#include <iterator>
#include <utility>

namespace windlass::simulator {

namespace {

constexpr const char* kAccount = "stranger";

struct TellsNothing {
  bool operator()(const NotHere&) const { return true; }
  bool operator()(const Error& error) const {
    return error.code == ErrorCode::pool_not_found || error.code == ErrorCode::job_not_found ||
           error.code == ErrorCode::task_not_found ||
           error.code == ErrorCode::job_schedule_not_found ||
           error.code == ErrorCode::certificate_not_found;
  }
  template <class Entry>
  bool operator()(const Page<Entry>& page) const {
    return page.entries.empty();
  }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

}  // namespace

void Stranger::act(ClientProcess& client) {
  if (history_.jobs.empty() || random_.chance(300)) {
    const auto last = static_cast<std::int64_t>(history_.pools.size()) - 1;
    return try_pool(client, history_.pools[static_cast<std::size_t>(random_.between(0, last))]);
  }
  auto job = history_.jobs.begin();
  std::advance(job, random_.between(0, static_cast<std::int64_t>(history_.jobs.size()) - 1));
  try_job(client, job->second);
}

void Stranger::try_pool(ClientProcess& client, const PoolFact& pool) {
  switch (random_.between(0, 4)) {
    case 0:
      return ask(client, pool.shard, GetPool{pool.id, {}}, "reads pool " + pool.id);
    case 1:
      return ask(client, pool.shard, DeletePool{pool.id, {}}, "deletes pool " + pool.id);
    case 2:
      return ask(client, pool.shard, ListNodes{pool.id, {}}, "lists the nodes of " + pool.id);
    case 3:
      return ask(client, kCertificatesShard, ListCertificates{}, "lists certificates");
    default:
      return ask(client, pool.shard, ListPools{}, "lists pools");
  }
}

void Stranger::try_job(ClientProcess& client, const JobFact& job) {
  const std::string task = job.tasks.empty() ? "t1" : job.tasks.begin()->first;
  switch (random_.between(0, 6)) {
    case 0:
      return ask(client, job.shard, GetJob{job.id, {}}, "reads job " + job.id);
    case 1:
      return ask(client, job.shard, GetTask{job.id, task, {}}, "reads task " + task);
    case 2:
      return ask(client, job.shard, DeleteTask{job.id, task, {}}, "deletes task " + task);
    case 3:
      return ask(client, job.shard, TerminateJob{job.id, {}, ""}, "terminates job " + job.id);
    case 4:
      return ask(client, job.shard, ListTasks{job.id, {}}, "lists the tasks of " + job.id);
    case 5:
      return ask(client, job.shard, GetTaskCounts{job.id}, "counts the tasks of " + job.id);
    default:
      return ask(client, job.shard, ListJobs{}, "lists jobs");
  }
}

void Stranger::ask(ClientProcess& client, ShardId shard, Request request, const std::string& what) {
  client.ask(kAccount, shard, std::move(request),
             [this, what](const std::optional<Answer>& answer) {
               if (answer && !std::visit(TellsNothing{}, *answer))
                 world_.violated("S14", "a stranger " + what + " and is not told: not found");
             });
}

}  // namespace windlass::simulator
