// One run: a world from a seed, its trouble, its calm, and what was found.
#pragma once

#include "simulator/fault_judge.h"
#include "simulator/options.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace windlass::simulator {

struct Outcome {
  std::vector<std::string> findings;            // broken promises; empty: all were kept
  std::map<std::string, std::uint64_t> faults;  // that bit, by kind
  FaultPointUses points;
  std::uint64_t hash = 0;  // of the trace
  std::uint64_t steps = 0;
  std::uint64_t attempts = 0;  // processes that were started
  std::uint64_t tasks_completed = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unknown = 0;
  Duration simulated{};
};

// Prints the story on the way when asked to.
Outcome simulate(const Options& options, bool print);

}  // namespace windlass::simulator
