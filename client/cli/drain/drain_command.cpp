// windlass admin drain: no new tasks for a node or a host, and a wait until it is empty.
#include "client/cli/command.h"
#include "client/cli/drain/plan.h"
#include "client/cli/waiting.h"
#include "runtime/refusal.h"

#include <cstdio>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using drain::Change;
using drain::SeenNode;
using drain::SeenNodes;

struct DrainWish {
  std::string word;  // a node's id or a host's address
  std::string pool;  // empty: all pools are looked through
  std::string running = "taskcompletion";
  bool no_wait = false;
  bool undo = false;
  bool quiet = false;
  std::chrono::seconds timeout{0};  // 0: for ever
  Format format = Format::table;
};

std::set<std::string> pools_in_scope(client::BatchClient& batch, const DrainWish& wish) {
  if (!wish.pool.empty()) return {wish.pool};
  std::set<std::string> pools;
  batch.list("/pools", {{"$select", "id"}}, [&](json::value& pool) {
    pools.insert(text_at(pool, "id"));
    return true;
  });
  return pools;
}

enum class MissingPool { refused, empty };

SeenNodes look(client::BatchClient& batch, const std::set<std::string>& pools,
               MissingPool missing = MissingPool::empty) {
  SeenNodes nodes;
  for (const std::string& pool : pools) {
    try {
      batch.list(client::path_of({"pools", pool, "nodes"}), {{"$select", drain::kNodeSelect}},
                 [&](json::value& node) {
                   nodes.push_back(drain::seen_node(pool, node));
                   return true;
                 });
    } catch (const client::ServiceError& error) {
      if (error.status != 404 || missing == MissingPool::refused) throw;
    }
  }
  return nodes;
}

// A node that has left its pool meanwhile, or that somebody else was quicker to tell, is as wished.
void ask_of(client::BatchClient& batch, const SeenNode& node, const std::string& operation,
            const json::value* body) {
  try {
    batch.request("POST", client::path_of({"pools", node.pool, "nodes", node.id, operation}), {},
                  body);
  } catch (const client::ServiceError& error) {
    if (error.status != 404 && error.code != "NodeAlreadyInTargetSchedulingState") throw;
  }
}

void enable(client::BatchClient& batch, const SeenNode& node) {
  ask_of(batch, node, "enablescheduling", nullptr);
}

void disable(client::BatchClient& batch, const SeenNodes& nodes, const DrainWish& wish) {
  const json::value body = json::object{{"nodeDisableSchedulingOption", wish.running}};
  for (const SeenNode& node : nodes) {
    if (drain::disabling(node, wish.running) == Change::refused)
      throw runtime::StartRefused(
          "node " + node.id + " takes no new tasks already, and " +
          std::to_string(node.running_tasks) +
          " of its tasks run on. To end them, first let it take tasks again (windlass admin "
          "drain " +
          node.id +
          " --undo): what starts on it meanwhile will be ended, too. --running requeue "
          "needs no such step");
  }
  for (const SeenNode& node : nodes) {
    const Change change = drain::disabling(node, wish.running);
    if (change == Change::none) continue;
    if (change == Change::disable_again) enable(batch, node);
    ask_of(batch, node, "disablescheduling", &body);
  }
}

void refuse_if_enabled_again(const SeenNodes& nodes) {
  for (const SeenNode& node : nodes) {
    if (!node.disabled())
      throw runtime::StartRefused("somebody enabled scheduling on node " + node.id +
                                  " while it was drained; agree with them and drain it again");
  }
}

// True when all are drained, false when time ran out. A host's pools may get more of its nodes
// while we wait: these are drained as well.
bool wait_until_drained(client::BatchClient& batch, const DrainWish& wish, bool whole_host,
                        SeenNodes& nodes) {
  ProgressLine progress(!wish.quiet && wish.format == Format::table);
  Pauses pauses(wish.timeout);
  bool drained = false;
  for (;;) {
    nodes = drain::as_now(nodes, look(batch, drain::pools_of(nodes)));
    refuse_if_enabled_again(nodes);
    if (drain::all_drained(nodes)) {
      SeenNodes more;
      if (whole_host) {
        const SeenNodes all = look(batch, pools_in_scope(batch, wish));
        more = drain::newcomers(nodes, drain::meant_by(wish.word, all).nodes);
      }
      drained = more.empty();
      if (drained) break;
      disable(batch, more, wish);
      nodes.insert(nodes.end(), more.begin(), more.end());
    }
    progress.show(drain::progress_text(wish.word, nodes));
    if (!pauses.pause()) break;
  }
  progress.finish(drain::progress_text(wish.word, nodes));
  return drained;
}

void print_nodes(const SeenNodes& nodes, Format format) {
  std::vector<json::value> rows;
  for (const SeenNode& node : nodes) rows.push_back(drain::row_of(node));
  print(rows_text(format,
                  {{"NODE", "node"},
                   {"POOL", "pool"},
                   {"ADDRESS", "address"},
                   {"STATE", "state"},
                   {"SCHEDULING", "schedulingState"},
                   {"RUNNING", "runningTasks"},
                   {"DRAINED", "drained"}},
                  rows));
}

int nobody_is_meant(const DrainWish& wish, const std::string& account, const SeenNodes& all) {
  const std::string where =
      wish.pool.empty() ? "the pools of account " + account : "pool " + wish.pool;
  std::fprintf(stderr,
               "windlass: '%s' is neither the id of a node in %s nor the address (ipAddress) of "
               "one; addresses there: %s\nSee: windlass node list POOL\n",
               wish.word.c_str(), where.c_str(), drain::hosts_text(all).c_str());
  return kNotFound;
}

int drain_or_undo(client::BatchClient& batch, const DrainWish& wish) {
  const auto missing = wish.pool.empty() ? MissingPool::empty : MissingPool::refused;
  const SeenNodes all = look(batch, pools_in_scope(batch, wish), missing);
  auto [nodes, whole_host] = drain::meant_by(wish.word, all);
  if (nodes.empty()) return nobody_is_meant(wish, batch.account().name, all);
  if (!whole_host && nodes.size() > 1) {
    std::string pools;
    for (const std::string& pool : drain::pools_of(nodes)) pools += " " + pool;
    throw runtime::ConfigError("more than one pool has a node " + wish.word +
                               ": say with --pool which is meant, of" + pools);
  }
  batch.retry_for(kWaitPatience);
  bool drained = true;
  if (wish.undo) {
    for (const SeenNode& node : nodes) enable(batch, node);
  } else {
    disable(batch, nodes, wish);
  }
  if (wish.undo || wish.no_wait) {
    nodes = drain::as_now(nodes, look(batch, drain::pools_of(nodes)));
  } else {
    drained = wait_until_drained(batch, wish, whole_host, nodes);
  }
  print_nodes(nodes, wish.format);
  return drained ? kOk : kTimeout;
}

int admin_drain(const std::vector<std::string>& arguments) {
  DrainWish wish;
  Connection connection;
  std::int64_t timeout_seconds = 0;
  std::string format = "table";
  runtime::OptionTable table(
      "windlass admin drain", "",
      "Lets a node, or all nodes of a host, take no new tasks, and waits until none runs there. "
      "Run it before a machine is taken away; Ctrl-C ends the wait and leaves the rest as it is. "
      "It sees the nodes in the account's own pools.");
  table
      .example("windlass admin drain 10.0.0.7 --timeout 3600",
               "All nodes of a host, whose tasks may take an hour; 124 when they take longer.")
      .example("windlass admin drain 10.0.0.7 --running requeue",
               "At once: what runs there is queued again and runs elsewhere.")
      .example("windlass admin drain tvmps_8f3c_d --pool render --no-wait",
               "One node; does not wait for its tasks.")
      .example("windlass admin drain 10.0.0.7 --undo", "The host takes tasks again.");
  table
      .add({.name = "node-or-host",
            .target = &wish.word,
            .meaning = "Id of a node, or a host's address as its nodes show it (ipAddress: the "
                       "worker's --node-address).",
            .positional = true,
            .required = true})
      .add({.name = "pool",
            .target = &wish.pool,
            .meaning = "Look for nodes in this pool only.",
            .value_name = "POOL",
            .default_text = "all pools"})
      .add({.name = "running",
            .target = &wish.running,
            .meaning = "What becomes of tasks that run there: they end by themselves, are queued "
                       "again, or are ended as failed.",
            .choices = {"taskcompletion", "requeue", "terminate"}})
      .add({.name = "no-wait", .target = &wish.no_wait, .meaning = "Do not wait."})
      .add({.name = "timeout",
            .target = &timeout_seconds,
            .meaning = "Give up after so long; 0 is never. Scheduling stays disabled.",
            .unit = "s",
            .min = 0})
      .add({.name = "undo", .target = &wish.undo, .meaning = "Let it take tasks again."})
      .add({.name = "quiet", .target = &wish.quiet, .meaning = "No progress.", .letter = 'q'});
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  for (const char* option : {"running", "no-wait", "timeout"}) {
    if (wish.undo && table.find(option)->origin != "default")
      throw runtime::ConfigError("--undo waits for nothing and leaves running tasks alone: --" +
                                 std::string(option) + " does not go with it");
  }
  wish.timeout = std::chrono::seconds(timeout_seconds);
  wish.format = format_named(format);
  auto batch = connect(connection);
  return drain_or_undo(batch, wish);
}

}  // namespace

std::vector<Command> drain_commands() {
  return {{"admin drain", "Keeps new tasks off a node or a host and waits until it is empty.",
           admin_drain}};
}

}  // namespace windlass::cli
