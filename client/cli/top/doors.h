// The admin doors to look at, and one look at them.
#pragma once

#include "client/cli/top/view.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::cli::top {

// HOST:PORT of every role of a development cluster. Throws ConfigError when there is none.
std::vector<std::string> doors_of_cluster(const std::string& data);

// Every HOST:PORT in a file of Prometheus targets (YAML or JSON), its comments left out. Pure.
std::vector<std::string> doors_in_targets(std::string_view text);

// Asks all doors at the same time.
Sample look(const std::vector<std::string>& doors, std::chrono::milliseconds patience);

}  // namespace windlass::cli::top
