#include "simulator/reference/model_parts.h"

namespace windlass::simulator {

void ReferenceModel::contradict(const char* promise, std::string words) {
  found_.push_back({promise, std::move(words)});
}

ReferenceModel::Pool& ReferenceModel::pool(const std::string& account, const std::string& id) {
  const auto etag = [shard = home(account, id)](EventNumber event) {
    return etag_text(shard, event);
  };
  return pools_.try_emplace({account, lower_cased(id)}, Pool{{PoolState{}, etag}, {}})
      .first->second;
}

ReferenceModel::Job& ReferenceModel::job(const std::string& account, const std::string& id) {
  const auto found = jobs_.find({account, lower_cased(id)});
  if (found != jobs_.end()) return found->second;
  // The shard of an ETag is not known before somebody adds the job: see AddJob.
  const auto etag = [](EventNumber event) { return etag_text(0, event); };
  return jobs_.emplace(Name{account, lower_cased(id)}, Job{{JobState{}, etag}, {}, {}})
      .first->second;
}

ReferenceModel::JobSchedule& ReferenceModel::job_schedule(const std::string& account,
                                                          const std::string& id) {
  const auto etag = [shard = home(account, id)](EventNumber event) {
    return etag_text(shard, event);
  };
  return job_schedules_
      .try_emplace({account, lower_cased(id)},
                   JobSchedule{{JobScheduleRules::State{}, etag}, {}, {}})
      .first->second;
}

ReferenceModel::Certificate& ReferenceModel::certificate(const std::string& account,
                                                         const std::string& thumbprint) {
  const auto etag = [](EventNumber event) { return etag_text(kCertificatesShard, event); };
  return certificates_
      .try_emplace({account, lower_cased(thumbprint)},
                   Certificate{{CertificateRules::State{}, etag}, {}})
      .first->second;
}

ReferenceModel::Task& ReferenceModel::task(Job& job, const std::string& id) {
  const auto found = job.tasks.find(lower_cased(id));
  if (found != job.tasks.end()) return found->second;
  Task fresh{{job.deletable_from}, {TaskState{}, job.story.etag()}, {}};
  return job.tasks.emplace(lower_cased(id), std::move(fresh)).first->second;
}

// ---- asking --------------------------------------------------------------------------------

template <class Rules, class Act>
std::size_t ReferenceModel::add(Register<Rules>& story, const Open& open, Act act,
                                const Conditions& conditions, bool takes_away) {
  typename Register<Rules>::Entry entry;
  entry.asked = open.asked;
  entry.words = std::string(request_name(open.request)) + " asked at " + text(open.asked);
  entry.if_match = conditions.if_match;
  entry.takes_away = takes_away;
  entry.act = std::move(act);
  return story.asked(std::move(entry));
}

void ReferenceModel::ask(Open& open, const AddTasks& command, const std::vector<TaskWork>& works) {
  Job& of = job(open.account, command.job_id);
  for (std::size_t i = 0; i < command.tasks.size(); ++i) {
    const TaskWork work = i < works.size() ? works[i] : TaskWork{};
    Task& added = task(of, command.tasks[i].id);
    open.entries.push_back(add(added.story, open, TaskRules::Add{command.tasks[i], work}, {}));
  }
}

template <class Command>
void ReferenceModel::ask(Open& open, const Command& command, const std::vector<TaskWork>& works) {
  if constexpr (std::is_same_v<Command, AddPool>) {
    open.entries = {add(pool(open.account, command.spec.id).story, open, command, {})};
  } else if constexpr (std::is_same_v<Command, ReplacePoolProperties>) {
    open.entries = {add(pool(open.account, command.pool_id).story, open, command, {})};
  } else if constexpr (std::is_constructible_v<PoolRules::Act, Command>) {
    open.entries = {
        add(pool(open.account, command.pool_id).story, open, command, command.conditions)};
  } else if constexpr (std::is_constructible_v<NodeRules::Act, Command>) {
    const auto found =
        nodes_.find({{open.account, lower_cased(command.pool_id)}, lower_cased(command.node_id)});
    if (found != nodes_.end()) open.entries = {add(found->second.story, open, command, {})};
  } else if constexpr (std::is_same_v<Command, AddJob>) {
    // An automatic pool is where the job's id is reserved.
    const ShardId shard =
        home(open.account, command.spec.auto_pool ? command.spec.id : command.spec.pool_id);
    Job& added = job(open.account, command.spec.id);
    added.shard = shard;
    added.story.set_etag([shard](EventNumber event) { return etag_text(shard, event); });
    added.task_retries.insert(command.spec.constraints.task_retries_max);
    open.entries = {add(added.story, open, command, {})};
    // Its manager is a task like others. The answer says nothing of it, so that this stays open.
    if (command.spec.manager_task) {
      const NewTask& manager = command.spec.manager_task->task;
      const TaskWork work = works.empty() ? TaskWork{} : works.front();
      add(task(added, manager.id).story, open, TaskRules::Add{manager, work}, {});
    }
  } else if constexpr (std::is_same_v<Command, AddJobSchedule>) {
    JobSchedule& added = job_schedule(open.account, command.spec.id);
    added.jobs.push_back(command.spec.job);
    open.entries = {add(added.story, open, command, {})};
  } else if constexpr (std::is_constructible_v<JobScheduleRules::Act, Command>) {
    JobSchedule& of = job_schedule(open.account, command.schedule_id);
    if constexpr (std::is_same_v<Command, ChangeJobSchedule>) {
      if (command.job) of.jobs.push_back(*command.job);
    }
    open.entries = {add(of.story, open, command, command.conditions)};
  } else if constexpr (std::is_constructible_v<CertificateRules::Act, Command>) {
    open.entries = {add(certificate(open.account, command.thumbprint).story, open, command, {},
                        std::is_same_v<Command, DeleteCertificate>)};
  } else if constexpr (std::is_constructible_v<JobRules::Act, Command>) {
    if (is_of_schedule(command.job_id)) return;
    Job& of = job(open.account, command.job_id);
    if constexpr (std::is_same_v<Command, ChangeJob>) {
      if (command.change.constraints)
        of.task_retries.insert(command.change.constraints->task_retries_max);
    }
    if constexpr (std::is_same_v<Command, DeleteJob>) {
      of.deletable_from = std::min(of.deletable_from, open.asked);
      for (auto& [id, task] : of.tasks) task.rules.job_deletable_from = of.deletable_from;
    }
    open.entries = {add(of.story, open, command, command.conditions)};
  } else if constexpr (std::is_constructible_v<TaskRules::Act, Command>) {
    Task& of = task(job(open.account, command.job_id), command.task_id);
    open.entries = {
        add(of.story, open, command, command.conditions, std::is_same_v<Command, DeleteTask>)};
  }
}

std::size_t ReferenceModel::asked(const std::string& account, ShardId shard, const Request& request,
                                  MonoTime now, std::vector<TaskWork> works) {
  open_.push_back({account, shard, request, now, {}});
  Open& open = open_.back();
  std::visit([&](const auto& what) { ask(open, what, works); }, open.request);
  return open_.size() - 1;
}

std::vector<Contradiction> ReferenceModel::half_done() const {
  std::vector<Contradiction> found;
  for (const Open& open : open_) {
    const auto* command = std::get_if<AddTasks>(&open.request);
    if (command == nullptr || open.answered) continue;
    const Job& of = jobs_.at({open.account, lower_cased(command->job_id)});
    if (of.deletable_from < MonoTime{INT64_MAX}) continue;
    std::set<bool> there;
    for (const NewTask& added : command->tasks) {
      const bool plain = added.depends_on_ids.empty() && added.depends_on_ranges.empty() &&
                         added.exit_rules.empty();
      if (!plain) continue;  // may be refused alone
      const Task& task = of.tasks.at(lower_cased(added.id));
      const auto acts = std::count_if(
          task.story.entries().begin(), task.story.entries().end(), [](const auto& entry) {
            return entry.act && (std::holds_alternative<TaskRules::Add>(*entry.act) ||
                                 std::holds_alternative<DeleteTask>(*entry.act));
          });
      if (acts == 1 && task.looked > MonoTime{}) there.insert(task.there);
    }
    if (there.size() == 2)
      found.push_back({"S2", "AddTasks asked at " + text(open.asked) + " for job " +
                                 command->job_id + " happened in part"});
  }
  return found;
}

}  // namespace windlass::simulator
