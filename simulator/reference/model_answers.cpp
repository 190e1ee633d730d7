// What was answered to each kind of request.
#include "simulator/reference/model_parts.h"

namespace windlass::simulator {

void ReferenceModel::hear_task_act(const Told& told, const std::string& job_id,
                                   const std::string& task_id, std::size_t entry,
                                   const Answer& answer, bool deletes) {
  Task& of = task(job(told.open.account, job_id), task_id);
  close(of.story, told, entry, answer);
  const auto code = code_of(answer);
  if (code == ErrorCode::job_not_found) {
    miss_job(told, job_id);
  } else if (code && is_of_job(*code)) {
    job_is(told, job_id, "refuses with " + std::string(to_string(*code)),
           [code, deletes](const JobState& state) {
             if (*code == ErrorCode::task_dependencies_not_specified_on_job)
               return JobRules{}.is_there(state) && !state.spec.uses_task_dependencies;
             if (*code == ErrorCode::invalid_property_value)
               return JobRules{}.is_there(state) &&
                      state.spec.on_task_failure == OnTaskFailure::noaction;
             if (deletes && state.phase != JobRules::deleting) return false;
             return JobRules::closed_by(state.phase) == code;
           });
  } else {
    job_is(told, job_id, "lets its tasks be changed", [code, deletes](const JobState& state) {
      if (!JobRules{}.is_there(state)) return false;
      return code || deletes || !JobRules::closed_by(state.phase);
    });
  }
  if (code && is_of_job(*code)) of.story.entry(entry).code.reset();
  judge(of.story, of.rules, "task " + job_id + "/" + task_id);
}

void ReferenceModel::hear(const Told& told, const AddTasks& command) {
  const auto* added = std::get_if<TasksAdded>(&told.answer);
  if (added != nullptr && added->outcomes.size() != command.tasks.size())
    return contradict("API", "AddTasks has another number of outcomes than of tasks");
  for (std::size_t i = 0; i < command.tasks.size(); ++i) {
    Answer answer = told.answer;
    if (added != nullptr) {
      const TaskOutcome& outcome = added->outcomes[i];
      answer = outcome.error ? Answer{*outcome.error} : Answer{Done{outcome.version}};
    }
    hear_task_act(told, command.job_id, command.tasks[i].id, told.open.entries[i], answer, false);
  }
}

template <class Command>
void ReferenceModel::hear(const Told& told, const Command& command) {
  const auto settle = [&](auto& story, const auto& rules, const std::string& name) {
    close(story, told, told.open.entries.front(), told.answer);
    judge(story, rules, name);
  };
  if constexpr (std::is_same_v<Command, AddPool>) {
    settle(pool(told.open.account, command.spec.id).story, PoolRules{}, "pool " + command.spec.id);
  } else if constexpr (std::is_constructible_v<PoolRules::Act, Command>) {
    settle(pool(told.open.account, command.pool_id).story, PoolRules{}, "pool " + command.pool_id);
  } else if constexpr (std::is_constructible_v<NodeRules::Act, Command>) {
    if (code_of(told.answer) == ErrorCode::pool_not_found) miss_pool(told, command.pool_id);
    const auto found = nodes_.find(
        {{told.open.account, lower_cased(command.pool_id)}, lower_cased(command.node_id)});
    if (found != nodes_.end() && !told.open.entries.empty())
      settle(found->second.story, NodeRules{}, "node " + command.node_id);
    else if (!code_of(told.answer))
      contradict("API", "node " + command.node_id + " was changed and is not known");
  } else if constexpr (std::is_same_v<Command, AddJob>) {
    settle(job(told.open.account, command.spec.id).story, JobRules{}, "job " + command.spec.id);
    const auto* made = std::get_if<JobMadeAt>(&told.answer);
    const std::string& at = command.spec.auto_pool ? command.spec.id : command.spec.pool_id;
    if (made != nullptr && made->shard != home(told.open.account, at))
      contradict("API", "job " + command.spec.id + " is not where its pool is");
  } else if constexpr (std::is_same_v<Command, AddJobSchedule>) {
    settle(job_schedule(told.open.account, command.spec.id).story, JobScheduleRules{},
           "job schedule " + command.spec.id);
  } else if constexpr (std::is_constructible_v<JobScheduleRules::Act, Command>) {
    settle(job_schedule(told.open.account, command.schedule_id).story, JobScheduleRules{},
           "job schedule " + command.schedule_id);
  } else if constexpr (std::is_constructible_v<CertificateRules::Act, Command>) {
    settle(certificate(told.open.account, command.thumbprint).story, CertificateRules{},
           "certificate " + command.thumbprint);
  } else if constexpr (std::is_constructible_v<JobRules::Act, Command>) {
    if (is_of_schedule(command.job_id)) return;
    settle(job(told.open.account, command.job_id).story, JobRules{}, "job " + command.job_id);
  } else if constexpr (std::is_constructible_v<TaskRules::Act, Command>) {
    hear_task_act(told, command.job_id, command.task_id, told.open.entries.front(), told.answer,
                  std::is_same_v<Command, DeleteTask>);
  }
}

void ReferenceModel::hear(const Told& told, const GetPool& question) {
  Pool& of = pool(told.open.account, question.pool_id);
  const std::string name = "pool " + question.pool_id;
  if (const auto* view = std::get_if<PoolView>(&told.answer))
    return see(told, *view, question.conditions);
  if (code_of(told.answer) == ErrorCode::pool_not_found) return miss_pool(told, question.pool_id);
  if (unmet(of.story, told, question.conditions, name)) return judge(of.story, PoolRules{}, name);
  contradict("API", "GetPool has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListPools& question) {
  const auto* page = std::get_if<Page<PoolView>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListPools has an answer of another kind");
  std::set<std::string> listed;
  for (const PoolView& view : page->entries) {
    see(told, view);
    listed.insert(lower_cased(view.record.spec.id));
  }
  std::vector<std::string> missed;
  for (const auto& [name, pool] : pools_) {
    if (name.first == told.open.account && home(name.first, name.second) == told.open.shard &&
        !listed.contains(name.second) && is_covered(question.page, page->next, name.second))
      missed.push_back(name.second);
  }
  for (const std::string& id : missed) miss_pool(told, id);
}

void ReferenceModel::hear(const Told& told, const GetNode& question) {
  if (const auto* view = std::get_if<NodeView>(&told.answer))
    return see(told, question.pool_id, *view);
  const auto code = code_of(told.answer);
  if (code == ErrorCode::pool_not_found) miss_pool(told, question.pool_id);
  if (code == ErrorCode::pool_not_found || code == ErrorCode::node_not_found)
    return miss_node(told, question.pool_id, question.node_id);
  contradict("API", "GetNode has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListNodes& question) {
  if (code_of(told.answer) == ErrorCode::pool_not_found) return miss_pool(told, question.pool_id);
  const auto* page = std::get_if<Page<NodeView>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListNodes has an answer of another kind");
  std::set<std::string> listed;
  for (const NodeView& view : page->entries) {
    see(told, question.pool_id, view);
    listed.insert(lower_cased(view.record.id));
  }
  const Name of_pool{told.open.account, lower_cased(question.pool_id)};
  std::vector<std::string> missed;
  for (const auto& [name, node] : nodes_) {
    if (name.first == of_pool && !listed.contains(name.second) &&
        is_covered(question.page, page->next, name.second))
      missed.push_back(name.second);
  }
  for (const std::string& id : missed) miss_node(told, question.pool_id, id);
}

void ReferenceModel::hear(const Told& told, const GetJob& question) {
  Job& of = job(told.open.account, question.job_id);
  const std::string name = "job " + question.job_id;
  if (const auto* record = std::get_if<JobRecord>(&told.answer))
    return see(told, *record, question.conditions);
  if (code_of(told.answer) == ErrorCode::job_not_found) return miss_job(told, question.job_id);
  if (unmet(of.story, told, question.conditions, name)) return judge(of.story, JobRules{}, name);
  contradict("API", "GetJob has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListJobs& question) {
  const auto* page = std::get_if<Page<JobRecord>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListJobs has an answer of another kind");
  std::set<std::string> listed;
  for (const JobRecord& record : page->entries) {
    see(told, record);
    const std::string& of_schedule = question.schedule_id;
    if (!of_schedule.empty() &&
        !lower_cased(record.spec.id).starts_with(lower_cased(of_schedule) + ":job-"))
      contradict("API", "job " + record.spec.id + " is listed among those of " + of_schedule);
    listed.insert(lower_cased(record.spec.id));
  }
  if (!question.schedule_id.empty()) return;
  std::vector<std::string> missed;
  for (const auto& [name, job] : jobs_) {
    if (name.first == told.open.account && job.shard == told.open.shard &&
        !listed.contains(name.second) && is_covered(question.page, page->next, name.second))
      missed.push_back(name.second);
  }
  for (const std::string& id : missed) miss_job(told, id);
}

void ReferenceModel::hear(const Told& told, const GetJobSchedule& question) {
  JobSchedule& of = job_schedule(told.open.account, question.schedule_id);
  const std::string name = "job schedule " + question.schedule_id;
  if (const auto* record = std::get_if<JobScheduleRecord>(&told.answer))
    return see(told, *record, question.conditions);
  if (code_of(told.answer) == ErrorCode::job_schedule_not_found)
    return miss_job_schedule(told, question.schedule_id);
  if (unmet(of.story, told, question.conditions, name))
    return judge(of.story, JobScheduleRules{}, name);
  contradict("API", "GetJobSchedule has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListJobSchedules& question) {
  const auto* page = std::get_if<Page<JobScheduleRecord>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListJobSchedules has an answer of another kind");
  std::set<std::string> listed;
  for (const JobScheduleRecord& record : page->entries) {
    see(told, record);
    listed.insert(lower_cased(record.spec.id));
  }
  std::vector<std::string> missed;
  for (const auto& [name, schedule] : job_schedules_) {
    if (name.first == told.open.account && home(name.first, name.second) == told.open.shard &&
        !listed.contains(name.second) && is_covered(question.page, page->next, name.second))
      missed.push_back(name.second);
  }
  for (const std::string& id : missed) miss_job_schedule(told, id);
}

void ReferenceModel::hear(const Told& told, const GetCertificate& question) {
  if (const auto* record = std::get_if<CertificateRecord>(&told.answer)) return see(told, *record);
  if (code_of(told.answer) == ErrorCode::certificate_not_found)
    return miss_certificate(told, question.thumbprint);
  contradict("API", "GetCertificate has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListCertificates& question) {
  const auto* page = std::get_if<Page<CertificateRecord>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListCertificates has an answer of another kind");
  std::set<std::string> listed;
  for (const CertificateRecord& record : page->entries) {
    see(told, record);
    listed.insert(lower_cased(record.thumbprint));
  }
  std::vector<std::string> missed;
  for (const auto& [name, certificate] : certificates_) {
    if (name.first == told.open.account && !listed.contains(name.second) &&
        is_covered(question.page, page->next, name.second))
      missed.push_back(name.second);
  }
  for (const std::string& thumbprint : missed) miss_certificate(told, thumbprint);
}

void ReferenceModel::hear(const Told& told, const GetTask& question) {
  const std::string name = "task " + question.job_id + "/" + question.task_id;
  const auto code = code_of(told.answer);
  if (code == ErrorCode::job_not_found) return miss_job(told, question.job_id);
  job_is(told, question.job_id, "shows a task",
         [](const JobState& state) { return JobRules{}.is_there(state); });
  if (const auto* view = std::get_if<TaskView>(&told.answer)) {
    if (view->record.id != question.task_id) contradict("API", name + " is shown as another one");
    return see(told, question.job_id, *view, question.conditions);
  }
  if (code == ErrorCode::task_not_found) return miss_task(told, question.job_id, question.task_id);
  Task& of = task(job(told.open.account, question.job_id), question.task_id);
  if (unmet(of.story, told, question.conditions, name)) return judge(of.story, of.rules, name);
  contradict("API", "GetTask has an answer of another kind");
}

void ReferenceModel::hear(const Told& told, const ListTasks& question) {
  if (code_of(told.answer) == ErrorCode::job_not_found) return miss_job(told, question.job_id);
  const auto* page = std::get_if<Page<TaskView>>(&told.answer);
  if (page == nullptr) return contradict("API", "ListTasks has an answer of another kind");
  job_is(told, question.job_id, "lists its tasks",
         [](const JobState& state) { return JobRules{}.is_there(state); });
  std::set<std::string> listed;
  for (const TaskView& view : page->entries) {
    see(told, question.job_id, view);
    if (!listed.insert(lower_cased(view.record.id)).second)
      contradict("S3", "task " + view.record.id + " is listed twice");
  }
  std::vector<std::string> missed;
  for (const auto& [id, task] : job(told.open.account, question.job_id).tasks) {
    if (!listed.contains(id) && is_covered(question.page, page->next, id)) missed.push_back(id);
  }
  for (const std::string& id : missed) miss_task(told, question.job_id, id);
}

// Each count is at least of those that can be nothing else, and at most of those that can be so.
void ReferenceModel::hear(const Told& told, const GetTaskCounts& question) {
  if (code_of(told.answer) == ErrorCode::job_not_found) return miss_job(told, question.job_id);
  job_is(told, question.job_id, "counts its tasks",
         [](const JobState& state) { return JobRules{}.is_there(state); });
  const auto* counts = std::get_if<TaskCounts>(&told.answer);
  if (counts == nullptr) return contradict("API", "GetTaskCounts has an answer of another kind");
  const auto check = [&](TaskRules::Phase phase, std::int64_t tasks, std::int64_t slots) {
    std::int64_t tasks_min = 0, tasks_max = 0, slots_min = 0, slots_max = 0;
    for (const auto& [id, of] : job(told.open.account, question.job_id).tasks) {
      const auto states = of.story.possible(of.rules, told.open.asked, told.now);
      const auto counted = [&](const TaskState& state) {
        return state.phase == phase ? std::int64_t(state.wanted.required_slots) : 0;
      };
      const auto [least, most] = std::minmax_element(
          states.begin(), states.end(),
          [&](const TaskState& a, const TaskState& b) { return counted(a) < counted(b); });
      if (states.empty()) continue;
      slots_min += counted(*least);
      slots_max += counted(*most);
      tasks_min += counted(*least) > 0;
      tasks_max += counted(*most) > 0;
    }
    if (tasks < tasks_min || tasks > tasks_max || slots < slots_min || slots > slots_max)
      contradict("S4", "job " + question.job_id + " counts " + std::to_string(tasks) +
                           " tasks in phase " + std::to_string(phase) + ", of " +
                           std::to_string(tasks_min) + " to " + std::to_string(tasks_max));
  };
  check(TaskRules::active, counts->tasks.active, counts->slots.active);
  check(TaskRules::running, counts->tasks.running, counts->slots.running);
  check(TaskRules::succeeded, counts->tasks.succeeded, counts->slots.succeeded);
  check(TaskRules::failed, counts->tasks.failed, counts->slots.failed);
}

std::vector<Contradiction> ReferenceModel::answered(std::size_t number, MonoTime now,
                                                    const Answer& answer) {
  open_[number].answered = true;
  const Open open = open_[number];
  const Told told{open, now, answer};
  std::visit([&](const auto& what) { hear(told, what); }, open.request);
  return std::exchange(found_, {});
}

}  // namespace windlass::simulator
