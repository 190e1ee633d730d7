// Lists of tables in TOML files that are no configuration of a program, such as the accounts:
//
//   [[account]]
//   name = "alpha"
//   primary_key_file = "alpha.primary.key"
//
// A key NAME_file stands for NAME with the file's content (without final newlines); its path is
// relative to the TOML file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::runtime {

using TomlTable = std::map<std::string, std::string>;

// All tables [[list]] of the file; values are text. Throws ConfigError for anything else in the
// file, an unknown key (with the nearest of `keys`), or a file that cannot be read.
std::vector<TomlTable> read_toml_tables(const std::string& path, std::string_view list,
                                        const std::vector<std::string>& keys);

}  // namespace windlass::runtime
