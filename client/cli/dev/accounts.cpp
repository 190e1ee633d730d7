#include "client/cli/dev/accounts.h"

#include "model/base64.h"
#include "runtime/load_config.h"
#include "runtime/paths.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace windlass::cli::dev {
namespace {

constexpr std::size_t kKeyBytes = 64;
constexpr std::string_view kPrimary = ".primary.key";
constexpr std::string_view kSecondary = ".secondary.key";

std::string key_path(const Layout& layout, const std::string& name, std::string_view which) {
  return layout.accounts() + "/" + name + std::string(which);
}

std::string random_key() {
  std::string bytes(kKeyBytes, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return base64_encoded(bytes);
}

bool valid_name(const std::string& name) {
  return name.size() >= 3 && name.size() <= 24 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
}

}  // namespace

std::vector<std::string> make_accounts(const Layout& layout,
                                       const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    if (!valid_name(name))
      throw runtime::ConfigError("--account '" + name +
                                 "': a name has 3 to 24 lower-case letters and digits");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::vector<std::string> older;
  for (const auto& entry : std::filesystem::directory_iterator(layout.accounts())) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(kPrimary)) continue;
    std::string name = file.substr(0, file.size() - kPrimary.size());
    if (std::find(names.begin(), names.end(), name) == names.end())
      older.push_back(std::move(name));
  }
  std::sort(older.begin(), older.end());
  names.insert(names.end(), older.begin(), older.end());
  std::string toml = "# Written by windlass dev at each start.\n";
  for (const std::string& name : names) {
    toml += "\n[[account]]\nname = \"" + name + "\"\n";
    for (const auto& [key, which] :
         {std::pair{"primary_key_file", kPrimary}, std::pair{"secondary_key_file", kSecondary}}) {
      const std::string path = key_path(layout, name, which);
      if (!std::filesystem::exists(path))
        runtime::write_file_atomically(path, random_key() + "\n", 0600);
      toml += std::string(key) + " = '" + path + "'\n";
    }
  }
  runtime::write_file_atomically(layout.accounts_file(), toml, 0600);
  return names;
}

std::string key_of_account(const Layout& layout, const std::string& name) {
  std::string key = runtime::read_file(key_path(layout, name, kPrimary));
  while (!key.empty() && key.back() == '\n') key.pop_back();
  return key;
}

}  // namespace windlass::cli::dev
