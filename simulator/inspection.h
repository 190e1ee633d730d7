// When the trouble is over: gives every pool its nodes and every job leave to run, waits until
// nothing is left that could still run, and reads everything back.
#pragma once

#include "simulator/client_process.h"
#include "simulator/history.h"
#include "simulator/workload.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace windlass::simulator {

class Inspection {
 public:
  Inspection(World& world, History& history, const Workload& workload)
      : world_(world), history_(history), workload_(workload) {}

  // Asks what is to be asked next; call it while the client waits for nothing.
  void go_on(ClientProcess& client);
  bool done() const { return done_; }
  std::string unfinished() const;  // what cannot end, in words

 private:
  struct JobLook {
    bool gone = false;
    bool ended = false;  // completed
    bool ends_by_itself = false;
    bool fails_blocked = false;  // its tasks that will never start
    bool settled = false;
    std::vector<TaskView> tasks;
    std::optional<std::string> next;  // page
    std::string waits_for;
  };

  void look_at_pool(ClientProcess& client, PoolFact& pool);
  void look_at_nodes(ClientProcess& client, PoolFact& pool, const PoolView& view);
  bool look_at_schedules(ClientProcess& client);
  bool list_certificates(ClientProcess& client);
  void look_at_job(ClientProcess& client, JobFact& job);
  void look_at_preparations(ClientProcess& client, JobFact& job, JobLook& look);
  void list(ClientProcess& client, JobFact& job, JobLook& look);
  void judge(ClientProcess& client, JobFact& job, JobLook& look);
  static bool is_blocked(const JobLook& look, const TaskView& task);
  static bool has_failed_parent(const JobLook& look, const TaskView& task);
  void ask(ClientProcess& client, const Fact& of, ShardId shard, const Request& request,
           std::function<void(const Answer&)> then);

  World& world_;
  History& history_;
  const Workload& workload_;
  std::map<std::string, JobLook> looks_;
  std::size_t pool_ = 0;  // next to look at
  std::size_t turn_ = 0;
  std::set<std::string> schedules_gone_;       // by account and id
  std::set<std::string> certificates_listed_;  // by account
  bool done_ = false;
};

}  // namespace windlass::simulator
