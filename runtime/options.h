// What can be configured: each option stated once. Flags, environment, TOML file, --help,
// --print-config and docs/CONFIGURATION.md all come from the same table.
//
//   struct BrokerConfig {
//     CommonConfig common{.admin_address = "127.0.0.1:8472"};
//     std::vector<std::string> bus_bind{"tcp://127.0.0.1:8470"};
//   };
//   OptionTable broker_options(BrokerConfig& config) {
//     OptionTable table("windlass-broker", "BROKER", "Forwards frames between the roles.");
//     table.add({.name = "bus-bind", .target = &config.bus_bind, .meaning = "Endpoint for ..."});
//     add_common_options(table, config.common);
//     return table;
//   }
//
// The default of an option is what its target holds when it is added. `name` is the flag
// (--bus-bind); the TOML key is bus_bind, the variable WINDLASS_BROKER_BUS_BIND. A list in a
// variable is separated by commas; a flag is repeated.
//
// A secret is never given directly, where `ps` or a shell history would show it: its value is the
// content (without a final newline) of the file named by --NAME-file, ..._NAME_FILE or NAME_file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass::runtime {

using OptionTarget =
    std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::string>*>;

struct Option {
  std::string name;
  OptionTarget target;
  std::string meaning;  // a sentence or two, for --help and the document
  std::string unit = {};
  std::optional<std::int64_t> min = {};  // for numbers
  std::optional<std::int64_t> max = {};
  std::vector<std::string> choices = {};  // for text: nothing else is taken
  bool secret = false;
  bool positional =
      false;  // a word instead of a flag; in the order of adding. No environment, no TOML
  bool required = false;        // must not stay at its default
  char letter = 0;              // a short flag such as -o
  std::string value_name = {};  // what --help calls the value: DIR, ADDRESS; made up when empty
  std::string env = {};         // the variable, when it is not the usual one
  std::string default_text =
      {};  // what --help and the document say where the default depends on the host

  // Set by loading: "default", "flag --x", "environment X", "file F:12".
  std::string origin = "default";
};

struct OptionExample {
  std::string line;
  std::string meaning;
};

class OptionTable {
 public:
  // `env_role` is the middle of the variables' names; empty: no environment and no TOML file.
  OptionTable(std::string program, std::string env_role, std::string summary);

  OptionTable& add(Option option);
  OptionTable& example(std::string line, std::string meaning);
  // Everything after "--" goes here unread; without this a "--" is refused.
  OptionTable& rest(std::vector<std::string>* target, std::string meaning);

  const std::string& program() const { return program_; }
  const std::string& summary() const { return summary_; }
  const std::vector<Option>& options() const { return options_; }
  std::vector<Option>& options() { return options_; }
  const std::vector<OptionExample>& examples() const { return examples_; }
  std::vector<std::string>* rest_target() const { return rest_; }
  const std::string& rest_meaning() const { return rest_meaning_; }
  bool reads_environment() const { return !env_role_.empty(); }
  bool has_admin_door() const { return find("admin-address") != nullptr; }

  const Option* find(std::string_view name) const;
  std::string env_name(const Option& option) const;  // empty when it has none
  static std::string toml_key(const Option& option);

 private:
  std::string program_;
  std::string env_role_;
  std::string summary_;
  std::vector<Option> options_;
  std::vector<OptionExample> examples_;
  std::vector<std::string>* rest_ = nullptr;
  std::string rest_meaning_;
};

// The part that all roles share.
struct CommonConfig {
  std::string config_file;
  std::string log_level = "info";
  std::string log_format = "auto";
  std::string admin_address = "127.0.0.1:0";
  std::string status_file;
};

void add_common_options(OptionTable& table, CommonConfig& config);

// Text of one value as TOML writes it; secrets are not masked here.
std::string value_text(const OptionTarget& target);

std::string help_text(const OptionTable& table);

// A section of docs/CONFIGURATION.md.
std::string markdown_text(const OptionTable& table);

// A valid TOML file of all values in force, each with its origin as a comment; secrets masked.
std::string print_config_text(const OptionTable& table);

}  // namespace windlass::runtime
