#include "simulator/reference/model.h"

#include "simulator/reference/request_name.h"

namespace windlass::simulator {

namespace {

using PoolState = PoolRules::State;
using JobState = JobRules::State;
using TaskState = TaskRules::State;
using NodeState = NodeRules::State;

std::string text(MonoTime time) {
  return std::to_string(time.ticks / 10'000) + " ms";
}

std::string_view promise_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::pool_not_found:
    case ErrorCode::job_not_found:
    case ErrorCode::task_not_found:
    case ErrorCode::job_schedule_not_found:
    case ErrorCode::certificate_not_found:
      return "S1";
    case ErrorCode::pool_exists:
    case ErrorCode::job_exists:
    case ErrorCode::task_exists:
    case ErrorCode::job_schedule_exists:
    case ErrorCode::certificate_exists:
      return "S3";
    case ErrorCode::condition_not_met:
      return "S11";
    default:
      return "API";
  }
}

std::optional<ErrorCode> code_of(const Answer& answer) {
  if (const auto* error = std::get_if<Error>(&answer)) return error->code;
  if (std::holds_alternative<NotHere>(answer)) return ErrorCode::job_not_found;
  return std::nullopt;
}

// Whether the code speaks of the task's job instead of the task.
bool is_of_job(ErrorCode code) {
  return code == ErrorCode::job_not_found || code == ErrorCode::job_being_deleted ||
         code == ErrorCode::job_being_terminated || code == ErrorCode::job_completed ||
         code == ErrorCode::task_dependencies_not_specified_on_job ||
         code == ErrorCode::invalid_property_value;  // a jobAction where the job has none
}

// Ids of a page that are before its end, and after its beginning.
bool is_covered(const PageRequest& page, const std::optional<std::string>& next,
                const std::string& lower_id) {
  return lower_id > page.after && (!next || lower_id <= *next);
}

// Nobody has asked for these by name: jobs that schedules make, and pools that jobs bring along.
bool is_of_schedule(const std::string& job_id) {
  return job_id.find(':') != std::string::npos;
}
bool is_automatic(const std::string& pool_id) {
  return pool_id.find('_') != std::string::npos;
}

}  // namespace

struct ReferenceModel::Told {
  const Open& open;
  MonoTime now;
  const Answer& answer;
};

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

// ---- answers -------------------------------------------------------------------------------

std::vector<Contradiction> ReferenceModel::answered(std::size_t number, MonoTime now,
                                                    const Answer& answer) {
  open_[number].answered = true;
  const Open open = open_[number];
  const Told told{open, now, answer};
  std::visit([&](const auto& what) { hear(told, what); }, open.request);
  return std::exchange(found_, {});
}

template <class Rules>
void ReferenceModel::judge(const Register<Rules>& story, const Rules& rules,
                           const std::string& name) {
  if (auto wrong = story.contradiction(rules)) {
    wrong->words = name + ": " + wrong->words;
    found_.push_back(std::move(*wrong));
  }
}

template <class Rules>
void ReferenceModel::close(Register<Rules>& story, const Told& told, std::size_t entry,
                           const Answer& answer) {
  auto& act = story.entry(entry);
  act.answered = told.now;
  if (const auto code = code_of(answer)) {
    act.outcome = Register<Rules>::Entry::refused;
    act.code = *code;
    act.promise = promise_of(*code);
    act.words += " and refused with " + std::string(to_string(*code)) + " at " + text(told.now);
    return;
  }
  act.outcome = Register<Rules>::Entry::done;
  act.words += " and done at " + text(told.now);
  if (const auto* done = std::get_if<Done>(&answer)) act.version = done->version.event;
  if (const auto* made = std::get_if<JobMadeAt>(&answer)) act.version = made->version.event;
  if (act.version == 0) contradict("API", act.words + " has an answer of another kind");
}

template <class Rules>
void ReferenceModel::look(Register<Rules>& story, const Told& told, EventNumber version,
                          typename Register<Rules>::Look how, const std::string& words,
                          const Conditions& conditions, const std::string& promise) {
  typename Register<Rules>::Entry entry;
  entry.asked = told.open.asked;
  entry.answered = told.now;
  entry.outcome = Register<Rules>::Entry::seen;
  entry.version = version;
  entry.look = std::move(how);
  entry.if_match = conditions.if_match;
  entry.words = "the look asked for at " + text(told.open.asked) + " and answered at " +
                text(told.now) + " (" + words + ")";
  entry.promise = promise;
  story.asked(std::move(entry));
}

// A read whose conditions were not met.
template <class Rules>
bool ReferenceModel::unmet(Register<Rules>& story, const Told& told, const Conditions& conditions,
                           const std::string& name) {
  const auto code = code_of(told.answer);
  if (code == ErrorCode::condition_not_met) {
    typename Register<Rules>::Entry entry;
    entry.asked = told.open.asked;
    entry.answered = told.now;
    entry.outcome = Register<Rules>::Entry::refused;
    entry.code = code;
    entry.if_match = conditions.if_match;
    entry.words = "the look asked for at " + text(told.open.asked) + " and refused";
    entry.promise = "S11";
    story.asked(std::move(entry));
    return true;
  }
  if (code != ErrorCode::not_modified) return false;
  for (const auto& entry : story.entries()) {
    for (const std::string& tag : conditions.if_none_match) {
      if (entry.version == 0 || story.etag()(entry.version) != tag) continue;
      look(
          story, told, EventNumber(entry.version),
          [](const auto& state) { return std::optional(state); }, "not modified");
      return true;
    }
  }
  contradict("S11", name + " is said to have an ETag that nobody has seen");
  return true;
}

void ReferenceModel::job_is(const Told& told, const std::string& id, const std::string& words,
                            std::function<bool(const JobState&)> how) {
  Job& of = job(told.open.account, id);
  look(
      of.story, told, 0,
      [how = std::move(how)](const JobState& state) {
        return how(state) ? std::optional(state) : std::nullopt;
      },
      words);
  judge(of.story, JobRules{}, "job " + id);
}

void ReferenceModel::see(const Told& told, const PoolView& view, const Conditions& conditions) {
  const std::string& id = view.record.spec.id;
  const std::string name = "pool " + id;
  if (view.record.account != told.open.account)
    contradict("S14", name + " of account " + view.record.account + " is shown to another");
  if (is_automatic(id)) return;
  Pool& of = pool(told.open.account, id);
  PoolRecord versioned = view.record;  // its books have no version
  versioned.node_time_ended = {};
  const auto [seen, fresh] = of.seen.emplace(view.record.version.event, versioned);
  if (!fresh && !(seen->second == versioned))
    contradict("S11", name + " looks two ways at one version");
  if (const std::string wrong = misshapen(view); !wrong.empty())
    contradict("API", name + " " + wrong);
  look(
      of.story, told, view.record.version.event,
      [view](const PoolState& state) { return PoolRules::shown(state, view); }, "there",
      conditions);
  judge(of.story, PoolRules{}, name);
}

void ReferenceModel::see(const Told& told, const JobScheduleRecord& record,
                         const Conditions& conditions) {
  const std::string name = "job schedule " + record.spec.id;
  if (record.account != told.open.account)
    contradict("S14", name + " of account " + record.account + " is shown to another");
  JobSchedule& of = job_schedule(told.open.account, record.spec.id);
  const auto [seen, fresh] = of.seen.emplace(record.version.event, record);
  if (!fresh && !(seen->second == record))
    contradict("S11", name + " looks two ways at one version");
  if (const std::string wrong = misshapen(record); !wrong.empty())
    contradict("API", name + " " + wrong);
  look(
      of.story, told, record.version.event,
      [record](const JobScheduleRules::State& state) {
        return JobScheduleRules::shown(state, record);
      },
      "in state " + std::to_string(static_cast<int>(record.state)), conditions);
  judge(of.story, JobScheduleRules{}, name);
}

void ReferenceModel::see(const Told& told, const CertificateRecord& record) {
  const std::string name = "certificate " + record.thumbprint;
  if (record.account != told.open.account)
    contradict("S14", name + " of account " + record.account + " is shown to another");
  Certificate& of = certificate(told.open.account, record.thumbprint);
  const auto [seen, fresh] = of.seen.emplace(record.version.event, record);
  if (!fresh && !(seen->second == record))
    contradict("S11", name + " looks two ways at one version");
  look(
      of.story, told, record.version.event,
      [record](const CertificateRules::State& state) {
        return CertificateRules::shown(state, record);
      },
      "there");
  judge(of.story, CertificateRules{}, name);
}

void ReferenceModel::miss_certificate(const Told& told, const std::string& thumbprint) {
  Certificate& of = certificate(told.open.account, thumbprint);
  look(
      of.story, told, 0,
      [](const CertificateRules::State& state) {
        return state.there ? std::nullopt : std::optional(state);
      },
      "not there", {}, "S1");
  judge(of.story, CertificateRules{}, "certificate " + thumbprint);
}

// It comes and goes by itself; what it is made from was asked for.
void ReferenceModel::see_job_of_schedule(const Told& told, const JobRecord& record) {
  const std::string name = "job " + record.spec.id;
  if (record.account != told.open.account)
    contradict("S14", name + " of account " + record.account + " is shown to another");
  if (const std::string wrong = misshapen(record); !wrong.empty())
    contradict("API", name + " " + wrong);
  const std::string schedule = record.spec.id.substr(0, record.spec.id.find(':'));
  const auto found = job_schedules_.find({told.open.account, lower_cased(schedule)});
  if (found == job_schedules_.end())
    return contradict("API", name + " is of a schedule that nobody has asked for");
  JobSpec made_from = record.spec;
  made_from.id.clear();
  if (made_from.auto_pool) made_from.pool_id.clear();
  const std::vector<JobSpec>& asked = found->second.jobs;
  if (std::find(asked.begin(), asked.end(), made_from) == asked.end())
    contradict("API", name + " is made from something that nobody has asked for");
}

void ReferenceModel::miss_job_schedule(const Told& told, const std::string& id) {
  JobSchedule& of = job_schedule(told.open.account, id);
  look(
      of.story, told, 0,
      [](const JobScheduleRules::State& state) {
        return state.phase == JobScheduleRules::absent ? std::optional(state) : std::nullopt;
      },
      "not there", {}, "S1");
  judge(of.story, JobScheduleRules{}, "job schedule " + id);
}

void ReferenceModel::see(const Told& told, const JobRecord& record, const Conditions& conditions) {
  if (is_of_schedule(record.spec.id)) return see_job_of_schedule(told, record);
  const std::string name = "job " + record.spec.id;
  if (record.account != told.open.account)
    contradict("S14", name + " of account " + record.account + " is shown to another");
  Job& of = job(told.open.account, record.spec.id);
  JobRecord versioned = record;  // its counts and books have no version
  versioned.counts = {};
  versioned.usage = {};
  versioned.next_task = 0;
  const auto [seen, fresh] = of.seen.emplace(record.version.event, versioned);
  if (!fresh && !(seen->second == versioned))
    contradict("S11", name + " looks two ways at one version");
  if (const std::string wrong = misshapen(record); !wrong.empty())
    contradict("API", name + " " + wrong);
  look(
      of.story, told, record.version.event,
      [record](const JobState& state) { return JobRules::shown(state, record); },
      "in state " + std::to_string(static_cast<int>(record.state)), conditions);
  judge(of.story, JobRules{}, name);
}

void ReferenceModel::see(const Told& told, const std::string& job_id, const TaskView& view,
                         const Conditions& conditions) {
  Job& of_job = job(told.open.account, job_id);
  Task& of = task(of_job, view.record.id);
  const TaskRecord& record = view.record;
  const std::string name = "task " + job_id + "/" + record.id;
  const auto [seen, fresh] = of.seen.emplace(record.version.event, record);
  if (!fresh && !(seen->second == record))
    contradict("S11", name + " looks two ways at one version");
  for (const auto& [version, other] : of.seen) {
    const bool wrong_way = (version < record.version.event && other.attempt > record.attempt) ||
                           (version > record.version.event && other.attempt < record.attempt);
    if (other.key == record.key && wrong_way) contradict("S4", name + " lost an attempt");
  }
  if (const std::string wrong = misshapen(record); !wrong.empty())
    contradict("API", name + " " + wrong);
  look(
      of.story, told, record.version.event,
      [view, retries = of_job.task_retries](const TaskState& state) {
        return TaskRules::shown(state, view, retries);
      },
      "in state " + std::to_string(static_cast<int>(record.state)), conditions);
  judge(of.story, of.rules, name);
  if (told.open.asked >= of.looked) {
    of.there = true;
    of.looked = told.open.asked;
  }
}

void ReferenceModel::see(const Told& told, const std::string& pool_id, const NodeView& view) {
  const Name of_pool{told.open.account, lower_cased(pool_id)};
  const auto no_etag = [](EventNumber event) { return std::to_string(event); };
  Node& of =
      nodes_.try_emplace({of_pool, lower_cased(view.record.id)}, Node{{NodeState{}, no_etag}})
          .first->second;
  look(
      of.story, told, 0,
      [view](const NodeState& state) { return NodeRules::shown(state, view.record); }, "there");
  of.seen = std::min(of.seen, told.now);
  if (told.open.asked > of.gone) contradict("S10", "node " + view.record.id + " came back");
  judge(of.story, NodeRules{}, "node " + view.record.id);
}

void ReferenceModel::miss_pool(const Told& told, const std::string& id) {
  Pool& of = pool(told.open.account, id);
  look(
      of.story, told, 0,
      [](const PoolState& state) {
        return state.phase == PoolRules::absent ? std::optional(state) : std::nullopt;
      },
      "not there", {}, "S1");
  judge(of.story, PoolRules{}, "pool " + id);
}

void ReferenceModel::miss_job(const Told& told, const std::string& id) {
  Job& of = job(told.open.account, id);
  look(
      of.story, told, 0,
      [](const JobState& state) {
        return JobRules{}.is_there(state) ? std::nullopt : std::optional(state);
      },
      "not there", {}, "S1");
  judge(of.story, JobRules{}, "job " + id);
}

void ReferenceModel::miss_task(const Told& told, const std::string& job_id, const std::string& id) {
  Task& of = task(job(told.open.account, job_id), id);
  look(
      of.story, told, 0,
      [](const TaskState& state) {
        return state.phase == TaskRules::absent ? std::optional(state) : std::nullopt;
      },
      "not there", {}, "S1");
  judge(of.story, of.rules, "task " + job_id + "/" + id);
  if (told.open.asked >= of.looked) {
    of.there = false;
    of.looked = told.open.asked;
  }
}

void ReferenceModel::miss_node(const Told& told, const std::string& pool_id,
                               const std::string& id) {
  const auto found = nodes_.find({{told.open.account, lower_cased(pool_id)}, lower_cased(id)});
  if (found == nodes_.end()) return;
  // A look that was asked for before the first that saw it may have been earlier than the node.
  if (told.open.asked > found->second.seen)
    found->second.gone = std::min(found->second.gone, told.now);
  look(
      found->second.story, told, 0,
      [](const NodeState& state) { return state.there ? std::nullopt : std::optional(state); },
      "not there");
  judge(found->second.story, NodeRules{}, "node " + id);
}

// ---- what was answered to each kind of request -------------------------------------------------

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
