// Runs of seeds and what is said about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace windlass::simulator {

// "FROM-TO", both included.
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(const std::string& text);

// The exit code: 0 when every promise was kept.
int run_one(std::uint64_t seed, bool trace);

struct ManyRuns {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  int processes = 1;       // that share the seeds
  std::string tally_file;  // where the numbers are kept, so that it can be gone on with; or none
};

// Also fails when too few runs count (one counts only if faults bit and tasks were completed), and
// when a fault point never bit in a range that is long enough for it.
int run_many(const ManyRuns& runs);

}  // namespace windlass::simulator
