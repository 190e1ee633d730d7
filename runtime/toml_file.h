// A TOML file, whole, or why it is none. Internal to the readers of runtime/ (this header drags in
// the TOML library; nothing else may include that, because of the macro).
#pragma once

#include <stdexcept>
#include <string>

namespace windlass::runtime {

[[noreturn]] inline void toml_is_malformed() {
  throw std::logic_error("this is not TOML: a key or a value is missing somewhere");
}

}  // namespace windlass::runtime

// Malformed files, such as "[,", reach assertions of the parser: what is wrong with a file must not
// end a program.
#define TOML_ASSERT(expression) ((expression) ? void() : ::windlass::runtime::toml_is_malformed())
#include <toml++/toml.h>

namespace windlass::runtime {

// Throws ConfigError with the file's line.
toml::table read_toml_file(const std::string& path);

std::string origin_of(const std::string& path, const toml::source_region& region);

}  // namespace windlass::runtime
