// Instances of a multi-instance task. Each runs the coordination command first. What that leaves
// running stays until the attempt is over, and nothing more happens until the shard asks the
// primary, once all instances are ready, for the task's own command.
#include "worker/core/node_agent.h"

#include "model/assert.h"

#include <utility>

namespace windlass::worker {

Run* NodeAgent::find_coordinating(RunId coordination) {
  const auto found = run_of_coordination_.find(coordination);
  return found == run_of_coordination_.end() ? nullptr : find_run(found->second);
}

// The common files are there.
void NodeAgent::start_coordination(Run& run, Now now, Effects& effects) {
  const auto document = options_.decode_document(run.assignment->document);
  WINDLASS_ASSERT(document.has_value());  // it was, when the run began
  StartProcess start{
      next_run_++, run.node_id, run.command_folder(), {}, run.environment, kInfinite, false,
      true,        {}};
  if (run.assignment->instance->number == 0) start.output_prefix = "coordination-";
  const Duration limit = run.assignment->max_wall_clock_time;
  if (limit != kInfinite)
    start.wall_clock_max = std::max(limit - (now.mono - run.started), Duration(1));
  const std::string command_line =
      document->multi_instance ? document->multi_instance->coordination_command_line : "";
  if (auto unfit = prepare_start(start, command_line, document->user_identity))
    return finish(run, AttemptEnd::not_started, std::move(unfit), now, effects);
  run.coordination = start.run;
  run_of_coordination_.emplace(run.coordination, run.id);
  run.phase = RunPhase::coordinating;
  spool_run_begun(effects.spool, run);
  effects.work.emplace_back(std::move(start));
}

void NodeAgent::process_settled(RunId id, Now now, Effects& effects) {
  Run* run = find_coordinating(id);
  if (run == nullptr) {
    if (find_run(id) == nullptr) effects.work.emplace_back(StopProcess{id, Duration::zero()});
    return;
  }
  if (run->phase == RunPhase::coordinating && run->stop == StopCause::none)
    become_ready(*run, now, effects);
}

void NodeAgent::become_ready(Run& run, Now now, Effects& effects) {
  run.phase = RunPhase::ready;
  say(run.shard, InstanceReady{run.assignment->id}, effects);
  if (run.command_wanted) stage_command(run, now, effects);
}

void NodeAgent::begin_command(ShardId shard, const BeginCommand& message, Now now,
                              Effects& effects) {
  const auto known = run_of_attempt_.find(message.id);
  if (message.id.shard != shard || known == run_of_attempt_.end()) {
    ++counts_.stale_messages;
    return;
  }
  Run& run = *find_run(known->second);
  if (!run.is_instance() || run.assignment->instance->number != 0) return;
  if (std::exchange(run.command_wanted, true)) return;
  if (run.phase == RunPhase::ready && run.stop == StopCause::none) stage_command(run, now, effects);
}

// From here on the primary is a run like others.
void NodeAgent::stage_command(Run& run, Now now, Effects& effects) {
  const auto document = options_.decode_document(run.assignment->document);
  WINDLASS_ASSERT(document.has_value());
  // Of a worker that was started since, the limit counts anew, as it does for others.
  if (run.started == MonoTime{}) run.started = now.mono;
  run.phase = RunPhase::staging;
  watch_staging(run);
  effects.work.emplace_back(StageIn{run.id, run.node_id, run.folder, document->resource_files, {}});
}

// Nothing of the coordination command is left, for whatever reason.
void NodeAgent::coordination_ended(Run& run, const ProcessEnd& end, Now now, Effects& effects) {
  if (std::exchange(run.coordination_over, true)) return;
  const RunPhase phase = run.phase;
  if (phase == RunPhase::uploading || phase == RunPhase::resting) return;
  if (phase == RunPhase::clearing) {
    Run::Conclusion conclusion = std::move(*run.conclusion);
    if (run.stop == StopCause::lost) conclusion = {AttemptEnd::lost, std::nullopt};
    return finish(run, conclusion.end, std::move(conclusion.failure), now, effects);
  }
  if (end.cause == StopCause::lost && run.stop != StopCause::asked) run.stop = StopCause::lost;
  if (run.stop == StopCause::none) run.stop = end.cause;
  if (phase == RunPhase::coordinating && run.stop == StopCause::none) {
    if (end.exit_code == 0) return become_ready(run, now, effects);
    run.ended = end;
    return finish(run, AttemptEnd::coordination_failed, std::nullopt, now, effects);
  }
  if (phase == RunPhase::coordinating || phase == RunPhase::ready) {
    if (run.stop == StopCause::none) run.stop = StopCause::lost;  // it was to stay
    return finish_stopped(run, now, effects);
  }
  // The command may go on without what it was to find there; but what took that away is not ours.
  const StopCause cause = run.stop == StopCause::none ? StopCause::lost : run.stop;
  stop(run, cause, Duration::zero(), now, effects);
}

void NodeAgent::coordination_failed_to_start(Run& run, std::optional<FailureInfo> failure, Now now,
                                             Effects& effects) {
  if (run.phase != RunPhase::coordinating) return;
  run.coordination_over = true;
  if (run.stop != StopCause::none) return finish_stopped(run, now, effects);
  if (!failure) return rest(run, now, effects);
  finish(run, AttemptEnd::not_started, std::move(failure), now, effects);
}

// The end waits for what the coordination command left.
void NodeAgent::clear(Run& run, AttemptEnd end, std::optional<FailureInfo> failure,
                      Effects& effects) {
  if (run.phase == RunPhase::clearing) return;
  run.phase = RunPhase::clearing;
  run.conclusion = Run::Conclusion{end, std::move(failure)};
  if (!run.command_begun) spool_run_begun(effects.spool, run);
  effects.work.emplace_back(StopProcess{run.coordination, Duration::zero()});
}

}  // namespace windlass::worker
