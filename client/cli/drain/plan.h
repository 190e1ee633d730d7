// What `windlass admin drain` makes of the nodes it sees: which are meant, what to ask of them, and
// what is left to wait for. Pure.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace windlass::cli::drain {

// A node as the API shows it. Only its address tells which host it is on.
struct SeenNode {
  std::string pool;
  std::string id;
  std::string address;
  std::string state;
  std::string scheduling_state;
  std::int64_t running_tasks = 0;

  bool disabled() const { return scheduling_state == "disabled"; }
  bool drained() const { return disabled() && running_tasks == 0; }
  bool operator==(const SeenNode&) const = default;
};
using SeenNodes = std::vector<SeenNode>;

constexpr const char* kNodeSelect = "id,ipAddress,state,schedulingState,runningTasksCount";
SeenNode seen_node(const std::string& pool, const boost::json::value& node);

// The nodes that a word means: the one of that id, else all with that address.
struct Meant {
  SeenNodes nodes;  // empty: none is meant
  bool by_address = false;
};
Meant meant_by(const std::string& word, const SeenNodes& all);

// More than one: the pools that a node's id is found in.
std::set<std::string> pools_of(const SeenNodes& nodes);

// Which hosts there are instead of one that nobody knows.
std::string hosts_text(const SeenNodes& all);

enum class Change {
  none,  // it is as wished
  disable,
  disable_again,  // tasks run on although it is disabled: only enabling lets it be asked anew
  enable,
  refused,  // the same, but tasks that start meanwhile would be ended
};
Change disabling(const SeenNode& node, const std::string& running);  // the fate of running tasks

// `before` as it is now. A node that is not there any more has left its pool: state `removed`.
SeenNodes as_now(const SeenNodes& before, const SeenNodes& now);

// Those of `now` that are not in `known`.
SeenNodes newcomers(const SeenNodes& known, const SeenNodes& now);

bool all_drained(const SeenNodes& nodes);

std::string progress_text(const std::string& word, const SeenNodes& nodes);
boost::json::value row_of(const SeenNode& node);

}  // namespace windlass::cli::drain
