// Bodies about nodes, from text to commands: as in parse_pool.h.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

// The body may be empty.
Result<DisableNodeScheduling> parse_disable_node_scheduling(std::string_view body);

}  // namespace windlass::api
