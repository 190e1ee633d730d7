#include "simulator/auditor.h"

#include "simulator/auditor_words.h"

#include <algorithm>

namespace windlass::simulator {

void Auditor::committed(ShardId shard, EventNumber first_event, const ShardEvents& events) {
  ShardView& view = shards_[shard];
  world_.trace.mix(first_event);
  if (events.empty()) return;
  if (first_event != view.events + 1)
    world_.violated("S12", "shard " + std::to_string(shard) + " went from event " +
                               std::to_string(view.events) + " to " + std::to_string(first_event));
  view.events = first_event + events.size() - 1;
  for (const ShardEvent& event : events) {
    view.moves.see(event);
    std::visit([&](const auto& what) { see(shard, view, what); }, event);
  }
  for (; view.moves_judged < view.moves.undocumented().size(); ++view.moves_judged)
    world_.violated("API", view.moves.undocumented()[view.moves_judged]);
  check_let_go(view);
  for (const auto& [job, why] : std::exchange(view.to_be_stopped, {})) {
    if (!view.erased_jobs.contains(job)) world_.violated("API", why + ", and the job goes on");
  }
}

// An attempt that is not to go on keeps its slots, and its task's place, until it has ended.
void Auditor::check_let_go(ShardView& view) {
  for (const AttemptId& id : std::exchange(view.let_go, {})) {
    AttemptId whole = id;
    if (instance_number(id.task) == kPrimaryCoordination) whole.task = task_of_instance(id.task);
    if (view.lingering.contains(whole)) continue;
    const auto alive = alive_.find({id.shard, id.task});
    if (alive == alive_.end() || !(alive->second == id)) continue;
    const auto task = view.tasks.find(task_of_instance(id.task));
    const bool runs_again =
        task != view.tasks.end() && task->second.record.state != TaskState::completed;
    world_.violated(runs_again ? "S7" : "S6", text(id) + " is let go, and a process of it lives");
  }
}

void Auditor::see(ShardId shard, ShardView& view, const JobNodePut& put) {
  const JobNodeRecord& after = put.record;
  const auto key = std::pair(after.job, after.node);
  const std::string who = "shard-" + std::to_string(shard);
  const AttemptId prepares{shard, node_task_key(after.job, after.node, NodeTask::preparation),
                           after.preparation.attempt};
  const auto job = view.jobs.find(after.job);
  if (job == view.jobs.end()) return world_.violated("S10", text(prepares) + " has no job");
  const JobRecord& record = job->second.record;
  const JobNodeRecord before = view.job_nodes[key];
  view.job_nodes[key] = after;
  if (after.preparation.attempt < before.preparation.attempt ||
      after.preparation.attempt > before.preparation.attempt + 1)
    world_.violated("S4", text(prepares) + " comes after attempt " +
                              std::to_string(before.preparation.attempt));
  if (after.preparation.attempt > before.preparation.attempt) {
    world_.tell(who, text(prepares) + " prepares " + after.node_id);
    if (record.state != JobState::active && record.state != JobState::disabling &&
        record.state != JobState::disabled)
      world_.violated("S10", text(prepares) + " begins and its job has ended");
  }
  check_node_task_end(prepares, after.preparation);
  if (before.release && before.release->judged && !(after.release == before.release))
    world_.violated("API", after.node_id + " is released twice from job " + record.spec.id);
  if (after.release_skipped && !before.release_skipped) check_skipped(shard, view, after);
  if (!after.release) return;
  const AttemptId releases{shard, node_task_key(after.job, after.node, NodeTask::release),
                           after.release->attempt};
  if (!before.release || before.release->attempt < after.release->attempt) {
    world_.tell(who, text(releases) + " releases " + after.node_id);
    if (record.state != JobState::terminating && record.state != JobState::deleting)
      world_.violated("API", text(releases) + " begins and its job goes on");
  }
  check_node_task_end(releases, *after.release);
}

// Only a node that is lost is left out, or one that was not to be had for as long as a release may
// take.
void Auditor::check_skipped(ShardId shard, const ShardView& view, const JobNodeRecord& record) {
  const auto node = view.nodes.find(record.node);
  if (node == view.nodes.end()) return;
  const NodeState state = node->second.state;
  const bool lost = state == NodeState::unknown || state == NodeState::unusable ||
                    state == NodeState::starttaskfailed || state == NodeState::leavingpool ||
                    state == NodeState::deallocating || state == NodeState::deallocated ||
                    state == NodeState::preempted || node->second.draining;
  const auto job = view.jobs.find(record.job);
  // A clock that is set may take all of that time at once.
  const bool patient =
      world_.options.clock_step_every == Duration{} && job != view.jobs.end() &&
      job->second.record.spec.release_task &&
      job->second.record.spec.release_task->max_wall_clock_time >= std::chrono::minutes(15);
  if (!lost && patient)
    world_.violated("API", "shard " + std::to_string(shard) + " does not release " +
                               record.node_id + " from its job, and could");
}

// A job whose end is over has released what it prepared and is still there, unless it was forced.
void Auditor::check_released(ShardId shard, const ShardView& view, const JobRecord& job) {
  for (auto it = view.job_nodes.lower_bound({job.seq, 0});
       it != view.job_nodes.end() && it->first.first == job.seq; ++it) {
    const JobNodeRecord& record = it->second;
    if (record.preparation.state == NodeTaskState::running)
      world_.violated("API", "job " + job.spec.id + " has ended and still prepares a node");
    const bool over = record.release_skipped || (record.release && record.release->judged);
    if (job.spec.release_task && !job.forced && !over && view.nodes.contains(record.node))
      world_.violated("API", "shard " + std::to_string(shard) + ": job " + job.spec.id +
                                 " has ended and did not release " + record.node_id);
  }
}

// Nothing of the job runs on the node any more when its release does.
void Auditor::check_release_start(const Start& start) {
  if (!is_node_task(start.id.task)) return;
  if (kind_of_node_task(start.id.task) != NodeTask::release) return;
  for (const auto& [task, id] : alive_) {
    if (task.first == start.id.shard && task.second.job == start.id.task.job &&
        ledger_.at(id).start.node_id == start.node_id && !(id == start.id))
      world_.violated("API", text(start.id) + " releases " + start.node_id + " while " + text(id) +
                                 " runs there");
  }
}

void Auditor::see(ShardId shard, ShardView& view, const JobPut& put) {
  if (view.erased_jobs.contains(put.job->seq)) {
    world_.violated("S10", "job " + put.job->spec.id + " was erased and comes back");
    return;
  }
  const auto [job, fresh] = view.jobs.try_emplace(put.job->seq);
  if (fresh) job->second.made = put.job->version.event;
  if (fresh) check_alone(*put.job);
  JobRecord& record = job->second.record;
  const bool was_ended = record.state == JobState::completed || record.state == JobState::deleting;
  const bool is_ended =
      put.job->state == JobState::completed || put.job->state == JobState::deleting;
  if (put.job->state == JobState::completed) check_released(shard, view, *put.job);
  if (was_ended && !is_ended)
    world_.violated("S10", "job " + put.job->spec.id + " had ended and goes on");
  if (record.state != put.job->state || record.spec.id.empty())
    world_.tell("shard-" + std::to_string(shard),
                "job " + put.job->spec.id + " is in state " +
                    std::to_string(static_cast<int>(put.job->state)));
  record = *put.job;
  if (record.state != JobState::active) view.to_be_stopped.erase(record.seq);
}

void Auditor::see(ShardId shard, ShardView& view, const JobErased& erased) {
  if (const auto job = view.jobs.find(erased.job);
      job != view.jobs.end() && job->second.record.previous_state != JobState::completed)
    check_released(shard, view, job->second.record);
  std::erase_if(view.job_nodes, [&](const auto& entry) { return entry.first.first == erased.job; });
  view.jobs.erase(erased.job);
  view.erased_jobs.insert(erased.job);
  std::erase_if(view.tasks, [&](const auto& task) {
    if (task.first.job != erased.job) return false;
    view.erased_tasks.insert(task.first);
    return true;
  });
  world_.tell("shard-" + std::to_string(shard), "job " + std::to_string(erased.job) + " is erased");
}

void Auditor::see(ShardId shard, ShardView& view, const NodePut& put) {
  const auto [node, fresh] = view.nodes.try_emplace(put.node.seq, put.node);
  if (!fresh && std::exchange(node->second, put.node).state == put.node.state) return;
  world_.tell("shard-" + std::to_string(shard),
              "node " + put.node.id + " of pool " + std::to_string(put.node.pool) +
                  " is in state " + std::to_string(static_cast<int>(put.node.state)));
}

std::string Auditor::nodes_not_settled() const {
  std::string text;
  for (const auto& [shard, view] : shards_) {
    for (const auto& [seq, node] : view.nodes) {
      // That its folders or its start task failed is a last word, too.
      const bool settled = node.state == NodeState::idle || node.state == NodeState::running ||
                           node.state == NodeState::offline || node.state == NodeState::unusable ||
                           node.state == NodeState::starttaskfailed ||
                           node.state == NodeState::deallocated;
      if (!settled)
        text += " " + node.id + " (state " + std::to_string(static_cast<int>(node.state)) + ")";
    }
  }
  return text;
}

void Auditor::see(ShardId shard, ShardView& view, const NodeErased& erased) {
  if (view.nodes.erase(erased.node) == 0)
    world_.violated("S10", "node " + std::to_string(erased.node) + " is erased and is not there");
  world_.tell("shard-" + std::to_string(shard), "node " + std::to_string(erased.node) + " is gone");
}

// A schedule makes its next job when the one before has ended, wherever that is.
void Auditor::check_alone(const JobRecord& job) {
  const std::string_view of = schedule_of(job.spec.id);
  if (of.empty()) return;
  for (const auto& [shard, view] : shards_) {
    for (const auto& [seq, other] : view.jobs) {
      const JobRecord& record = other.record;
      // One that has ended stays so while it is deleted.
      if (record.spec.id.empty() || record.end_time) continue;
      if (record.account == job.account && schedule_of(record.spec.id) == of)
        world_.violated("API",
                        "job " + job.spec.id + " is made, and " + record.spec.id + " goes on");
    }
  }
}

void Auditor::see(ShardId shard, ShardView& view, const JobSchedulePut& put) {
  const JobScheduleRecord& now = *put.schedule;
  const std::string name = "job schedule " + now.spec.id;
  const auto [found, fresh] = view.schedules.try_emplace(now.seq, now);
  const JobScheduleRecord before = std::exchange(found->second, now);
  world_.tell("shard-" + std::to_string(shard),
              name + " is in state " + std::to_string(static_cast<int>(now.state)) +
                  " and has made " + std::to_string(now.jobs_made) + " jobs");
  if (fresh || now.jobs_made == before.jobs_made) return;
  if (now.jobs_made < before.jobs_made) world_.violated("API", name + " forgets a job");
  if (before.job_active) world_.violated("API", name + " makes a job while it has one");
  if (before.last_run && !(*now.last_run > *before.last_run))
    world_.violated("API", name + " makes a second job for one recurrence");
  if (before.state != JobScheduleState::active)
    world_.violated("API", name + " makes a job and is not active");
  const Schedule& schedule = now.spec.schedule;
  if (schedule.do_not_run_until && *now.last_run < *schedule.do_not_run_until)
    world_.violated("API", name + " makes a job before its time");
  if (schedule.do_not_run_after && now.version.last_modified > *schedule.do_not_run_after)
    world_.violated("API", name + " makes a job after its time");
  if (schedule.start_window &&
      !(now.version.last_modified < *now.last_run + *schedule.start_window))
    world_.violated("API", name + " makes a job outside of its window");
}

void Auditor::see(ShardId shard, ShardView& view, const JobScheduleErased& erased) {
  const auto found = view.schedules.find(erased.schedule);
  if (found == view.schedules.end())
    return world_.violated("S10", "a job schedule is erased and is not there");
  const JobScheduleRecord& schedule = found->second;
  for (const auto& [other, theirs] : shards_) {
    for (const auto& [seq, job] : theirs.jobs) {
      if (job.record.account == schedule.account &&
          lower_cased(schedule_of(job.record.spec.id)) == lower_cased(schedule.spec.id))
        world_.violated("API", "job schedule " + schedule.spec.id + " is gone, and its job " +
                                   job.record.spec.id + " is not");
    }
  }
  world_.tell("shard-" + std::to_string(shard), "job schedule " + schedule.spec.id + " is gone");
  view.schedules.erase(found);
}

std::string Auditor::pools_left_behind() const {
  std::string text;
  for (const auto& [shard, view] : shards_) {
    for (const auto& [seq, pool] : view.pools) {
      if (pool.spec.id.find('_') == std::string::npos) continue;  // somebody asked for it
      const auto uses = [&](const auto& job) {
        return job.second.record.spec.pool_id == pool.spec.id &&
               job.second.record.state != JobState::completed;
      };
      const auto shares = [&](const auto& schedule) {
        return schedule.second.pool_id == pool.spec.id;
      };
      if (std::none_of(view.jobs.begin(), view.jobs.end(), uses) &&
          std::none_of(view.schedules.begin(), view.schedules.end(), shares))
        text += " " + pool.spec.id;
    }
  }
  return text;
}

void Auditor::see(ShardId, ShardView& view, const PoolErased& erased) {
  view.pools.erase(erased.pool);
}

void Auditor::see(ShardId shard, ShardView& view, const PoolPut& put) {
  view.pools.insert_or_assign(put.pool.seq, put.pool);
  world_.tell(
      "shard-" + std::to_string(shard),
      "pool " + put.pool.spec.id + " wants " +
          std::to_string(put.pool.spec.target_dedicated_nodes + put.pool.spec.target_spot_nodes) +
          " nodes, allocation state " +
          std::to_string(static_cast<int>(put.pool.allocation_state)));
}

void Auditor::see(ShardId, ShardView& view, const LingeringPut& put) {
  view.lingering.insert(put.attempt.id);
}

void Auditor::see(ShardId, ShardView& view, const LingeringErased& erased) {
  view.lingering.erase(erased.id);
  view.let_go.insert(erased.id);
  if (is_node_task(erased.id.task) || is_subtask(erased.id.task)) return;
  view.let_go.insert({erased.id.shard, coordination_key(erased.id.task), erased.id.attempt});
}

void Auditor::see(ShardId shard, ShardView&, const ClaimPut& put) {
  world_.tell("shard-" + std::to_string(shard), "claim " + std::to_string(put.claim.id) + " of " +
                                                    std::to_string(put.claim.count) + " nodes");
}

void Auditor::see(ShardId shard, ShardView&, const ClaimErased& erased) {
  world_.tell("shard-" + std::to_string(shard),
              "claim " + std::to_string(erased.claim) + " is answered or given up");
}

void Auditor::process_started(const Start& start) {
  world_.tell("ledger", text(start.id) + " runs on " + start.node_id);
  check_start(start.id);
  check_release_start(start);
  if (!ledger_.emplace(start.id, Run{start, std::nullopt}).second)
    world_.violated("S4", text(start.id) + " is started twice");
  const auto [alive, alone] = alive_.emplace(std::pair{start.id.shard, start.id.task}, start.id);
  if (!alone)
    world_.violated(
        "S7", text(start.id) + " runs beside attempt " + std::to_string(alive->second.attempt));
  const auto [named, first] = alive_by_name_.emplace(start.task_name, start.id);
  if (!first && alone)
    world_.violated("S7", text(start.id) + " runs beside " + text(named->second) +
                              ", an earlier task under its id");
  SlotCount& used = slots_used_[start.node_id];
  used += start.slots;
  if (used > start.node_slots)
    world_.violated("S6", start.node_id + " runs " + std::to_string(used) + " slots of " +
                              std::to_string(start.node_slots));
}

void Auditor::process_ended(const AttemptId& id, std::int32_t exit_code) {
  world_.tell("ledger", text(id) + " has ended with " + std::to_string(exit_code));
  Run& run = ledger_.at(id);
  run.exit_code = exit_code;
  slots_used_[run.start.node_id] -= run.start.slots;
  const auto alive = alive_.find({id.shard, id.task});
  if (alive != alive_.end() && alive->second == id) alive_.erase(alive);
  const auto named = alive_by_name_.find(run.start.task_name);
  if (named != alive_by_name_.end() && named->second == id) alive_by_name_.erase(named);
}

}  // namespace windlass::simulator
