#include "worker/core/node_agent.h"

#include "model/assert.h"
#include "model/fault_points.h"

#include <algorithm>

namespace windlass::worker {

NodeAgent::NodeAgent(AgentOptions options, GrantBook book, SpoolContent spool,
                     std::string host_boot_id, Now now)
    : options_(std::move(options)), book_(std::move(book)), offers_(options_.offers) {
  // The guard may still hold what an earlier process began, so no number is met again: the spool
  // knows them all. Where there is none, the wall clock runs faster than we number.
  next_run_ = std::max(static_cast<RunId>(now.wall.ticks), spool.run_next);

  const std::vector<std::string>& addresses = options_.node_addresses;
  for (std::size_t i = 0; addresses.size() > 1 && i < addresses.size(); ++i) {
    address_numbers_.emplace(addresses[i], i);
    addresses_free_.insert(i);
  }
  for (const auto& [id, grant] : book_.grants) {
    const auto known = address_numbers_.find(grant.ip_address);
    if (known != address_numbers_.end()) addresses_free_.erase(known->second);
  }

  const bool host_restarted = book_.host_boot_id != host_boot_id;
  book_.host_boot_id = std::move(host_boot_id);
  for (auto& [id, grant] : book_.grants) {
    offers_.take_back_in_use(grant.offer_vm_size, grant.plan.dedicated);
    if (host_restarted) {
      ++grant.boot;
      grant.start_task_info.reset();
      grant.errors.clear();
      const bool to_be_wiped =
          grant.state == NodeState::reimaging || grant.state == NodeState::deallocating;
      if (!to_be_wiped && grant.state != NodeState::deallocated) grant.state = NodeState::starting;
    }
    add_node(grant);
  }
  unreported_ = std::move(spool.unreported);
  kept_ = std::move(spool.kept);
  for (const auto& [key, kept] : kept_) kept_by_deadline_.emplace(kept.until, key);

  // What ran when the last process of this worker ended. The guard says what became of it
  // (guard_found). Runs of nodes that are gone are forgotten: the guard's word on them is enough.
  for (auto& [id, run] : spool.runs) {
    const auto node = nodes_.find(run.node_id);
    if (node == nodes_.end() || run.shard != node->second.grant->shard) continue;
    if (run.assignment) {
      if (run.assignment->required_slots > node->second.slots.slots_free()) continue;
      node->second.slots.take(id, run.assignment->required_slots);
      run_of_attempt_.emplace(run.assignment->id, id);
      if (run.coordination != 0) run_of_coordination_.emplace(run.coordination, id);
      ++counts_.attempts_running;
      if (const auto document = options_.decode_document(run.assignment->document))
        prepare_attempt(run, *document);
    } else {
      // After a restart of the host the node begins anew, and nothing of an earlier try is left.
      const auto& info = node->second.grant->start_task_info;
      if (!info || info->state != StartTaskState::running || node->second.start_run) continue;
      node->second.start_run = id;
      run.environment = start_environment(*node->second.grant);
    }
    runs_.emplace(id, std::move(run));
  }
  counts_.offers_free = static_cast<std::uint64_t>(offers_.free_total());
}

void NodeAgent::start(Now now, Effects& effects) {
  effects.grants_changed = true;
  for (auto& [id, node] : nodes_) {
    if (node.grant->returning) ++counts_.nodes_wiping;
    if (node.grant->returning || is_restarting(node.grant->state)) {
      for (const auto& [run, slots] : node.slots.held())
        effects.work.emplace_back(StopProcess{run, Duration::zero()});
      if (node.start_run) effects.work.emplace_back(StopProcess{*node.start_run, Duration::zero()});
      move_on(node, now, effects);
      continue;
    }
    const NodeState state = node.grant->state;
    const bool settled = state == NodeState::idle || state == NodeState::starttaskfailed ||
                         state == NodeState::unusable || state == NodeState::deallocated;
    const auto& info = node.grant->start_task_info;
    const bool start_task_cut = info && info->state == StartTaskState::running && !node.start_run;
    if ((!settled && !node.start_run) || start_task_cut) begin_node(node, now, effects);
  }
}

void NodeAgent::handle(ShardId shard, const ToWorker& message, Now now, Effects& effects) {
  expire_leases(now, effects);
  if (const auto* assignment = std::get_if<Assignment>(&message)) {
    assign(shard, *assignment, now, effects);
  } else if (const auto* end = std::get_if<EndAttempt>(&message)) {
    end_attempt(shard, *end, now, effects);
  } else if (const auto* renewed = std::get_if<LeaseRenewed>(&message)) {
    lease_renewed(shard, *renewed, now, effects);
  } else if (const auto* claim = std::get_if<ClaimNodes>(&message)) {
    claim_nodes(shard, *claim, now, effects);
  } else if (const auto* back = std::get_if<ReturnNode>(&message)) {
    return_node(shard, *back, now, effects);
  } else if (const auto* restart = std::get_if<BeginRestart>(&message)) {
    begin_restart(shard, *restart, now, effects);
  } else if (const auto* begin = std::get_if<BeginCommand>(&message)) {
    begin_command(shard, *begin, now, effects);
  } else if (const auto* gone = std::get_if<DeleteTaskFolder>(&message)) {
    delete_task_folder(*gone, now, effects);
  } else if (const auto* sync = std::get_if<Resynced>(&message)) {
    resynced(shard, *sync, now, effects);
  }
}

void NodeAgent::tick(Now now, Effects& effects) {
  expire_leases(now, effects);
  end_overdue_staging(now, effects);
  end_rests(now, effects);
  expire_folders(now, effects);
  for (std::size_t shard = 0; shard < links_.size(); ++shard) {
    const Link& link = links_[shard];
    if (link.open && link.next_renewal <= now.mono)
      renew(static_cast<ShardId>(shard), now, effects);
  }
}

std::optional<Duration> NodeAgent::next_deadline(Now now) const {
  std::optional<Duration> soonest;
  const auto consider = [&](Duration wait) {
    wait = std::max(wait, Duration::zero());
    if (!soonest || wait < *soonest) soonest = wait;
  };
  for (const Link& link : links_) {
    if (link.open) consider(link.next_renewal - now.mono);
  }
  if (lease_check_.ticks != INT64_MAX) consider(lease_check_ - now.mono);
  if (!staging_deadlines_.empty()) consider(staging_deadlines_.begin()->first - now.mono);
  if (!resting_.empty()) consider(resting_.begin()->first - now.mono);
  if (!kept_by_deadline_.empty() && kept_by_deadline_.begin()->first != kForEver)
    consider(kept_by_deadline_.begin()->first - now.wall);
  return soonest;
}

void NodeAgent::finish_turn(Effects& effects) {
  if (!offers_changed_ || unlucky(FaultPoint::offers_late)) return;
  offers_changed_ = false;
  counts_.offers_free = static_cast<std::uint64_t>(offers_.free_total());
  const auto classes = offers_.free_by_class();
  for (std::size_t shard = 0; shard < links_.size(); ++shard) {
    if (links_[shard].open) say(static_cast<ShardId>(shard), OffersFree{classes}, effects);
  }
}

void NodeAgent::shut_down(Now now, Effects& effects) {
  shutting_down_ = true;
  // Said first, so that no shard puts on these nodes what they lose now.
  for (const auto& [id, node] : nodes_) {
    if (node.grant) say_status(node, effects);
  }
  std::vector<RunId> ids;
  for (const auto& [id, run] : runs_) ids.push_back(id);
  for (const RunId id : ids) {
    if (Run* run = find_run(id)) stop(*run, StopCause::lost, Duration::zero(), now, effects);
  }
}

std::optional<WallTime> NodeAgent::oldest_unreported() const {
  std::optional<WallTime> oldest;
  for (const auto& [id, unreported] : unreported_) {
    if (!oldest || unreported.report.end_time < *oldest) oldest = unreported.report.end_time;
  }
  return oldest;
}

std::string NodeAgent::compacted_spool() const {
  std::string out;
  spool_run_next(out, next_run_);
  for (const auto& [id, run] : runs_) {
    if (run.phase == RunPhase::running || run.phase == RunPhase::uploading || run.coordination != 0)
      spool_run_begun(out, run);
  }
  for (const auto& [id, unreported] : unreported_) spool_ended(out, 0, unreported);
  for (const auto& [key, kept] : kept_) spool_folder_kept(out, kept);
  return out;
}

void NodeAgent::check_invariants() const {
  std::size_t attempts = 0;
  for (const auto& [id, run] : runs_) {
    const auto node = nodes_.find(run.node_id);
    WINDLASS_ASSERT(node != nodes_.end());
    if (run.assignment) {
      ++attempts;
      const auto held = node->second.slots.held().find(id);
      WINDLASS_ASSERT(held != node->second.slots.held().end());
      WINDLASS_ASSERT(held->second == run.assignment->required_slots);
      WINDLASS_ASSERT(run_of_attempt_.at(run.assignment->id) == id);
      WINDLASS_ASSERT(!unreported_.contains(run.assignment->id));
    } else {
      WINDLASS_ASSERT(node->second.start_run == id);
    }
    WINDLASS_ASSERT((run.phase == RunPhase::held) == links_.at(run.shard).held.contains(id));
    const bool may_have_ended = run.phase == RunPhase::uploading || run.phase == RunPhase::clearing;
    WINDLASS_ASSERT(may_have_ended || !run.ended);
    WINDLASS_ASSERT(run.phase != RunPhase::uploading || run.ended);
    WINDLASS_ASSERT((run.phase == RunPhase::clearing) == run.conclusion.has_value());
    WINDLASS_ASSERT(run.coordination == 0 || run_of_coordination_.at(run.coordination) == id);
    WINDLASS_ASSERT((run.phase == RunPhase::resting) == resting_.contains({run.rest_until, id}));
  }
  WINDLASS_ASSERT(run_of_attempt_.size() == attempts);
  WINDLASS_ASSERT(counts_.attempts_running == attempts);
  WINDLASS_ASSERT(nodes_.size() == book_.grants.size());
  std::size_t held = 0;
  for (const auto& [id, node] : nodes_) {
    WINDLASS_ASSERT(node.slots.slots_free() >= 0);
    WINDLASS_ASSERT(node.slots.slots_total() == node.grant->plan.task_slots_per_node);
    held += node.slots.held().size();
  }
  WINDLASS_ASSERT(held == attempts);
  WINDLASS_ASSERT(kept_.size() == kept_by_deadline_.size());
}

Run* NodeAgent::find_run(RunId id) {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

NodeAgent::Link& NodeAgent::link(ShardId shard) {
  while (links_.size() <= shard) links_.emplace_back().renew_interval = options_.renew_interval;
  return links_[shard];
}

NodeEnvironment NodeAgent::node_environment(const Grant& grant) const {
  return {grant.plan.account,          options_.account_url,
          grant.plan.pool_id,          grant.node_id,
          grant.plan.dedicated,        options_.nodes_folder + "/" + grant.node_id,
          options_.reserved_disk_bytes};
}

void NodeAgent::say(ShardId shard, FromWorker message, Effects& effects) {
  if (shard < links_.size() && links_[shard].open)
    effects.messages.push_back(Outgoing{shard, std::move(message)});
}

}  // namespace windlass::worker
