#include "simulator/history.h"

#include "simulator/reference/request_name.h"

namespace windlass::simulator {

namespace {

std::string outcome_of(const std::optional<Answer>& answer) {
  if (!answer) return "nobody knows";
  if (const auto* error = std::get_if<Error>(&*answer)) return std::string(to_string(error->code));
  if (std::holds_alternative<NotHere>(*answer)) return "not here";
  return "yes";
}

// The newest version that an answer tells of an entity itself; none in refusals.
std::optional<EventNumber> version_of(const Answer& answer) {
  if (const auto* done = std::get_if<Done>(&answer)) return done->version.event;
  if (const auto* made = std::get_if<JobMadeAt>(&answer)) return made->version.event;
  if (const auto* view = std::get_if<PoolView>(&answer)) return view->record.version.event;
  if (const auto* record = std::get_if<JobRecord>(&answer)) return record->version.event;
  if (const auto* record = std::get_if<JobScheduleRecord>(&answer)) return record->version.event;
  if (const auto* view = std::get_if<TaskView>(&answer)) return view->record.version.event;
  return std::nullopt;
}

}  // namespace

void note(Fact& fact, EventNumber version) {
  if (version <= fact.version) return;
  fact.version_before = std::exchange(fact.version, version);
}

ClientProcess::Then remember(Fact& fact) {
  return [&fact](const std::optional<Answer>& answer) {
    if (!answer) return;
    if (const auto version = version_of(*answer)) note(fact, *version);
  };
}

bool is_done(const std::optional<Answer>& answer) {
  return answer && version_of(*answer).has_value();
}

History::History(World& world, Auditor& auditor)
    : world_(world), auditor_(auditor), reference_(static_cast<ShardId>(world.options.shards)) {}

bool History::ask(ClientProcess& client, const Fact& of, ShardId shard, const Request& request,
                  Then then, std::vector<TaskWork> works) {
  const std::size_t number = asked_;
  const std::string account = of.account;
  const bool sent = client.ask(account, shard, request,
                               [this, number, account, request,
                                then = std::move(then)](const std::optional<Answer>& answer) {
                                 hear(number, account, request, answer);
                                 if (then) then(answer);
                               });
  if (!sent) return false;
  ++asked_;
  reference_.asked(account, shard, request, world_.timeline.now(), std::move(works));
  if (const auto* again = std::get_if<ReactivateTask>(&request))
    auditor_.reactivation_asked(account, again->job_id, again->task_id);
  return true;
}

void History::hear(std::size_t number, const std::string& account, const Request& request,
                   const std::optional<Answer>& answer) {
  world_.tell("clients", "request " + std::to_string(number) + " (" + request_name(request) +
                             " of " + account + "): " + outcome_of(answer));
  const bool changes = changes_something(request);
  if (!answer) {
    if (changes) ++unknown_;
    return;
  }
  report(reference_.answered(number, world_.timeline.now(), *answer));
  const bool refused =
      std::holds_alternative<Error>(*answer) || std::holds_alternative<NotHere>(*answer);
  if (!changes || refused) return;
  ++acknowledged_;
  note_promises(account, request, *answer);
}

void History::report(const std::vector<Contradiction>& found) {
  for (const Contradiction& one : found) world_.violated(one.promise, one.words);
}

void History::note_promises(const std::string& account, const Request& request,
                            const Answer& answer) {
  const auto* done = std::get_if<Done>(&answer);
  if (done == nullptr) return;
  if (const auto* terminated = std::get_if<TerminateJob>(&request))
    auditor_.job_stopped(account, terminated->job_id, done->version.event);
  if (const auto* deleted = std::get_if<DeleteJob>(&request))
    auditor_.job_stopped(account, deleted->job_id, done->version.event);
}

void History::job_listed(const JobFact& job, const std::vector<TaskRecord>& tasks,
                         const TaskCounts& counts) {
  TaskCounts recounted;
  for (const TaskRecord& task : tasks) {
    const auto add = [&](StateCounts& where, std::int64_t amount) {
      if (task.state == TaskState::active) where.active += amount;
      if (is_on_node(task.state)) where.running += amount;
      if (task.state == TaskState::completed)
        (task.result == ExecutionResult::success ? where.succeeded : where.failed) += amount;
    };
    add(recounted.tasks, 1);
    add(recounted.slots, task.required_slots);
  }
  if (!(counts == recounted))
    world_.violated("S4", "the task counts of job " + job.id + " are not those of its tasks");
}

void History::all_listed() {
  report(reference_.half_done());
}

}  // namespace windlass::simulator
