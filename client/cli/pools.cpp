// windlass pool and windlass node.
#include "client/cli/command.h"
#include "client/cli/resources.h"

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;

const std::vector<Column> kPoolColumns = {{"ID", "id"},
                                          {"STATE", "state"},
                                          {"ALLOCATION", "allocationState"},
                                          {"NODES", "currentDedicatedNodes"},
                                          {"TARGET", "targetDedicatedNodes"},
                                          {"SPOT", "currentLowPriorityNodes"},
                                          {"SLOTS", "taskSlotsPerNode"},
                                          {"SIZE", "vmSize"}};
const std::vector<Column> kNodeColumns = {{"ID", "id"},
                                          {"STATE", "state"},
                                          {"SCHEDULING", "schedulingState"},
                                          {"RUNNING", "runningTasksCount"},
                                          {"SLOTS_USED", "runningTaskSlotsCount"},
                                          {"TASKS_RUN", "totalTasksRun"},
                                          {"DEDICATED", "isDedicated"}};

int pool_list(const std::vector<std::string>& arguments) {
  return list_command({.words = "pool list",
                       .summary = "Lists the pools.",
                       .columns = kPoolColumns,
                       .path = [](const auto&) { return std::string("/pools"); }},
                      arguments);
}

int pool_show(const std::vector<std::string>& arguments) {
  return show_command({.words = "pool show",
                       .summary = "Shows one pool.",
                       .parts = {{"pool", "Id of the pool."}},
                       .path =
                           [](const Ids& ids) {
                             return client::path_of({"pools", ids[0]});
                           }},
                      arguments);
}

int pool_create(const std::vector<std::string>& arguments) {
  PoolWish wish;
  Connection connection;
  bool wait = false;
  std::int64_t timeout_seconds = 300;
  std::string start_task;
  OptionTable table("windlass pool create", "", "Makes a pool of nodes.");
  table.example("windlass pool create render --nodes 2 --slots 4 --wait",
                "Two nodes that run four tasks each; returns when they are idle.");
  table.add({.name = "pool",
             .target = &wish.id,
             .meaning = "Id of the new pool.",
             .positional = true,
             .required = true});
  add_pool_options(table, wish);
  table
      .add({.name = "start-task",
            .target = &start_task,
            .meaning = "A command line that each node runs when it joins, before any task.",
            .value_name = "COMMAND"})
      .add({.name = "wait", .target = &wait, .meaning = "Return when all nodes are idle."})
      .add({.name = "timeout",
            .target = &timeout_seconds,
            .meaning = "How long --wait waits.",
            .unit = "s",
            .min = 1});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  auto batch = connect(connection);
  json::object body = pool_body(batch, wish);
  if (!start_task.empty())
    body["startTask"] = json::object{{"commandLine", start_task}, {"waitForSuccess", true}};
  batch.post("/pools", body);
  if (!wait) return kOk;
  return wait_for_nodes(batch, wish.id, wish.nodes + wish.spot_nodes,
                        std::chrono::seconds(timeout_seconds));
}

int pool_delete(const std::vector<std::string>& arguments) {
  return delete_command({.words = "pool delete",
                         .summary = "Deletes a pool; its nodes become free.",
                         .parts = {{"pool", "Id of the pool."}},
                         .path =
                             [](const Ids& ids) {
                               return client::path_of({"pools", ids[0]});
                             }},
                        arguments);
}

int pool_resize(const std::vector<std::string>& arguments) {
  std::string pool;
  std::int64_t nodes = -1;
  std::int64_t spot_nodes = -1;
  Connection connection;
  OptionTable table("windlass pool resize", "", "Gives a pool another number of nodes.");
  table
      .add({.name = "pool",
            .target = &pool,
            .meaning = "Id of the pool.",
            .positional = true,
            .required = true})
      .add({.name = "nodes",
            .target = &nodes,
            .meaning = "Dedicated nodes; unchanged when not given.",
            .default_text = "unchanged"})
      .add({.name = "spot-nodes",
            .target = &spot_nodes,
            .meaning = "Spot (low-priority) nodes; unchanged when not given.",
            .default_text = "unchanged"});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  if (nodes < 0 && spot_nodes < 0) throw runtime::ConfigError("give --nodes or --spot-nodes");
  json::object body;
  if (nodes >= 0) body["targetDedicatedNodes"] = nodes;
  if (spot_nodes >= 0) body["targetLowPriorityNodes"] = spot_nodes;
  connect(connection).post(client::path_of({"pools", pool, "resize"}), body);
  return kOk;
}

int node_list(const std::vector<std::string>& arguments) {
  return list_command({.words = "node list",
                       .summary = "Lists the nodes of a pool.",
                       .parts = {{"pool", "Id of the pool."}},
                       .columns = kNodeColumns,
                       .path =
                           [](const Ids& ids) {
                             return client::path_of({"pools", ids[0], "nodes"});
                           }},
                      arguments);
}

int node_show(const std::vector<std::string>& arguments) {
  return show_command({.words = "node show",
                       .summary = "Shows one node.",
                       .parts = {{"pool", "Id of the pool."}, {"node", "Id of the node."}},
                       .path =
                           [](const Ids& ids) {
                             return client::path_of({"pools", ids[0], "nodes", ids[1]});
                           }},
                      arguments);
}

int node_create(const std::vector<std::string>& arguments) {
  std::string pool;
  std::int64_t count = 1;
  Connection connection;
  OptionTable table(
      "windlass node create", "",
      "Grows a pool: nodes are not made one by one, a pool claims what workers offer.");
  table
      .add({.name = "pool",
            .target = &pool,
            .meaning = "Id of the pool.",
            .positional = true,
            .required = true})
      .add({.name = "count",
            .target = &count,
            .meaning = "How many dedicated nodes to add.",
            .min = 1});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  auto batch = connect(connection);
  const json::value now =
      batch.get(client::path_of({"pools", pool}), {{"$select", "targetDedicatedNodes"}});
  const std::int64_t target = now.at("targetDedicatedNodes").to_number<std::int64_t>() + count;
  batch.post(client::path_of({"pools", pool, "resize"}),
             json::object{{"targetDedicatedNodes", target}});
  return kOk;
}

int node_delete(const std::vector<std::string>& arguments) {
  std::string pool;
  std::vector<std::string> nodes;
  Connection connection;
  OptionTable table("windlass node delete", "",
                    "Removes nodes from a pool; their tasks are queued again.");
  table
      .add({.name = "pool",
            .target = &pool,
            .meaning = "Id of the pool.",
            .positional = true,
            .required = true})
      .add({.name = "node",
            .target = &nodes,
            .meaning = "Ids of the nodes.",
            .positional = true,
            .required = true});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  connect(connection)
      .post(client::path_of({"pools", pool, "removenodes"}),
            json::object{{"nodeList", json::array(nodes.begin(), nodes.end())}});
  return kOk;
}

}  // namespace

std::vector<Command> pool_commands() {
  return {{"pool list", "list pools", pool_list},
          {"pool show", "show a pool", pool_show},
          {"pool create", "make a pool", pool_create},
          {"pool resize", "change its number of nodes", pool_resize},
          {"pool delete", "delete a pool", pool_delete}};
}

std::vector<Command> node_commands() {
  return {{"node list", "list the nodes of a pool", node_list},
          {"node show", "show a node", node_show},
          {"node create", "grow a pool by nodes", node_create},
          {"node delete", "remove nodes from a pool", node_delete}};
}

}  // namespace windlass::cli
