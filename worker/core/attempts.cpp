// From an assignment to its one report: hold for a lease, stage in, run, upload, report.
#include "worker/core/node_agent.h"

#include "model/assert.h"
#include "model/command_line.h"
#include "model/museum.h"
#include "model/task_folder.h"

#include <algorithm>

namespace windlass::worker {
namespace {

bool names_a_folder(std::string_view job_id) {
  const auto colon = job_id.find(':');
  if (colon != std::string_view::npos && !valid_user_id(job_id.substr(colon + 1))) return false;
  return valid_user_id(job_id.substr(0, colon));
}
bool names_a_folder(std::string_view job_id, std::string_view task_id) {
  return names_a_folder(job_id) && valid_user_id(task_id);
}

bool wanted(const OutputFile& file, std::int32_t exit_code) {
  switch (file.condition) {
    case UploadCondition::taskcompletion:
      return true;
    case UploadCondition::tasksuccess:
      return exit_code == 0;
    case UploadCondition::taskfailure:
      return exit_code != 0;
  }
  return false;
}

FailureInfo launch_failure(std::string message) {
  return {ErrorCategory::usererror, "CommandLaunchFailed", std::move(message), {}};
}

FailureInfo ran_too_long() {
  return {ErrorCategory::usererror,
          "TaskEnded",
          "The task was ended because it ran longer than its maxWallClockTime.",
          {}};
}

}  // namespace

void NodeAgent::assign(ShardId shard, const Assignment& assignment, Now now, Effects& effects) {
  if (assignment.id.shard != shard) {
    ++counts_.stale_messages;
    return;
  }
  if (options_.executor == Executor::null) return assign_null(assignment, now, effects);
  if (run_of_attempt_.contains(assignment.id) || unreported_.contains(assignment.id)) {
    ++counts_.stale_messages;
    return;
  }

  const auto found = nodes_.find(assignment.node_id);
  const bool acceptable =
      found != nodes_.end() && !shutting_down_ && found->second.grant->shard == shard &&
      found->second.grant->boot == assignment.node_boot && !found->second.grant->returning &&
      found->second.grant->state == NodeState::idle && assignment.required_slots >= 0 &&
      assignment.required_slots <= found->second.slots.slots_free() &&
      names_a_folder(assignment.job_id, assignment.task_id) && !link(shard).lease_lost;
  if (!acceptable) {
    ++counts_.stale_messages;
    return say_lost(assignment.id, now, effects);
  }
  // An earlier attempt of the task is still here: its end was given up by the shard. It must go
  // first, for they would share a folder.
  const auto other = run_of_attempt_.lower_bound(AttemptId{shard, assignment.id.task, 0});
  if (other != run_of_attempt_.end() && other->first.shard == shard &&
      other->first.task == assignment.id.task) {
    ++counts_.stale_messages;
    if (other->first.attempt < assignment.id.attempt)
      stop(*find_run(other->second), StopCause::lost, Duration::zero(), now, effects);
    return say_lost(assignment.id, now, effects);
  }

  Run run;
  run.id = next_run_++;
  run.shard = shard;
  run.node_id = assignment.node_id;
  run.folder = task_folder(assignment.job_id, assignment.task_id);
  run.assignment = assignment;
  run.start_time = now.wall;
  found->second.slots.take(run.id, assignment.required_slots);
  run_of_attempt_.emplace(assignment.id, run.id);
  ++counts_.attempts_running;
  const std::string key = folder_key(run.node_id, run.folder);
  if (kept_.contains(key)) drop_kept(key, effects);
  const auto [kept, inserted] = runs_.emplace(run.id, std::move(run));
  WINDLASS_ASSERT(inserted);
  begin_or_hold(kept->second, now, effects);
}

void NodeAgent::assign_null(const Assignment& assignment, Now now, Effects& effects) {
  const auto found = nodes_.find(assignment.node_id);
  const bool acceptable = found != nodes_.end() &&
                          found->second.grant->shard == assignment.id.shard &&
                          found->second.grant->boot == assignment.node_boot &&
                          !found->second.grant->returning && assignment.required_slots >= 0 &&
                          assignment.required_slots <= found->second.slots.slots_free();
  AttemptEnded report;
  report.id = assignment.id;
  report.end_time = now.wall;
  if (acceptable) {
    report.end = AttemptEnd::exited;
    report.start_time = now.wall;
    report.exit_code = 0;
    ++counts_.attempts_started;
  } else {
    report.end = AttemptEnd::lost;
    ++counts_.stale_messages;
  }
  ++counts_.reports;
  say(assignment.id.shard, std::move(report), effects);
}

void NodeAgent::prepare_attempt(Run& run, const TaskDocument& document) {
  const Assignment& assignment = *run.assignment;
  run.output_files = document.output_files;
  const NodeEnvironment node = node_environment(*nodes_.at(run.node_id).grant);
  std::string token;
  if (!document.token_secret.empty())
    token = options_.task_token(document.token_secret, node.account, assignment.job_id,
                                assignment.task_id);
  run.environment = task_environment(
      node,
      {assignment.job_id, assignment.task_id, run.command_folder(), assignment.id.attempt,
       assignment.preparation_id, assignment.instance, std::move(token)},
      assignment.common_environment_settings, document.environment_settings);
}

// The run has its lease: folder and files first.
void NodeAgent::begin(Run& run, Now now, Effects& effects) {
  run.phase = RunPhase::staging;
  run.started = now.mono;
  run.start_time = now.wall;
  StageIn work{run.id, run.node_id, run.command_folder(), {}, {}};
  if (run.is_start_task()) {
    work.resource_files = nodes_.at(run.node_id).grant->plan.start_task->resource_files;
  } else {
    ++counts_.attempts_started;
    const auto document = options_.decode_document(run.assignment->document);
    if (!document)
      return finish(run, AttemptEnd::not_started,
                    FailureInfo{ErrorCategory::servererror,
                                "Unknown",
                                "The task's document cannot be read by this worker.",
                                {}},
                    now, effects);
    work.resource_files = document->resource_files;
    if (run.is_instance()) {
      work.resource_files.clear();  // those are the primary's, before its own command
      if (document->multi_instance)
        work.resource_files = document->multi_instance->common_resource_files;
      work.shared_folder = shared_folder_of(run.folder);
    }
    prepare_attempt(run, *document);
    watch_staging(run);
  }
  effects.work.emplace_back(std::move(work));
}

void NodeAgent::watch_staging(Run& run) {
  const Duration limit = run.assignment->max_wall_clock_time;
  if (limit == kInfinite) return;
  run.staging_deadline = run.started + limit;
  staging_deadlines_.emplace(run.staging_deadline, run.id);
}

std::optional<FailureInfo> NodeAgent::prepare_start(
    StartProcess& start, const std::string& command_line,
    const std::optional<UserIdentity>& identity) const {
  auto words = split_command_line(command_line);
  if (!words || words->empty())
    return launch_failure("The command line is empty, or a quote in it is not closed.");
  if (identity && !identity->username.empty())
    return launch_failure("Named users are not built into this version of Windlass.");
  start.admin = identity && identity->elevation == ElevationLevel::admin;
  if (start.admin && !options_.admin_tasks)
    return launch_failure(
        "This worker does not run tasks with elevation 'admin' (see --admin-tasks).");
  start.arguments = std::move(*words);
  return std::nullopt;
}

void NodeAgent::staged_in(RunId id, std::optional<FailureInfo> failure, Now now, Effects& effects) {
  Run* run = find_run(id);
  if (run == nullptr || run->phase != RunPhase::staging) return;
  staging_deadlines_.erase({run->staging_deadline, id});
  if (run->stop != StopCause::none) return finish_stopped(*run, now, effects);
  if (failure) return finish(*run, AttemptEnd::not_started, std::move(failure), now, effects);
  if (run->is_instance() && run->coordination == 0) return start_coordination(*run, now, effects);

  StartProcess start{id,        run->node_id, run->folder, {}, run->environment,
                     kInfinite, false,        false,       {}};
  std::string command_line;
  std::optional<UserIdentity> identity;
  if (run->is_start_task()) {
    const StartTask& task = *nodes_.at(run->node_id).grant->plan.start_task;
    command_line = task.command_line;
    identity = task.user_identity;
  } else {
    const auto document = options_.decode_document(run->assignment->document);
    WINDLASS_ASSERT(document.has_value());  // it was, when the run began
    command_line = document->command_line;
    identity = document->user_identity;
    const Duration limit = run->assignment->max_wall_clock_time;
    if (limit != kInfinite)
      start.wall_clock_max = std::max(limit - (now.mono - run->started), Duration(1));
  }
  if (auto unfit = prepare_start(start, command_line, identity))
    return finish(*run, AttemptEnd::not_started, std::move(unfit), now, effects);
  run->phase = RunPhase::running;
  run->command_begun = true;
  spool_run_begun(effects.spool, *run);
  effects.work.emplace_back(std::move(start));
}

void NodeAgent::staging_refused(RunId id, Now now, Effects& effects) {
  Run* run = find_run(id);
  if (run == nullptr || run->phase != RunPhase::staging) return;
  staging_deadlines_.erase({run->staging_deadline, id});
  rest(*run, now, effects);
}

void NodeAgent::rest(Run& run, Now now, Effects& effects) {
  if (run.stop != StopCause::none) return finish_stopped(run, now, effects);
  if (run.phase == RunPhase::running) effects.work.emplace_back(ForgetProcess{run.id});
  run.phase = RunPhase::resting;
  run.rest_until = now.mono + options_.rest;
  resting_.emplace(run.rest_until, run.id);
}

void NodeAgent::process_started(RunId id, Effects& effects) {
  // Unknown: given up meanwhile. Its end is answered with ForgetProcess.
  if (find_run(id) == nullptr && find_coordinating(id) == nullptr)
    effects.work.emplace_back(StopProcess{id, Duration::zero()});
}

void NodeAgent::start_failed(RunId id, std::optional<FailureInfo> failure, Now now,
                             Effects& effects) {
  if (Run* run = find_coordinating(id))
    return coordination_failed_to_start(*run, std::move(failure), now, effects);
  Run* run = find_run(id);
  if (run == nullptr || run->phase != RunPhase::running) {
    effects.work.emplace_back(ForgetProcess{id});
    return;
  }
  if (!failure) return rest(*run, now, effects);
  if (run->stop != StopCause::none) return finish_stopped(*run, now, effects);
  finish(*run, AttemptEnd::not_started, std::move(failure), now, effects);
}

void NodeAgent::process_ended(RunId id, const ProcessEnd& end, Now now, Effects& effects) {
  if (Run* run = find_coordinating(id)) return coordination_ended(*run, end, now, effects);
  Run* run = find_run(id);
  if (run == nullptr) {
    effects.work.emplace_back(ForgetProcess{id});
    return;
  }
  if (run->phase != RunPhase::running) return;  // told twice; forgotten when the run is over
  run->ended = end;
  if (end.cause == StopCause::lost && run->stop != StopCause::asked) run->stop = StopCause::lost;
  if (run->stop == StopCause::none) run->stop = end.cause;
  if (run->is_start_task() || run->stop == StopCause::lost || run->stop == StopCause::asked)
    return finish_stopped(*run, now, effects);

  UploadOutputs upload{id, run->node_id, run->folder, {}, run->environment};
  for (const OutputFile& file : run->output_files) {
    if (wanted(file, end.exit_code)) upload.output_files.push_back(file);
  }
  if (upload.output_files.empty()) return finish_stopped(*run, now, effects);
  run->phase = RunPhase::uploading;
  if (run->has_coordination())
    effects.work.emplace_back(StopProcess{run->coordination, Duration::zero()});
  effects.work.emplace_back(std::move(upload));
}

void NodeAgent::uploaded(RunId id, std::optional<FailureInfo> failure, Now now, Effects& effects) {
  Run* run = find_run(id);
  if (run == nullptr || run->phase != RunPhase::uploading) return;
  run->ended->end_time = now.wall;
  if (failure && run->stop == StopCause::none)
    return finish(*run, AttemptEnd::upload_failed, std::move(failure), now, effects);
  finish_stopped(*run, now, effects);
}

void NodeAgent::stop(Run& run, StopCause cause, Duration grace, Now now, Effects& effects) {
  const StopCause before = run.stop;
  if (run.stop == StopCause::none || cause == StopCause::lost) run.stop = cause;
  switch (run.phase) {
    case RunPhase::held:
    case RunPhase::resting:
      return finish_stopped(run, now, effects);
    case RunPhase::staging:
    case RunPhase::uploading:
      effects.work.emplace_back(CancelTransfers{run.id});
      return;
    case RunPhase::running:
      // The next process of this worker may be the one that hears of the end: not by itself.
      if (run.stop != before) spool_run_begun(effects.spool, run);
      effects.work.emplace_back(StopProcess{run.id, grace});
      if (WINDLASS_PLANTED(end_said_before_kill)) finish_stopped(run, now, effects);
      return;
    case RunPhase::coordinating:
    case RunPhase::ready:
      if (run.stop != before) spool_run_begun(effects.spool, run);
      effects.work.emplace_back(StopProcess{run.coordination, grace});
      return;
    case RunPhase::clearing:  // it is being killed already
      return;
  }
}

void NodeAgent::end_attempt(ShardId shard, const EndAttempt& message, Now now, Effects& effects) {
  if (message.id.shard != shard) return;
  const auto known = run_of_attempt_.find(message.id);
  if (known != run_of_attempt_.end()) {
    Run* run = find_run(known->second);
    run->delete_folder = run->delete_folder || message.delete_folder;
    return stop(*run, StopCause::asked, options_.stop_grace, now, effects);
  }
  const auto reported = unreported_.find(message.id);
  if (reported == unreported_.end()) return say_lost(message.id, now, effects);
  if (!message.delete_folder || reported->second.folder.empty()) return;
  const std::string key = folder_key(reported->second.node_id, reported->second.folder);
  if (!kept_.contains(key)) return;
  drop_kept(key, effects);
  const std::string node_id = reported->second.node_id;
  effects.work.emplace_back(RemoveFolder{node_id, reported->second.folder});
  if (const auto node = nodes_.find(node_id); node != nodes_.end())
    move_on(node->second, now, effects);
}

// What the end of a run is called when no failure of files or launch comes first.
void NodeAgent::finish_stopped(Run& run, Now now, Effects& effects) {
  switch (run.stop) {
    case StopCause::none:
      return finish(run, AttemptEnd::exited, std::nullopt, now, effects);
    case StopCause::asked:
      return finish(run, AttemptEnd::stopped, std::nullopt, now, effects);
    case StopCause::wall_clock:
      return finish(run, AttemptEnd::wall_clock, ran_too_long(), now, effects);
    case StopCause::lost:
      return finish(run, AttemptEnd::lost, std::nullopt, now, effects);
  }
}

// The one place where a run ends. `run` is gone afterwards.
void NodeAgent::finish(Run& run, AttemptEnd end, std::optional<FailureInfo> failure, Now now,
                       Effects& effects) {
  link(run.shard).held.erase(run.id);
  staging_deadlines_.erase({run.staging_deadline, run.id});
  resting_.erase({run.rest_until, run.id});
  if (run.has_coordination()) return clear(run, end, std::move(failure), effects);
  const bool guarded = run.phase == RunPhase::running || run.phase == RunPhase::uploading ||
                       (run.phase == RunPhase::clearing && run.command_begun);
  const RunId id = run.id;
  const RunId coordination = run.coordination;
  if (run.is_start_task()) {
    start_task_ended(run, now, std::move(failure), effects);
    if (guarded) effects.work.emplace_back(ForgetProcess{id});
    return;
  }

  Node& node = nodes_.at(run.node_id);
  AttemptEnded report;
  report.id = run.assignment->id;
  report.end = end;
  if (run.phase != RunPhase::held) report.start_time = run.start_time;
  report.end_time = run.ended ? run.ended->end_time : now.wall;
  if (run.ended && end != AttemptEnd::lost) {
    report.exit_code = run.ended->exit_code;
    report.usage = run.ended->usage;
  }
  report.failure = std::move(failure);

  if (run.delete_folder) {
    effects.work.emplace_back(RemoveFolder{run.node_id, run.folder});
  } else if (!node.grant->returning) {
    const Duration time = run.assignment->retention_time;
    keep_folder(run, time == kInfinite ? kForEver : report.end_time + time, effects);
  }
  Unreported unreported{report, run.node_id, run.folder};
  spool_ended(effects.spool, id, unreported);
  unreported_.emplace(report.id, std::move(unreported));
  ++counts_.reports;
  --counts_.attempts_running;
  run_of_attempt_.erase(report.id);
  node.slots.give_back(id);
  say(run.shard, std::move(report), effects);
  run_of_coordination_.erase(coordination);
  runs_.erase(id);
  if (guarded) effects.work.emplace_back(ForgetProcess{id});
  if (coordination != 0) effects.work.emplace_back(ForgetProcess{coordination});
  move_on(node, now, effects);
}

// For attempts that never began here. Kept until acknowledged, but not across restarts: resync
// says as much.
void NodeAgent::say_lost(const AttemptId& id, Now now, Effects& effects) {
  AttemptEnded report;
  report.id = id;
  report.end = AttemptEnd::lost;
  report.end_time = now.wall;
  if (options_.executor == Executor::process) unreported_.emplace(id, Unreported{report, {}, {}});
  ++counts_.reports;
  say(id.shard, std::move(report), effects);
}

void NodeAgent::delete_task_folder(const DeleteTaskFolder& message, Now now, Effects& effects) {
  const auto node = nodes_.find(message.node_id);
  if (options_.executor == Executor::null || node == nodes_.end()) return;
  if (message.task_id.empty()) return delete_job_folder(message, node->second, now, effects);
  if (!names_a_folder(message.job_id, message.task_id)) return;
  const std::string folder = task_folder(message.job_id, message.task_id);
  for (const auto& [run, slots] : node->second.slots.held()) {
    if (find_run(run)->folder == folder) {
      ++counts_.stale_messages;
      return;
    }
  }
  drop_kept(folder_key(message.node_id, folder), effects);
  effects.work.emplace_back(RemoveFolder{message.node_id, folder});
  move_on(node->second, now, effects);
}

// What still runs there (its end was not awaited, or the job's id is another's by now) keeps its
// folder, and that of the job.
void NodeAgent::delete_job_folder(const DeleteTaskFolder& message, Node& node, Now now,
                                  Effects& effects) {
  if (!names_a_folder(message.job_id)) return;
  const std::string folder = job_folder(message.job_id);
  const std::string below = folder + "/";
  const auto& held = node.slots.held();
  const bool busy = std::any_of(held.begin(), held.end(), [&](const auto& entry) {
    return find_run(entry.first)->folder.starts_with(below);
  });
  const std::string prefix = folder_key(message.node_id, below);
  for (auto kept = kept_.lower_bound(prefix);
       kept != kept_.end() && kept->first.starts_with(prefix);) {
    const std::string key = (kept++)->first;
    if (busy) effects.work.emplace_back(RemoveFolder{message.node_id, kept_.at(key).folder});
    drop_kept(key, effects);
  }
  if (!busy) effects.work.emplace_back(RemoveFolder{message.node_id, folder});
  move_on(node, now, effects);
}

void NodeAgent::keep_folder(const Run& run, WallTime until, Effects& effects) {
  const std::string key = folder_key(run.node_id, run.folder);
  const auto known = kept_.find(key);
  if (known != kept_.end()) {
    kept_by_deadline_.erase({known->second.until, key});
    kept_.erase(known);
  }
  KeptFolder kept{run.node_id, run.folder, until};
  spool_folder_kept(effects.spool, kept);
  kept_by_deadline_.emplace(until, key);
  kept_.emplace(key, std::move(kept));
}

void NodeAgent::drop_kept(const std::string& key, Effects& effects) {
  const auto known = kept_.find(key);
  if (known == kept_.end()) return;
  spool_folder_gone(effects.spool, known->second.node_id, known->second.folder);
  kept_by_deadline_.erase({known->second.until, key});
  kept_.erase(known);
}

}  // namespace windlass::worker
