// From two looks at the admin doors to what `windlass top` shows. Pure.
#pragma once

#include "client/cli/top/exposition.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace windlass::cli::top {

// One door's answer; the reason when there was none.
struct Door {
  std::optional<Series> series;
  std::string problem = {};
};

// One look at all doors, by address.
struct Sample {
  double at_seconds = 0;  // of a clock that only goes forward
  std::map<std::string, Door> doors;
};

struct ShardView {
  std::string shard;
  std::string door;  // of the process that serves it
  double waiting = 0;
  double running = 0;
  double slots_used = 0;
  double slots_total = 0;
  double started_per_second = 0;
  double ended_per_second = 0;
  // Of its process: commits are not told apart by shard. Nothing when there was no commit.
  std::optional<double> commit_p99_seconds;
  bool operator==(const ShardView&) const = default;
};

struct View {
  double seconds = 0;                            // between the two looks; rates are over these
  std::map<std::string, int> answering;          // doors by role
  std::map<std::string, std::string> silent;     // doors and the reason
  std::map<std::string, std::string> not_ready;  // doors that answer and are not, by role

  double waiting = 0;
  double running = 0;
  std::map<std::string, double> waiting_for;  // reason to tasks, those that are not 0
  double oldest_waiting_seconds = 0;
  double slots_used = 0;
  double slots_total = 0;               // used and free
  std::map<std::string, double> nodes;  // state to nodes, those that are not 0

  double added_per_second = 0;
  double started_per_second = 0;
  double ended_per_second = 0;   // success or failure: the task is over
  double failed_per_second = 0;  // those of them that failed
  double again_per_second = 0;   // attempts that ended and whose task goes on

  std::vector<ShardView> shards;       // by number
  std::optional<std::size_t> slowest;  // of them; nothing when no shard committed

  double refused_per_second = 0;
  std::map<std::string, double> refused;  // reason to peers, since the brokers' starts
};

// The rise of a counter. A smaller number is a new start: all of it is new.
double rise(double before, double now);

// The p-quantile of what was observed between two looks at a histogram's buckets (by their `le`),
// read as Prometheus does: linear within a bucket. Nothing when nothing was observed.
std::optional<double> quantile(double p, const std::map<double, double>& rises);

View view_of(const Sample& before, const Sample& now);

}  // namespace windlass::cli::top
