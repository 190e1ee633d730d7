// What /proc says about a process.
#pragma once

#include <cstdint>
#include <string>

namespace windlass::runtime {

// Its command line on one line, at most 120 characters; "?" when it is gone or hidden.
std::string command_of_process(int pid);

// Ticks since boot at which it started, 0 when it is gone with all its threads. A pid and this
// number name a process for ever: pids are used again, the pair is not.
std::uint64_t start_of_process(int pid);

// Whether it is gone, or its first thread is: what it holds, files and ports, is about to be free.
bool is_ending(int pid);

}  // namespace windlass::runtime
