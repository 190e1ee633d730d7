#include "runtime/toml_file.h"

#include "runtime/load_config.h"

namespace windlass::runtime {

toml::table read_toml_file(const std::string& path) {
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    throw ConfigError(origin_of(path, error.source()) + ": " + std::string(error.description()));
  } catch (const std::logic_error& confused) {
    throw ConfigError(path + ": " + confused.what());
  }
}

std::string origin_of(const std::string& path, const toml::source_region& region) {
  return path + (region.begin.line > 0 ? ":" + std::to_string(region.begin.line) : "");
}

}  // namespace windlass::runtime
