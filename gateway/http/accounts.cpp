#include "gateway/http/accounts.h"

#include "model/base64.h"
#include "model/ids.h"
#include "runtime/load_config.h"
#include "runtime/toml_tables.h"

namespace windlass::gateway {
namespace {

constexpr std::size_t kKeyBytesMin = 16;

}  // namespace

Accounts::Accounts(std::vector<Account> accounts) {
  for (Account& account : accounts) {
    if (account.name.empty()) throw runtime::ConfigError("an account has no name");
    if (account.key_texts.empty())
      throw runtime::ConfigError("account '" + account.name + "' has no primary_key");
    account.keys.clear();
    for (const std::string& text : account.key_texts) {
      auto key = base64_decoded(text);
      if (!key || key->size() < kKeyBytesMin)
        throw runtime::ConfigError("account '" + account.name + "': a key must be base64 of " +
                                   std::to_string(kKeyBytesMin) + " bytes or more");
      account.keys.push_back(std::move(*key));
    }
    std::string name = lower_cased(account.name);
    if (!by_name_.emplace(name, std::move(account)).second)
      throw runtime::ConfigError("account '" + name + "' stands twice");
  }
  if (by_name_.empty()) throw runtime::ConfigError("there is no account");
}

Accounts Accounts::from_file(const std::string& path) {
  std::vector<Account> accounts;
  for (auto& table :
       runtime::read_toml_tables(path, "account", {"name", "primary_key", "secondary_key"})) {
    Account account;
    account.name = table["name"];
    for (const char* key : {"primary_key", "secondary_key"}) {
      if (!table[key].empty()) account.key_texts.push_back(table[key]);
    }
    accounts.push_back(std::move(account));
  }
  try {
    return Accounts(std::move(accounts));
  } catch (const runtime::ConfigError& error) {
    throw runtime::ConfigError(path + ": " + error.what());
  }
}

const Account* Accounts::find(std::string_view name) const {
  const auto found = by_name_.find(lower_cased(name));
  return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<const Account*> Accounts::all() const {
  std::vector<const Account*> out;
  for (const auto& [name, account] : by_name_) out.push_back(&account);
  return out;
}

}  // namespace windlass::gateway
