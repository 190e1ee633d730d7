#include "client/cli/drain/plan.h"

#include "client/cli/output.h"
#include "model/ids.h"

#include <algorithm>
#include <map>

namespace windlass::cli::drain {
namespace {

namespace json = boost::json;

constexpr const char* kRemoved = "removed";  // ours: the API has no word for what is not there

bool same(const SeenNode& a, const SeenNode& b) {
  return a.pool == b.pool && a.id == b.id;
}

const SeenNode* find(const SeenNodes& nodes, const SeenNode& wanted) {
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const SeenNode& node) { return same(node, wanted); });
  return found == nodes.end() ? nullptr : &*found;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// Each node of a development cluster has a loopback address of its own, and one host has them all.
std::string host_of(const std::string& address) {
  return address.starts_with("127.") ? "127.0.0.1" : address;
}

}  // namespace

SeenNode seen_node(const std::string& pool, const json::value& node) {
  const std::string running = text_at(node, "runningTasksCount");
  return {pool,
          text_at(node, "id"),
          text_at(node, "ipAddress"),
          text_at(node, "state"),
          text_at(node, "schedulingState"),
          running.empty() ? 0 : std::stoll(running)};
}

Meant meant_by(const std::string& word, const SeenNodes& all) {
  Meant by_id;
  Meant by_address{{}, true};
  for (const SeenNode& node : all) {
    if (lower_cased(node.id) == lower_cased(word)) by_id.nodes.push_back(node);
    if (!word.empty() && host_of(node.address) == word) by_address.nodes.push_back(node);
  }
  return by_id.nodes.empty() ? by_address : by_id;
}

std::set<std::string> pools_of(const SeenNodes& nodes) {
  std::set<std::string> pools;
  for (const SeenNode& node : nodes) pools.insert(node.pool);
  return pools;
}

std::string hosts_text(const SeenNodes& all) {
  std::map<std::string, std::size_t> hosts;
  for (const SeenNode& node : all) {
    if (!node.address.empty()) ++hosts[host_of(node.address)];
  }
  std::string text;
  for (const auto& [address, count] : hosts)
    text += (text.empty() ? "" : ", ") + address + " (" + counted(count, "node") + ")";
  return text.empty() ? "none" : text;
}

Change disabling(const SeenNode& node, const std::string& running) {
  if (!node.disabled()) return Change::disable;
  if (node.running_tasks == 0 || running == "taskcompletion") return Change::none;
  return running == "requeue" ? Change::disable_again : Change::refused;
}

SeenNodes as_now(const SeenNodes& before, const SeenNodes& now) {
  SeenNodes result;
  for (const SeenNode& node : before) {
    if (const SeenNode* seen = find(now, node)) {
      result.push_back(*seen);
      continue;
    }
    SeenNode gone = node;
    gone.state = kRemoved;
    gone.scheduling_state = "disabled";
    gone.running_tasks = 0;
    result.push_back(std::move(gone));
  }
  return result;
}

SeenNodes newcomers(const SeenNodes& known, const SeenNodes& now) {
  SeenNodes result;
  for (const SeenNode& node : now) {
    if (find(known, node) == nullptr) result.push_back(node);
  }
  return result;
}

bool all_drained(const SeenNodes& nodes) {
  return std::all_of(nodes.begin(), nodes.end(),
                     [](const SeenNode& node) { return node.drained(); });
}

std::string progress_text(const std::string& word, const SeenNodes& nodes) {
  std::size_t drained = 0;
  std::size_t running = 0;
  for (const SeenNode& node : nodes) {
    drained += node.drained() ? 1 : 0;
    running += static_cast<std::size_t>(node.running_tasks);
  }
  if (drained == nodes.size())
    return word + ": drained" + (nodes.size() > 1 ? ", " + counted(drained, "node") : "");
  return word + ": " + std::to_string(drained) + " of " + counted(nodes.size(), "node") +
         " drained, " + counted(running, "task") + " running";
}

json::value row_of(const SeenNode& node) {
  return json::object{{"node", node.id},
                      {"pool", node.pool},
                      {"address", node.address},
                      {"state", node.state},
                      {"schedulingState", node.scheduling_state},
                      {"runningTasks", node.running_tasks},
                      {"drained", node.drained()}};
}

}  // namespace windlass::cli::drain
