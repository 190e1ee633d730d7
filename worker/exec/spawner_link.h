// Finding and launching the spawner of a data folder: the parts of spawner_client.h that talk to
// the operating system and know nothing of attempts.
#pragma once

#include <string>
#include <vector>

namespace windlass::worker::exec {

// Connects to the folder's spawner. The descriptor (not blocking), or -1 when nobody listens.
int connect_to_spawner(const std::string& folder);

// Starts the program in the background and returns its pid; it detaches and ends soon, so it must
// be waited for. What it says goes to spawner.log in the folder. Safe in a process of any size and
// with any threads. Throws std::runtime_error.
int launch_spawner(const std::string& program, const std::vector<std::string>& arguments,
                   const std::string& folder);

}  // namespace windlass::worker::exec
