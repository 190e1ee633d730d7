// Fills a Config from flags, environment, TOML file and defaults, in this order of precedence.
#pragma once

#include "runtime/options.h"
#include "runtime/refusal.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::runtime {

// A configuration we do not accept: unknown key (with the nearest known one), bad value, file
// unreadable.
class ConfigError : public StartRefused {
 public:
  using StartRefused::StartRefused;
};

// What the command line asks for besides values.
enum class ConfigAction {
  run,
  help,
  version,
  print_config,
  print_config_docs,
  print_metrics_docs,
  healthcheck
};

// `arguments` without the program's name. Throws ConfigError.
ConfigAction load_config(OptionTable& table, const std::vector<std::string>& arguments);

// load_config for main(): does what was asked for instead of running, or says what is refused. A
// value is the exit code to end with (2: refused); nothing means: run.
std::optional<int> load_config_or_exit(OptionTable& table, int argc, char** argv);

// The nearest of `known` for a mistyped `word`; empty when nothing is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace windlass::runtime
