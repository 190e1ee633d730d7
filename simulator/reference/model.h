// The reference for what a cluster may answer: no batches, no cache, no shards that fail. It hears
// what clients ask and are told, and says what cannot be true. What was not answered may have
// happened or not, as a whole, and may still happen. It knows the API's rules (rules.h) and
// nothing of how they are kept.
#pragma once

#include "simulator/reference/rules.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator {

class ReferenceModel {
 public:
  explicit ReferenceModel(ShardId shards) : shards_(shards) {}

  // A request goes out. The number is for its answer; `works`: of the tasks that it adds, in order.
  std::size_t asked(const std::string& account, ShardId shard, const Request& request, MonoTime now,
                    std::vector<TaskWork> works = {});
  // Call it when there is an answer; what never gets one stays open.
  std::vector<Contradiction> answered(std::size_t number, MonoTime now, const Answer& answer);

  // In the end, when everything was listed: adds of several tasks that happened in part.
  std::vector<Contradiction> half_done() const;

 private:
  using Name = std::pair<std::string, std::string>;  // account, lower-cased id
  struct Pool {
    Register<PoolRules> story;
    std::map<EventNumber, PoolRecord> seen;
  };
  struct Task {
    TaskRules rules;
    Register<TaskRules> story;
    std::map<EventNumber, TaskRecord> seen;
    bool there = false;  // as looked at last
    MonoTime looked{};
  };
  struct Job {
    Register<JobRules> story;
    std::map<EventNumber, JobRecord> seen;
    std::map<std::string, Task> tasks;      // by lower-cased id
    std::set<std::int32_t> task_retries{};  // that it may have had as default
    MonoTime deletable_from{INT64_MAX};
    std::optional<ShardId> shard{};  // once somebody has asked for it
  };
  struct JobSchedule {
    Register<JobScheduleRules> story;
    std::map<EventNumber, JobScheduleRecord> seen;
    std::vector<JobSpec> jobs;  // what they may have been made from
  };
  struct Certificate {
    Register<CertificateRules> story;
    std::map<EventNumber, CertificateRecord> seen;
  };
  struct Node {
    Register<NodeRules> story;
    MonoTime seen{INT64_MAX};  // an answer first showed it then
    MonoTime gone{INT64_MAX};  // an answer said so then
  };
  struct Open {
    std::string account;
    ShardId shard = 0;
    Request request;
    MonoTime asked;
    std::vector<std::size_t> entries;  // of its acts, in their stories
    bool answered = false;
  };

  ShardId home(const std::string& account, const std::string& id) const {
    return shard_of(account, id, shards_);
  }
  Pool& pool(const std::string& account, const std::string& id);
  Job& job(const std::string& account, const std::string& id);
  JobSchedule& job_schedule(const std::string& account, const std::string& id);
  Certificate& certificate(const std::string& account, const std::string& thumbprint);
  Task& task(Job& job, const std::string& id);

  template <class Rules, class Act>
  std::size_t add(Register<Rules>& story, const Open& open, Act act, const Conditions& conditions,
                  bool takes_away = false);
  void ask(Open& open, const AddTasks& command, const std::vector<TaskWork>& works);
  template <class Command>
  void ask(Open& open, const Command& command, const std::vector<TaskWork>&);

  struct Told;  // an answer, with what was asked
  template <class Rules>
  void judge(const Register<Rules>& story, const Rules& rules, const std::string& name);
  template <class Rules>
  void close(Register<Rules>& story, const Told& told, std::size_t entry, const Answer& answer);
  template <class Rules>
  void look(Register<Rules>& story, const Told& told, EventNumber version,
            typename Register<Rules>::Look how, const std::string& words,
            const Conditions& conditions = {}, const std::string& promise = "API");
  template <class Rules>
  bool unmet(Register<Rules>& story, const Told& told, const Conditions& conditions,
             const std::string& name);

  template <class Command>
  void hear(const Told& told, const Command& command);
  void hear(const Told& told, const AddTasks& command);
  void hear(const Told& told, const GetPool& question);
  void hear(const Told& told, const ListPools& question);
  void hear(const Told& told, const GetNode& question);
  void hear(const Told& told, const ListNodes& question);
  void hear(const Told& told, const GetJob& question);
  void hear(const Told& told, const ListJobs& question);
  void hear(const Told& told, const GetJobSchedule& question);
  void hear(const Told& told, const ListJobSchedules& question);
  void hear(const Told& told, const GetCertificate& question);
  void hear(const Told& told, const ListCertificates& question);
  void hear(const Told& told, const GetTask& question);
  void hear(const Told& told, const ListTasks& question);
  void hear(const Told& told, const GetTaskCounts& question);
  void hear_task_act(const Told& told, const std::string& job_id, const std::string& task_id,
                     std::size_t entry, const Answer& answer, bool deletes);

  void see(const Told& told, const PoolView& view, const Conditions& conditions = {});
  void see(const Told& told, const JobRecord& record, const Conditions& conditions = {});
  void see(const Told& told, const std::string& job_id, const TaskView& view,
           const Conditions& conditions = {});
  void see(const Told& told, const std::string& pool_id, const NodeView& view);
  void see(const Told& told, const JobScheduleRecord& record, const Conditions& conditions = {});
  void see(const Told& told, const CertificateRecord& record);
  void see_job_of_schedule(const Told& told, const JobRecord& record);
  void miss_certificate(const Told& told, const std::string& thumbprint);
  void miss_job_schedule(const Told& told, const std::string& id);
  void miss_pool(const Told& told, const std::string& id);
  void miss_job(const Told& told, const std::string& id);
  void miss_task(const Told& told, const std::string& job_id, const std::string& id);
  void miss_node(const Told& told, const std::string& pool_id, const std::string& id);
  void job_is(const Told& told, const std::string& id, const std::string& words,
              std::function<bool(const JobRules::State&)> how);
  void contradict(const char* promise, std::string words);

  const ShardId shards_;
  std::vector<Open> open_;
  std::map<Name, Pool> pools_;
  std::map<Name, Job> jobs_;
  std::map<Name, JobSchedule> job_schedules_;
  std::map<Name, Certificate> certificates_;
  std::map<std::pair<Name, std::string>, Node> nodes_;
  std::vector<Contradiction> found_;
};

}  // namespace windlass::simulator
