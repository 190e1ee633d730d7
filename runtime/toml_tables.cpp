#include "runtime/toml_tables.h"

#include "runtime/load_config.h"
#include "runtime/paths.h"
#include "runtime/toml_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace windlass::runtime {
namespace {

constexpr std::string_view kFileSuffix = "_file";

[[noreturn]] void refuse(const std::string& origin, const std::string& text) {
  throw ConfigError(origin + ": " + text);
}

std::string content_of(const std::string& toml_path, const std::string& name,
                       const std::string& origin) {
  const auto path = std::filesystem::path(toml_path).parent_path() / name;
  try {
    std::string content = read_file(path.string());
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r'))
      content.pop_back();
    return content;
  } catch (const std::system_error& error) {
    refuse(origin, "cannot read " + path.string() + ": " + error.code().message());
  }
}

}  // namespace

std::vector<TomlTable> read_toml_tables(const std::string& path, std::string_view list,
                                        const std::vector<std::string>& keys) {
  const toml::table content = read_toml_file(path);
  std::vector<TomlTable> tables;
  for (const auto& [key, node] : content) {
    const toml::array* array = node.as_array();
    if (key.str() != list || array == nullptr || !array->is_array_of_tables())
      refuse(origin_of(path, key.source()), "only [[" + std::string(list) + "]] may stand here");
    for (const toml::node& item : *array) {
      TomlTable table;
      for (const auto& [name_key, value] : *item.as_table()) {
        std::string name(name_key.str());
        const std::string origin = origin_of(path, name_key.source());
        const auto* text = value.as_string();
        if (text == nullptr) refuse(origin, name + " must be text");
        std::string held = text->get();
        const auto known = [&keys](const std::string& word) {
          return std::find(keys.begin(), keys.end(), word) != keys.end();
        };
        if (!known(name) && name.ends_with(kFileSuffix) &&
            known(name.substr(0, name.size() - kFileSuffix.size()))) {
          name.resize(name.size() - kFileSuffix.size());
          held = content_of(path, held, origin);
        }
        if (!known(name)) {
          const std::string nearest = nearest_word(name, keys);
          refuse(origin, "there is no key '" + name + "'" +
                             (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
        }
        if (!table.emplace(name, std::move(held)).second)
          refuse(origin, name + " stands here twice");
      }
      tables.push_back(std::move(table));
    }
  }
  return tables;
}

}  // namespace windlass::runtime
