// What keeps worker and shards of one mind: leases, resync, acknowledgement; and the other clocks.
#include "worker/core/node_agent.h"

#include "model/assert.h"
#include "model/fault_points.h"
#include "model/museum.h"

#include <algorithm>
#include <utility>

namespace windlass::worker {

void NodeAgent::session_lost(ShardId shard) {
  link(shard).open = false;
}

void NodeAgent::session_opened(ShardId shard, ShardEpoch epoch, bool resumed, Now now,
                               Effects& effects) {
  link(shard).open = true;
  // The shard may have given them up with the session that they came in, and to others since.
  if (!resumed && !link(shard).held.empty()) link(shard).held_in_doubt = true;

  Resync sync;
  sync.epoch = epoch;
  sync.agent_version = options_.version;
  for (const auto& [id, run] : runs_) {
    if (run.shard == shard && run.assignment) sync.running.push_back(run.assignment->id);
  }
  const auto first = unreported_.lower_bound(AttemptId{shard, {}, 0});
  for (auto u = first; u != unreported_.end() && u->first.shard == shard; ++u)
    sync.unreported.push_back(u->first);
  for (const auto& [id, grant] : book_.grants) {
    if (grant.shard == shard)
      sync.nodes.push_back({id, grant.claim, grant.boot, state_to_say(grant), grant.restarts});
  }
  say(shard, std::move(sync), effects);
  for (const auto& [id, run] : runs_) {
    const bool ready = run.is_instance() && (run.phase == RunPhase::ready || run.command_begun);
    if (run.shard == shard && ready) say(shard, InstanceReady{run.assignment->id}, effects);
  }
  for (const auto& [id, grant] : book_.grants) {
    if (grant.shard == shard && (grant.start_task_info || !grant.errors.empty()))
      say_status(nodes_.at(id), effects);
  }
  for (auto u = first; !resumed && u != unreported_.end() && u->first.shard == shard; ++u)
    say(shard, u->second.report, effects);
  say(shard, OffersFree{offers_.free_by_class()}, effects);
  if (link(shard).nodes > 0) renew(shard, now, effects);
}

void NodeAgent::report_acknowledged(const AttemptId& id, Effects& effects) {
  forget_report(id, effects);
}

void NodeAgent::forget_report(const AttemptId& id, Effects& effects) {
  if (unreported_.erase(id) != 0) spool_acknowledged(effects.spool, id);
}

void NodeAgent::resynced(ShardId shard, const Resynced& message, Now now, Effects& effects) {
  for (const AttemptId& id : message.recorded) {
    if (id.shard == shard) forget_report(id, effects);
  }
  for (const AttemptId& id : message.unwanted) {
    const auto known = run_of_attempt_.find(id);
    if (known == run_of_attempt_.end() || id.shard != shard) continue;
    stop(*find_run(known->second), StopCause::asked, Duration::zero(), now, effects);
  }
  for (const std::string& node : message.unwanted_nodes)
    return_node(shard, ReturnNode{node}, now, effects);
  link(shard).held_in_doubt = false;
  begin_held(link(shard), now, effects);
}

void NodeAgent::renew(ShardId shard, Now now, Effects& effects) {
  Link& from = link(shard);
  if (leased(from, now) && unlucky(FaultPoint::lease_given_up_early)) {
    from.lease_until = now.mono;
    plan_lease_check();
  }
  from.next_renewal =
      now.mono + (leased(from, now) ? from.renew_interval
                                    : std::min(from.renew_interval, options_.renew_retry));
  say(shard, RenewLease{now.mono.ticks, 0}, effects);
}

void NodeAgent::lease_renewed(ShardId shard, const LeaseRenewed& message, Now now,
                              Effects& effects) {
  if (message.length <= Duration::zero() || message.sent_at > now.mono.ticks) return;
  Link& from = link(shard);
  const MonoTime from_when =
      WINDLASS_PLANTED(lease_from_arrival) ? now.mono : MonoTime{message.sent_at};
  const MonoTime until = from_when + message.length;
  // A parting lease may be longer than the next one: a lease once given is not shortened.
  if (until <= from.lease_until || until <= now.mono) return;
  from.lease_until = until;
  from.lease_lost = false;
  // A parting lease does not slow the heartbeat down.
  from.renew_interval = std::min(options_.renew_interval, message.length / 3);
  from.next_renewal = MonoTime{message.sent_at} + from.renew_interval;
  plan_lease_check();
  if (options_.executor == Executor::null) return;

  for (auto& [id, node] : nodes_) {
    if (node.grant->shard == shard) tell_lease(node, until, effects);
  }
  begin_held(from, now, effects);
}

void NodeAgent::begin_held(Link& from, Now now, Effects& effects) {
  if (from.held_in_doubt || !leased(from, now)) return;
  const std::set<RunId> held = std::exchange(from.held, {});
  for (const RunId id : held) {
    Run& run = *find_run(id);
    tell_lease(nodes_.at(run.node_id), from.lease_until, effects);
    begin(run, now, effects);
  }
}

void NodeAgent::begin_or_hold(Run& run, Now now, Effects& effects) {
  Link& from = link(run.shard);
  if (!leased(from, now)) {
    run.phase = RunPhase::held;
    from.held.insert(run.id);
    return;
  }
  // The node may be newer than the last renewal.
  tell_lease(nodes_.at(run.node_id), from.lease_until, effects);
  begin(run, now, effects);
}

void NodeAgent::tell_lease(Node& node, MonoTime until, Effects& effects) {
  if (node.lease_told == until) return;
  node.lease_told = until;
  effects.work.emplace_back(ExtendLease{node.grant->node_id, until});
}

void NodeAgent::plan_lease_check() {
  lease_check_ = MonoTime{INT64_MAX};
  for (const Link& link : links_) {
    if (link.lease_until.ticks != 0 && !link.lease_lost)
      lease_check_ = std::min(lease_check_, link.lease_until);
  }
}

void NodeAgent::expire_leases(Now now, Effects& effects) {
  if (now.mono < lease_check_) return;
  for (std::size_t shard = 0; shard < links_.size(); ++shard) {
    Link& link = links_[shard];
    if (link.lease_until.ticks == 0 || link.lease_lost || leased(link, now)) continue;
    link.lease_lost = true;
    if (options_.executor == Executor::null || link.nodes == 0) continue;
    ++counts_.leases_expired;
    std::vector<RunId> ids;
    for (const auto& [id, run] : runs_) {
      if (run.shard == shard && run.phase != RunPhase::held && run.stop != StopCause::lost)
        ids.push_back(id);
    }
    for (const RunId id : ids) {
      if (Run* run = find_run(id)) stop(*run, StopCause::lost, Duration::zero(), now, effects);
    }
  }
  plan_lease_check();
}

void NodeAgent::end_overdue_staging(Now now, Effects& effects) {
  while (!staging_deadlines_.empty() && staging_deadlines_.begin()->first <= now.mono) {
    Run* run = find_run(staging_deadlines_.begin()->second);
    staging_deadlines_.erase(staging_deadlines_.begin());
    WINDLASS_ASSERT(run != nullptr);
    stop(*run, StopCause::wall_clock, Duration::zero(), now, effects);
  }
}

void NodeAgent::end_rests(Now now, Effects& effects) {
  while (!resting_.empty() && resting_.begin()->first <= now.mono) {
    Run* run = find_run(resting_.begin()->second);
    WINDLASS_ASSERT(run != nullptr);
    stop(*run, StopCause::lost, Duration::zero(), now, effects);
  }
}

void NodeAgent::expire_folders(Now now, Effects& effects) {
  // A slice at a time: removing files takes longer than naming them.
  for (int i = 0; i < 1000 && !kept_by_deadline_.empty(); ++i) {
    if (now.wall < kept_by_deadline_.begin()->first) return;
    const KeptFolder kept = kept_.at(kept_by_deadline_.begin()->second);
    drop_kept(folder_key(kept.node_id, kept.folder), effects);
    effects.work.emplace_back(RemoveFolder{kept.node_id, kept.folder});
    if (const auto node = nodes_.find(kept.node_id); node != nodes_.end())
      move_on(node->second, now, effects);
  }
}

void NodeAgent::guard_found(const std::set<RunId>& known, Now now, Effects& effects) {
  std::vector<RunId> lost;
  for (const auto& [id, run] : runs_) {
    if (run.phase == RunPhase::running && !known.contains(id)) lost.push_back(id);
    if (run.has_coordination() && !known.contains(run.coordination))
      lost.push_back(run.coordination);
  }
  for (const RunId id : lost)
    process_ended(id, ProcessEnd{StopCause::lost, 0, now.wall, {}}, now, effects);
  for (const RunId id : known) {
    if (find_run(id) == nullptr && find_coordinating(id) == nullptr)
      effects.work.emplace_back(StopProcess{id, Duration::zero()});  // its end is then forgotten
  }
  // A lost cause that a killed process of ours took to its grave is found by its end.
  for (const auto& [id, run] : runs_) {
    if (run.stop == StopCause::none) continue;
    if (run.phase == RunPhase::running)
      effects.work.emplace_back(StopProcess{id, Duration::zero()});
    if (run.phase == RunPhase::coordinating)
      effects.work.emplace_back(StopProcess{run.coordination, Duration::zero()});
  }
}

}  // namespace windlass::worker
