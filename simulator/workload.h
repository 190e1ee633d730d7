// What clients do while there is trouble: they make pools, jobs and tasks, read them, end them, as
// chance has it.
#pragma once

#include "simulator/client_process.h"
#include "simulator/history.h"

#include <vector>

namespace windlass::simulator {

class Workload {
 public:
  Workload(World& world, History& history);

  // One act of this client.
  void act(ClientProcess& client);
  Duration pause() const { return pause_; }  // between two acts, about

  // A pool with its nodes, also for those who come after the workload.
  Request add_pool(const PoolFact& pool) const;

 private:
  void make_pool(ClientProcess& client, PoolFact& pool);
  void make_job(ClientProcess& client);
  void make_tasks(ClientProcess& client, JobFact& job);
  void ask_again(ClientProcess& client, JobFact& job);
  void add_again(ClientProcess& client, JobFact& job);
  void send_tasks(ClientProcess& client, JobFact& job, std::vector<NewTask> tasks);
  NewTask draw_task(JobFact& job, TaskFact& fact);
  void read_task(ClientProcess& client, JobFact& job, TaskFact& task);
  void end_task(ClientProcess& client, JobFact& job, TaskFact& task);
  void change_job(ClientProcess& client, JobFact& job);
  void resize(ClientProcess& client);

  JobFact* some_job();
  TaskFact* some_task(JobFact& job);

  World& world_;
  History& history_;
  Random random_;
  Duration pause_;
  int jobs_made_ = 0;
  int tasks_made_ = 0;
};

}  // namespace windlass::simulator
