// What an answer shows, and what it says is not there.
#include "simulator/reference/model_parts.h"

namespace windlass::simulator {

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

}  // namespace windlass::simulator
