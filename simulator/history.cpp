#include "simulator/history.h"

namespace windlass::simulator {

namespace {

std::optional<Error> error_of(const Answer& answer) {
  if (const auto* error = std::get_if<Error>(&answer)) return *error;
  return std::nullopt;
}

std::string code_of(const Error& error) {
  return "code " + std::to_string(static_cast<int>(error.code));
}

}  // namespace

History::History(World& world, Auditor& auditor) : world_(world), auditor_(auditor) {}

void History::unclear(Fact& fact) {
  ++unknown_;
  ++fact.unclear;
  if (fact.presence == Presence::unasked || fact.presence == Presence::refused)
    fact.presence = Presence::unknown;
}

// Whether it is there now.
bool History::added(Fact& fact, const std::string& name, const std::optional<Error>& error,
                    ErrorCode exists) {
  if (!error) {
    ++acknowledged_;
    if (fact.presence != Presence::present) fact.present_since = world_.timeline.now();
    fact.presence = Presence::present;
    world_.tell("history", name + " is acknowledged");
    return true;
  }
  if (error->code == exists) {
    if (fact.asked == 1)
      world_.violated("S3", name + " was asked for once, and is said to exist already");
    // One of the others made it.
    if (fact.presence != Presence::present) fact.presence = Presence::unknown;
    return false;
  }
  world_.tell("history", name + " is refused: " + code_of(*error));
  if (fact.presence == Presence::unasked) fact.presence = Presence::refused;
  return false;
}

void History::pool_added(PoolFact& pool, const std::optional<Answer>& answer) {
  if (!answer) return unclear(pool);
  const std::optional<Error> error = error_of(*answer);
  added(pool, "pool " + pool.id, error, ErrorCode::pool_exists);
  if (error && error->code == ErrorCode::pool_exists) pool.presence = Presence::present;
}

void History::job_added(JobFact& job, const std::optional<Answer>& answer) {
  if (!answer) return unclear(job);
  if (!added(job, "job " + job.id, error_of(*answer), ErrorCode::job_exists)) return;
  const auto* made = std::get_if<JobMadeAt>(&*answer);
  if (made == nullptr || made->shard != job.shard)
    world_.violated("protocol", "job " + job.id + " was not made on its pool's shard");
}

void History::tasks_added(JobFact& job, const std::vector<std::string>& ids, MonoTime asked_at,
                          const std::optional<Answer>& answer) {
  if (!answer) {
    for (const std::string& id : ids) unclear(job.tasks.at(id));
    return;
  }
  const auto* tasks = std::get_if<TasksAdded>(&*answer);
  if (std::holds_alternative<NotHere>(*answer)) absent(job, job, "job " + job.id, asked_at);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::optional<Error> error = error_of(*answer);
    if (tasks != nullptr) error = tasks->outcomes.at(i).error;
    if (std::holds_alternative<NotHere>(*answer)) error = Error{ErrorCode::job_not_found, {}, {}};
    added(job.tasks.at(ids[i]), "task " + ids[i], error, ErrorCode::task_exists);
  }
}

void History::absent(const JobFact& job, const Fact& fact, const std::string& name,
                     MonoTime asked_at) {
  if (fact.presence != Presence::present || asked_at < fact.present_since) return;
  if (fact.deletes_asked > 0 || job.deletes_asked > 0) return;
  world_.violated("S1", name + " was acknowledged and is not there");
}

void History::task_deleted(JobFact& job, TaskFact& task, MonoTime asked_at,
                           const std::optional<Answer>& answer) {
  const std::string name = "task " + task.id;
  if (!answer) {
    ++unknown_;
    return;
  }
  if (std::holds_alternative<Done>(*answer)) {
    ++acknowledged_;
    if (task.delete_acknowledged && task.unclear == 0)
      world_.violated("S10", name + " was deleted twice");
    task.delete_acknowledged = true;
    world_.tell("history", name + " is acknowledged as deleted");
    return;
  }
  const std::optional<Error> error = error_of(*answer);
  const bool only_this = task.deletes_asked == 1 && job.deletes_asked == 0 && task.unclear == 0;
  const bool was_there = task.presence == Presence::present && task.present_since <= asked_at;
  if (error && error->code == ErrorCode::task_not_found && only_this && was_there)
    world_.violated("S3", name + " was to be deleted once, and is said not to be there");
}

void History::job_stopped(JobFact& job, bool deleted, const std::optional<Answer>& answer) {
  if (!answer) {
    ++unknown_;
    return;
  }
  if (!std::holds_alternative<Done>(*answer)) return;
  ++acknowledged_;
  world_.tell("history", "job " + job.id + " is acknowledged as stopped");
  auditor_.job_stopped(job.id);
  if (!deleted) return;
  if (job.delete_acknowledged) world_.violated("S3", "job " + job.id + " was deleted twice");
  job.delete_acknowledged = true;
}

void History::seen(Fact& fact, const std::string& name, MonoTime asked_at, EventNumber version) {
  if (asked_at > fact.version_seen_at && version < fact.version_seen)
    world_.violated("S11", name + " went back to version " + std::to_string(version) + " from " +
                               std::to_string(fact.version_seen));
  if (version < fact.version_seen) return;
  fact.version_seen = version;
  fact.version_seen_at = world_.timeline.now();
}

void History::task_read(JobFact& job, TaskFact& task, MonoTime asked_at,
                        const std::optional<Answer>& answer) {
  if (!answer) return;
  const std::string name = "task " + task.id;
  if (const auto* view = std::get_if<TaskView>(&*answer)) {
    if (task.unclear == 0) seen(task, name, asked_at, view->record.version.event);
    return;
  }
  const std::optional<Error> error = error_of(*answer);
  if (std::holds_alternative<NotHere>(*answer)) return absent(job, job, "job " + job.id, asked_at);
  if (error && error->code == ErrorCode::task_not_found) absent(job, task, name, asked_at);
}

void History::job_read(JobFact& job, MonoTime asked_at, const std::optional<Answer>& answer) {
  if (!answer) return;
  if (const auto* record = std::get_if<JobRecord>(&*answer))
    return seen(job, "job " + job.id, asked_at, record->version.event);
  absent(job, job, "job " + job.id, asked_at);
}

void History::job_listed(const JobFact& job, MonoTime asked_at,
                         const std::vector<TaskRecord>& tasks,
                         const std::optional<TaskCounts>& counts) {
  if (job.presence == Presence::refused)
    world_.violated("S2", "job " + job.id + " was refused and is there");
  std::map<std::string, int> listed;
  TaskCounts recounted;
  for (const TaskRecord& task : tasks) {
    if (++listed[task.id] > 1) world_.violated("S3", "task " + task.id + " is there twice");
    const auto fact = job.tasks.find(task.id);
    if (fact == job.tasks.end()) {
      world_.violated("S3", "task " + task.id + " is there, and nobody asked for it");
      continue;
    }
    if (fact->second.presence == Presence::refused)
      world_.violated("S2", "task " + task.id + " was refused and is there");
    if (fact->second.delete_acknowledged && fact->second.unclear == 0)
      world_.violated("S10", "task " + task.id + " was deleted and is there");
    const auto add = [&](StateCounts& where, std::int64_t amount) {
      if (task.state == TaskState::active) where.active += amount;
      if (task.state == TaskState::running) where.running += amount;
      if (task.state == TaskState::completed)
        (task.result == ExecutionResult::success ? where.succeeded : where.failed) += amount;
    };
    add(recounted.tasks, 1);
    add(recounted.slots, task.required_slots);
  }
  for (const auto& [id, task] : job.tasks) {
    if (!listed.contains(id)) absent(job, task, "task " + id, asked_at);
  }
  if (counts && !(*counts == recounted))
    world_.violated("S4", "the task counts of job " + job.id + " are not those of its tasks");
}

}  // namespace windlass::simulator
