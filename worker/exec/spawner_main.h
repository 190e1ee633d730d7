// The spawner as a program. worker/main.cpp calls this before anything else when its first argument
// is --spawner: no thread, no ZeroMQ context and no large heap may exist in the process that starts
// tasks.
#pragma once

namespace windlass::worker::exec {

// windlass-worker --spawner --folder DIR [--cgroups auto|v2|v1|none] [--idle-exit-seconds N]
//                 [--foreground]
// Detaches unless told otherwise, takes the folder's spawner lock, kills what a dead spawner left
// behind, serves, and returns the exit code of the process. 0 also when another spawner lives.
int spawner_main(int argc, char** argv);

}  // namespace windlass::worker::exec
