// Offers become nodes when a shard claims them, and free again once the node is wiped.
#include "worker/core/node_agent.h"

#include "model/assert.h"
#include "model/museum.h"

#include <algorithm>
#include <utility>

namespace windlass::worker {

void NodeAgent::claim_nodes(ShardId shard, const ClaimNodes& claim, Now now, Effects& effects) {
  const auto answered = std::find_if(
      book_.claims.begin(), book_.claims.end(),
      [&](const AnsweredClaim& c) { return c.shard == shard && c.claim == claim.claim; });
  if (answered != book_.claims.end()) {
    // Nodes of it may have started anew since; the answer names the boot they are in.
    ClaimAnswered answer{claim.claim, answered->nodes};
    for (GrantedNode& node : answer.nodes) {
      const auto grant = book_.grants.find(node.node_id);
      if (grant != book_.grants.end()) node.boot = grant->second.boot;
    }
    const std::vector<GrantedNode> granted = answer.nodes;
    say(shard, std::move(answer), effects);
    if (WINDLASS_PLANTED(repeated_claim_is_silent)) return;
    // The shard had no such nodes when they last said how they are.
    for (const GrantedNode& node : granted) {
      if (const auto known = nodes_.find(node.node_id); known != nodes_.end())
        say_status(known->second, effects);
    }
    return;
  }

  AnsweredClaim answer{shard, claim.claim, {}};
  const bool plan_is_sane = claim.plan.task_slots_per_node > 0;
  for (std::int32_t i = 0; i < claim.count && plan_is_sane && !shutting_down_; ++i) {
    const std::string* offer = offers_.take(claim.vm_size, claim.plan.dedicated);
    if (offer == nullptr) break;
    Grant grant;
    grant.node_id = new_node_id(claim.plan.dedicated);
    grant.shard = shard;
    grant.claim = claim.claim;
    grant.offer_vm_size = *offer;
    grant.plan = claim.plan;
    grant.ip_address = take_address();
    answer.nodes.push_back({grant.node_id, grant.boot, grant.ip_address});
    const auto [kept, inserted] = book_.grants.emplace(grant.node_id, std::move(grant));
    WINDLASS_ASSERT(inserted);
    add_node(kept->second);
  }
  offers_changed_ = offers_changed_ || !answer.nodes.empty();
  effects.grants_changed = true;
  say(shard, ClaimAnswered{claim.claim, answer.nodes}, effects);
  for (const GrantedNode& granted : answer.nodes)
    begin_node(nodes_.at(granted.node_id), now, effects);

  book_.claims.push_back(std::move(answer));
  if (book_.claims.size() > kAnsweredClaimsMax) book_.claims.pop_front();
}

std::string NodeAgent::new_node_id(bool dedicated) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id = "tvmps_";
  for (int half = 0; half < 2; ++half) {
    const std::uint64_t number = options_.random();
    for (int i = 0; i < 16; ++i) id += kDigits[(number >> (4 * i)) & 0xF];
  }
  return id + (dedicated ? "_d" : "_p");
}

// There is one for each offer, unless all share one.
std::string NodeAgent::take_address() {
  if (addresses_free_.empty())
    return options_.node_addresses.empty() ? std::string() : options_.node_addresses.front();
  const auto first = addresses_free_.begin();
  const std::string& address = options_.node_addresses[*first];
  addresses_free_.erase(first);
  return address;
}

void NodeAgent::give_back_address(const std::string& address) {
  const auto known = address_numbers_.find(address);
  if (known != address_numbers_.end()) addresses_free_.insert(known->second);
}

NodeAgent::Node& NodeAgent::add_node(Grant& grant) {
  Link& of_shard = link(grant.shard);
  // The lease is one for all nodes; the first one waits for it: ask at once.
  if (++of_shard.nodes == 1) of_shard.next_renewal = MonoTime{};
  const auto [node, inserted] =
      nodes_.emplace(grant.node_id, Node{&grant, NodeSlots(grant.plan.task_slots_per_node),
                                         std::nullopt, MonoTime{}, false, false});
  WINDLASS_ASSERT(inserted);
  return node->second;
}

void NodeAgent::return_node(ShardId shard, const ReturnNode& message, Now now, Effects& effects) {
  const auto found = nodes_.find(message.node_id);
  if (found == nodes_.end() || found->second.grant->shard != shard) {
    say(shard, NodeReturned{message.node_id}, effects);  // our earlier word was lost
    return;
  }
  Node& node = found->second;
  if (node.grant->returning && !(node.grant->after_retention && !message.after_retention)) return;
  effects.grants_changed = true;
  node.grant->after_retention = message.after_retention;
  if (std::exchange(node.grant->returning, true)) return move_on(node, now, effects);
  ++counts_.nodes_wiping;
  stop_runs(node, now, effects);
  wipe_when_empty(node, effects);
}

// The last of them to end makes the node move on.
void NodeAgent::stop_runs(Node& node, Now now, Effects& effects) {
  std::vector<RunId> runs;
  for (const auto& [run, slots] : node.slots.held()) runs.push_back(run);
  if (node.start_run) runs.push_back(*node.start_run);
  for (const RunId id : runs) {
    if (Run* run = find_run(id)) stop(*run, StopCause::asked, Duration::zero(), now, effects);
  }
}

void NodeAgent::move_on(Node& node, Now now, Effects& effects) {
  if (node.grant->returning) return wipe_when_empty(node, effects);
  restart_when_empty(node, now, effects);
}

bool NodeAgent::keeps_folders(const std::string& node_id) const {
  const std::string prefix = folder_key(node_id, "");
  const auto kept = kept_.lower_bound(prefix);
  return kept != kept_.end() && kept->first.starts_with(prefix);
}

void NodeAgent::drop_kept_of(const std::string& node_id, Effects& effects) {
  const std::string prefix = folder_key(node_id, "");
  for (auto kept = kept_.lower_bound(prefix);
       kept != kept_.end() && kept->first.starts_with(prefix);)
    drop_kept((kept++)->first, effects);
}

void NodeAgent::wipe_when_empty(Node& node, Effects& effects) {
  if (!node.grant->returning || node.start_run || !node.slots.held().empty()) return;
  const std::string node_id = node.grant->node_id;
  if (node.grant->after_retention && keeps_folders(node_id)) return;
  drop_kept_of(node_id, effects);
  if (options_.executor == Executor::null) return give_back(node, effects);
  effects.work.emplace_back(ForgetLease{node_id});
  if (!std::exchange(node.wiping, true)) effects.work.emplace_back(WipeNode{node_id});
}

void NodeAgent::node_wiped(const std::string& node_id, Now now, Effects& effects) {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || !std::exchange(found->second.wiping, false)) return;
  Node& node = found->second;
  if (node.grant->returning) return give_back(node, effects);
  if (is_restarting(node.grant->state)) begin_anew(node, now, effects);
}

void NodeAgent::give_back(Node& node, Effects& effects) {
  WINDLASS_ASSERT(node.grant->returning);
  WINDLASS_ASSERT(node.slots.held().empty());
  const std::string node_id = node.grant->node_id;
  const auto found = nodes_.find(node_id);
  const Grant& grant = *found->second.grant;
  const ShardId shard = grant.shard;
  offers_.give_back(grant.offer_vm_size, grant.plan.dedicated);
  give_back_address(grant.ip_address);
  offers_changed_ = true;
  effects.grants_changed = true;
  --counts_.nodes_wiping;
  --link(shard).nodes;
  nodes_.erase(found);
  book_.grants.erase(node_id);
  say(shard, NodeReturned{node_id}, effects);
}

}  // namespace windlass::worker
