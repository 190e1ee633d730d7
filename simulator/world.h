// What every part of a simulated world shares: time, chance, the story, faults that bit, and what
// was found to be wrong.
#pragma once

#include "simulator/options.h"
#include "simulator/random.h"
#include "simulator/timeline.h"
#include "simulator/trace.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace windlass::simulator {

class Process;

struct World {
  World(const Options& drawn, bool print) : options(drawn), random(drawn.seed), trace(print) {}

  void tell(std::string_view who, std::string_view what) { trace.tell(timeline.now(), who, what); }

  // A promise is broken. `promise` is its id (S1, L1, ...) or "invariant".
  void violated(std::string_view promise, const std::string& what) {
    findings.push_back(std::string(promise) + ": " + what);
    tell("VIOLATED", findings.back());
  }
  void bit(const char* fault) { ++faults[fault]; }

  Options options;
  Random random;
  Trace trace;
  Timeline timeline;
  bool calm = false;          // no more faults
  Process* acting = nullptr;  // whose code runs now
  std::vector<std::string> findings;
  std::map<std::string, std::uint64_t> faults;  // that bit, by kind
};

}  // namespace windlass::simulator
