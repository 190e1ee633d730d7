// Who may ask: accounts and their keys, decoded once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::gateway {

struct Account {
  std::string name;                    // as configured
  std::vector<std::string> keys;       // decoded: primary, then secondary where there is one
  std::vector<std::string> key_texts;  // base64, for the blob endpoint
};

class Accounts {
 public:
  // Throws runtime::ConfigError: no account, a name twice, a key that is not base64.
  explicit Accounts(std::vector<Account> accounts);

  // A file of [[account]] name, primary_key, secondary_key (or ..._key_file).
  static Accounts from_file(const std::string& path);

  const Account* find(std::string_view name) const;  // without case
  std::vector<const Account*> all() const;

 private:
  std::map<std::string, Account, std::less<>> by_name_;  // lower case
};

}  // namespace windlass::gateway
