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

// Also fails when too few runs count: one counts only if faults bit and tasks were completed.
int run_many(std::uint64_t from, std::uint64_t to);

}  // namespace windlass::simulator
