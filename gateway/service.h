// The gateway as a whole: its loop, its doors, and how it begins and ends.
#pragma once

#include "gateway/config.h"
#include "runtime/program.h"

namespace windlass::gateway {

// Serves until the program is asked to end; then lets requests under way finish. The exit code.
int run_gateway(const GatewayConfig& config, runtime::Program& program);

}  // namespace windlass::gateway
