#include "gateway/service.h"

int main(int argc, char** argv) {
  windlass::gateway::GatewayConfig config;
  windlass::runtime::OptionTable options = windlass::gateway::gateway_options(config);
  return windlass::runtime::run_program(options, config.common, argc, argv,
                                        [&](windlass::runtime::Program& program) {
                                          return windlass::gateway::run_gateway(config, program);
                                        });
}
