// Development accounts: two random keys each, made once and kept in files only the owner can read.
#pragma once

#include "client/cli/dev/layout.h"

#include <string>
#include <vector>

namespace windlass::cli::dev {

// Makes what is missing and writes accounts.toml with all accounts of the folder, `names` first.
// Answers them in this order. Throws ConfigError for a name that cannot be one (3 to 24 of a-z
// 0-9).
std::vector<std::string> make_accounts(const Layout& layout, const std::vector<std::string>& names);

// The primary key, base64. Throws when there is no such account.
std::string key_of_account(const Layout& layout, const std::string& name);

}  // namespace windlass::cli::dev
