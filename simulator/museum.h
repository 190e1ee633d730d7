// The museum of planted bugs (model/museum.h): how many seeds the simulator needs to find each.
#pragma once

#include <cstdint>
#include <string>

namespace windlass::simulator {

// Seeds after which a planted bug must have been found.
inline constexpr std::uint64_t kMuseumSeedsMax = 2000;

// Plants the bug of this name for the rest of the process. False: this build has none of that name.
bool plant(const std::string& name);

// Prints a table: bug, seeds needed, what gave it away; another one: promise, bugs that break it;
// and whether the same seeds are clean without a bug. So many processes share the seeds. The exit
// code: 0 when all bugs were found, each promise of the tables has one, and the seeds are clean.
int run_museum(int processes);

}  // namespace windlass::simulator
