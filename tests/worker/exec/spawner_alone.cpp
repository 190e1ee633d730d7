// The spawner as a program of its own: what windlass-worker is when called with --spawner.
#include "worker/exec/spawner_main.h"

int main(int argc, char** argv) {
  return windlass::worker::exec::spawner_main(argc, argv);
}
