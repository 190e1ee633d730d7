// windlass-scheduler: owns shards and decides for them.
#include "runtime/program.h"
#include "scheduler/config.h"
#include "scheduler/loop.h"

int main(int argc, char** argv) {
  windlass::scheduler::Config config;
  windlass::runtime::OptionTable options = windlass::scheduler::scheduler_options(config);
  return windlass::runtime::run_program(options, config.common, argc, argv,
                                        [&](windlass::runtime::Program& program) {
                                          return windlass::scheduler::run(config, program);
                                        });
}
