// What clients do with pools and nodes.
#include "simulator/workload.h"

namespace windlass::simulator {

Request Workload::add_pool(const PoolFact& pool) const {
  PoolSpec spec;
  spec.id = pool.id;
  spec.vm_size = "any";
  (world_.options.spot_nodes ? spec.target_spot_nodes : spec.target_dedicated_nodes) = pool.nodes;
  spec.task_slots_per_node = world_.options.slots;
  spec.enable_inter_node_communication = world_.options.slots == 1;
  spec.fill_type = pool.shard % 2 == 0 ? NodeFillType::spread : NodeFillType::pack;
  return AddPool{spec};
}

void Workload::make_pool(ClientProcess& client, PoolFact& pool) {
  Request request = add_pool(pool);
  if (random_.chance(world_.options.start_tasks)) {
    StartTask start;
    start.command_line = "start " + std::to_string(random_.between(1, 3000));
    start.retries_max = static_cast<std::int32_t>(random_.between(0, 2));
    start.wait_for_success = random_.chance(700);
    std::get<AddPool>(request).spec.start_task = start;
  }
  const auto then = [this, &pool](const std::optional<Answer>& answer) {
    if (!answer) return;
    const auto* error = std::get_if<Error>(&*answer);
    if (error == nullptr || (error->code == ErrorCode::pool_exists && !pool.ended))
      pool.there = true;
    if (error == nullptr) pool.ended = false;
    remember(pool)(answer);
  };
  history_.ask(client, pool, pool.shard, request, then);
}

void Workload::change_pool(ClientProcess& client, PoolFact& pool) {
  const Conditions conditions = some_conditions(pool, pool.shard);
  const std::int64_t what = random_.between(0, 99);
  if (what < 30) {
    PatchPool patch;
    patch.pool_id = pool.id;
    patch.conditions = conditions;
    patch.metadata = some_metadata();
    if (random_.chance(200)) patch.display_name = "pool " + std::to_string(random_.between(0, 99));
    history_.ask(client, pool, pool.shard, patch, remember(pool));
  } else if (what < 40) {
    ReplacePoolProperties replace;
    replace.pool_id = pool.id;
    replace.metadata = some_metadata();
    history_.ask(client, pool, pool.shard, replace, remember(pool));
  } else if (what < 70) {
    history_.ask(client, pool, pool.shard, StopResize{pool.id, conditions}, remember(pool));
  } else {
    const auto then = [&pool](const std::optional<Answer>& answer) {
      if (is_done(answer)) pool.there = false;
      remember(pool)(answer);
    };
    if (history_.ask(client, pool, pool.shard, DeletePool{pool.id, conditions}, then))
      pool.ended = true;
  }
}

void Workload::resize(ClientProcess& client, PoolFact& pool) {
  ResizePool request;
  request.pool_id = pool.id;
  request.conditions = some_conditions(pool, pool.shard);
  (world_.options.spot_nodes ? request.target_spot_nodes : request.target_dedicated_nodes) =
      static_cast<std::int32_t>(random_.between(0, pool.nodes));
  request.deallocation = some_deallocation();
  history_.ask(client, pool, pool.shard, request, remember(pool));
}

void Workload::remove_nodes(ClientProcess& client, PoolFact& pool) {
  RemoveNodes request;
  request.pool_id = pool.id;
  request.conditions = some_conditions(pool, pool.shard);
  for (std::int64_t left = random_.between(1, 2); left > 0; --left)
    request.node_ids.push_back(one_of(pool.node_ids));
  request.deallocation = some_deallocation();
  history_.ask(client, pool, pool.shard, request, remember(pool));
}

void Workload::restart_node(ClientProcess& client, PoolFact& pool, const std::string& node) {
  RestartNode request{pool.id, node, NodeRestart::start, some_deallocation()};
  const std::int64_t what = random_.between(0, 99);
  if (what < 40) request.restart = NodeRestart::reboot;
  if (what >= 40 && what < 70) request.restart = NodeRestart::reimage;
  if (what >= 70 && what < 80) request.restart = NodeRestart::deallocate;
  history_.ask(client, pool, pool.shard, request, {});
}

// Retention is of wall time: where that may be set back, it may end after everything else.
NodeDeallocationOption Workload::some_deallocation() {
  const bool steady_clocks = world_.options.clock_step_every == Duration{};
  return static_cast<NodeDeallocationOption>(random_.between(0, steady_clocks ? 3 : 2));
}

void Workload::list_nodes(ClientProcess& client, PoolFact& pool) {
  history_.ask(client, pool, pool.shard, ListNodes{pool.id, {}},
               [&pool](const std::optional<Answer>& answer) {
                 if (!answer) return;
                 const auto* page = std::get_if<Page<NodeView>>(&*answer);
                 if (page == nullptr) return;
                 pool.node_ids.clear();
                 for (const NodeView& view : page->entries) pool.node_ids.insert(view.record.id);
               });
}

void Workload::change_node(ClientProcess& client, PoolFact& pool) {
  if (pool.node_ids.empty() || random_.chance(300)) return list_nodes(client, pool);
  const std::string node = one_of(pool.node_ids);
  const std::int64_t what = random_.between(0, 99);
  if (what < 12) {
    history_.ask(client, pool, pool.shard, GetNode{pool.id, node}, {});
  } else if (what < 22) {
    remove_nodes(client, pool);
  } else if (what < 52) {
    restart_node(client, pool, node);
  } else if (what < 72) {
    const auto option = static_cast<NodeDisableSchedulingOption>(random_.between(0, 2));
    history_.ask(client, pool, pool.shard, DisableNodeScheduling{pool.id, node, option}, {});
  } else {
    history_.ask(client, pool, pool.shard, EnableNodeScheduling{pool.id, node}, {});
  }
}

}  // namespace windlass::simulator
