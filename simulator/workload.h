// What clients do while there is trouble: they make pools, jobs and tasks, read them, change them,
// end them, as chance has it.
#pragma once

#include "simulator/client_process.h"
#include "simulator/history.h"

#include <iterator>
#include <string>
#include <vector>

namespace windlass::simulator {

inline constexpr Duration kRetentionMax = std::chrono::seconds(20);

// As programs of tasks are told.
inline std::string ms(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

class Workload {
 public:
  Workload(World& world, History& history);

  // One act of this client.
  void act(ClientProcess& client);
  Duration pause() const { return pause_; }  // between two acts, about

  // A pool with its nodes, also for those who come after the workload.
  Request add_pool(const PoolFact& pool) const;

 private:
  // A customer: its ids are those of the others, too.
  struct Account {
    std::string name;
    std::size_t first_pool = 0;
    int jobs_made = 0;
    int tasks_made = 0;
    int schedules_made = 0;
  };

  void plan_pools();
  void act_for(ClientProcess& client, Account& account);
  void act_on(ClientProcess& client, Account& account, JobFact& job);

  void make_pool(ClientProcess& client, PoolFact& pool);
  void change_pool(ClientProcess& client, PoolFact& pool);
  void resize(ClientProcess& client, PoolFact& pool);
  void change_node(ClientProcess& client, PoolFact& pool);
  void remove_nodes(ClientProcess& client, PoolFact& pool);
  void restart_node(ClientProcess& client, PoolFact& pool, const std::string& node);
  NodeDeallocationOption some_deallocation();
  void list_nodes(ClientProcess& client, PoolFact& pool);

  void make_job(ClientProcess& client, Account& account);
  void send_job(ClientProcess& client, JobFact& job);
  void draw_job_tasks(JobFact& job, JobSpec& spec);
  std::string node_task_document(JobFact& job, const std::string& program);
  void change_job(ClientProcess& client, JobFact& job);
  void patch_job(ClientProcess& client, JobFact& job);

  AutoPoolSpec auto_pool(PoolLifetime lifetime, std::int32_t nodes) const;
  void act_on_schedule(ClientProcess& client, Account& account);
  void make_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule);
  void change_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule);
  void read_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule);
  void end_job_of(ClientProcess& client, ScheduleFact& schedule);
  Schedule some_schedule();
  JobSpec some_scheduled_job(Account& account, ScheduleFact& schedule);

  void act_on_certificate(ClientProcess& client, const Account& account);

  void make_tasks(ClientProcess& client, Account& account, JobFact& job);
  void ask_again(ClientProcess& client, JobFact& job);
  void add_again(ClientProcess& client, JobFact& job);
  void add_again(ClientProcess& client, JobFact& job, TaskFact& fact);
  void send_tasks(ClientProcess& client, JobFact& job, std::vector<NewTask> tasks);
  // `after`: what it depends on; nothing: as chance has it.
  static NewTask quick_task(TaskFact& fact);
  void draw_instances(const JobFact& job, TaskFact& fact, NewTask& task, TaskDocument& document);
  void draw_exit_rules(const JobFact& job, NewTask& task);
  NewTask draw_task(JobFact& job, TaskFact& fact, const TaskFact* after = nullptr);
  void end_task(ClientProcess& client, JobFact& job, TaskFact& task);
  void reactivate(ClientProcess& client, JobFact& job, TaskFact& task);
  void change_task(ClientProcess& client, JobFact& job, TaskFact& task);

  void read(ClientProcess& client, Account& account, JobFact& job, TaskFact* task);
  void list(ClientProcess& client, Account& account, JobFact& job);
  void pry(ClientProcess& client, Account& account);

  Account& some_account();
  JobFact* some_job(const std::string& account);
  TaskFact* some_task(JobFact& job);
  PoolFact& some_pool(const Account& account);
  Conditions some_conditions(const Fact& fact, ShardId shard);
  std::vector<MetadataItem> some_metadata();
  template <class List>
  auto& one_of(List& list) {
    return *std::next(list.begin(), random_.between(0, static_cast<std::int64_t>(list.size()) - 1));
  }

  World& world_;
  History& history_;
  Random random_;
  Duration pause_{};
  std::vector<Account> accounts_;
  std::size_t pools_each_ = 0;
};

}  // namespace windlass::simulator
