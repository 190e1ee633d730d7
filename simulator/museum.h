// The museum of planted bugs (model/museum.h): how many seeds the simulator needs to find each.
#pragma once

#include <cstdint>
#include <string>

namespace windlass::simulator {

// Seeds after which a planted bug must have been found.
inline constexpr std::uint64_t kMuseumSeedsMax = 500;

// Plants the bug of this name for the rest of the process. False: this build has none of that name.
bool plant(const std::string& name);

// Prints the table: bug, seeds needed, what gave it away. The exit code: 0 when all were found.
int run_museum();

}  // namespace windlass::simulator
