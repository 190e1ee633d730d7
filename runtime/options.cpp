#include "runtime/options.h"

#include "model/assert.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace windlass::runtime {
namespace {

std::string upper_snake(std::string_view name) {
  std::string text;
  for (const char c : name)
    text += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string real_text(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string out(text, end);
  if (out.find_first_of(".einf") == std::string::npos) out += ".0";
  return out;
}

// Control characters as TOML (and JSON) have them.
std::string escaped(char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += escaped(c);
    else
      out += c;
  }
  return out + '"';
}

std::string value_name_of(const Option& option) {
  if (!option.value_name.empty()) return option.value_name;
  if (option.secret) return "FILE";
  if (!option.choices.empty()) {
    std::string text;
    for (const std::string& choice : option.choices) text += (text.empty() ? "" : "|") + choice;
    return text;
  }
  if (std::holds_alternative<std::int64_t*>(option.target) ||
      std::holds_alternative<double*>(option.target))
    return "N";
  return option.positional ? upper_snake(option.name) : "TEXT";
}

std::string flag_of(const Option& option) {
  return "--" + option.name + (option.secret ? "-file" : "");
}

std::string default_of(const Option& option) {
  if (!option.default_text.empty()) return option.default_text;
  if (const auto* text = std::get_if<std::string*>(&option.target);
      text != nullptr && (*text)->empty())
    return "";
  if (const auto* list = std::get_if<std::vector<std::string>*>(&option.target);
      list != nullptr && (*list)->empty())
    return "";
  if (option.secret) return "";
  return value_text(option.target);
}

std::string limits_of(const Option& option) {
  if (option.min && option.max)
    return std::to_string(*option.min) + " to " + std::to_string(*option.max);
  if (option.min) return "at least " + std::to_string(*option.min);
  if (option.max) return "at most " + std::to_string(*option.max);
  return "";
}

// Breaks at blanks so that lines end before column 100, each indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = 0;
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (column == 0 || column + 1 + word.size() > 100 - indent) {
      if (column != 0) out += '\n';
      out.append(indent, ' ');
      column = 0;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
  }
  out += '\n';
}

std::string remarks(const Option& option) {
  std::string text;
  const auto remark = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (!option.unit.empty()) remark("in " + option.unit);
  if (const std::string limits = limits_of(option); !limits.empty()) remark(limits);
  if (option.required) remark("required");
  const std::string value = default_of(option);
  if (!value.empty() && !std::holds_alternative<bool*>(option.target)) remark("default " + value);
  if (std::holds_alternative<std::vector<std::string>*>(option.target) && !option.positional)
    remark("may be repeated");
  return text.empty() ? "" : " (" + text + ")";
}

}  // namespace

OptionTable::OptionTable(std::string program, std::string env_role, std::string summary)
    : program_(std::move(program)), env_role_(std::move(env_role)), summary_(std::move(summary)) {}

OptionTable& OptionTable::add(Option option) {
  WINDLASS_ASSERT(find(option.name) == nullptr);
  WINDLASS_ASSERT(!option.secret || std::holds_alternative<std::string*>(option.target));
  if (option.default_text.empty()) option.default_text = default_of(option);
  options_.push_back(std::move(option));
  return *this;
}

OptionTable& OptionTable::example(std::string line, std::string meaning) {
  examples_.push_back({std::move(line), std::move(meaning)});
  return *this;
}

OptionTable& OptionTable::rest(std::vector<std::string>* target, std::string meaning) {
  rest_ = target;
  rest_meaning_ = std::move(meaning);
  return *this;
}

const Option* OptionTable::find(std::string_view name) const {
  const auto it = std::find_if(options_.begin(), options_.end(),
                               [&](const Option& o) { return o.name == name; });
  return it == options_.end() ? nullptr : &*it;
}

std::string OptionTable::env_name(const Option& option) const {
  if (option.positional) return "";
  if (!option.env.empty()) return option.env;
  if (env_role_.empty()) return "";
  return "WINDLASS_" + env_role_ + "_" + upper_snake(option.name) + (option.secret ? "_FILE" : "");
}

std::string OptionTable::toml_key(const Option& option) {
  std::string key = option.name;
  std::replace(key.begin(), key.end(), '-', '_');
  return option.secret ? key + "_file" : key;
}

void add_common_options(OptionTable& table, CommonConfig& config) {
  table
      .add({.name = "config",
            .target = &config.config_file,
            .meaning = "A TOML file with these options as keys (dashes become underscores).",
            .value_name = "FILE"})
      .add({.name = "log-level",
            .target = &config.log_level,
            .meaning = "The least important events that are logged.",
            .choices = {"debug", "info", "warn", "error"}})
      .add({.name = "log-format",
            .target = &config.log_format,
            .meaning = "How the log is written to standard error: auto is logfmt on a terminal and "
                       "JSON elsewhere.",
            .choices = {"auto", "logfmt", "json"}})
      .add({.name = "admin-address",
            .target = &config.admin_address,
            .meaning = "Where /healthz, /readyz and /metrics are served. Port 0 picks a free one. "
                       "No authentication: keep it "
                       "on loopback or a private network.",
            .value_name = "HOST:PORT"})
      .add({.name = "status-file",
            .target = &config.status_file,
            .meaning = "A JSON file to write once the addresses are bound: role, pid, started, "
                       "address, admin, endpoints.",
            .value_name = "FILE"});
}

std::string value_text(const OptionTarget& target) {
  if (const auto* flag = std::get_if<bool*>(&target)) return **flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t*>(&target)) return std::to_string(**number);
  if (const auto* real = std::get_if<double*>(&target)) return real_text(**real);
  if (const auto* text = std::get_if<std::string*>(&target)) return quoted(**text);
  std::string out = "[";
  for (const std::string& item : *std::get<std::vector<std::string>*>(target))
    out += (out.size() > 1 ? ", " : "") + quoted(item);
  return out + "]";
}

std::string help_text(const OptionTable& table) {
  std::string usage = "Usage: " + table.program() + " [options]";
  for (const Option& option : table.options()) {
    if (!option.positional) continue;
    const bool many = std::holds_alternative<std::vector<std::string>*>(option.target);
    const std::string word = value_name_of(option) + (many ? "..." : "");
    usage += option.required ? " " + word : " [" + word + "]";
  }
  if (table.rest_target() != nullptr) usage += " -- " + table.rest_meaning();
  std::string out = table.summary() + "\n\n" + usage + "\n";
  if (!table.examples().empty()) out += "\nExamples:\n";
  for (const OptionExample& example : table.examples()) {
    out += "  " + example.line + "\n";
    append_wrapped(out, example.meaning, 6);
  }
  out += "\nOptions:\n";
  for (const Option& option : table.options()) {
    std::string line = "  ";
    if (option.positional) {
      line += value_name_of(option);
    } else {
      if (option.letter != 0) line += std::string("-") + option.letter + ", ";
      line += flag_of(option);
      if (!std::holds_alternative<bool*>(option.target)) line += " " + value_name_of(option);
    }
    out += line + "\n";
    append_wrapped(out, option.meaning + remarks(option), 6);
  }
  out += "  --help, --version" + std::string(table.reads_environment() ? ", --print-config" : "") +
         (table.has_admin_door() ? ", --healthcheck" : "") + "\n";
  if (table.reads_environment()) {
    out += "\nEach option can also come from the environment (" +
           table.env_name(table.options().front()) +
           " and so on) or a TOML file;\nflags win over environment, environment over file.\n";
  }
  return out;
}

std::string markdown_text(const OptionTable& table) {
  const auto cell = [](std::string text) {
    for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
      text.insert(at, "\\");
    return text;
  };
  std::string out = "## " + table.program() + "\n\n" + table.summary() + "\n\n";
  out += "| Flag | Environment | Default | Unit, limits | Meaning |\n|---|---|---|---|---|\n";
  for (const Option& option : table.options()) {
    const std::string value = default_of(option);
    std::string limits = option.unit;
    if (const std::string range = limits_of(option); !range.empty())
      limits += (limits.empty() ? "" : ", ") + range;
    for (const std::string& choice : option.choices)
      limits += (limits.empty() ? "" : ", ") + choice;
    if (option.required) limits += limits.empty() ? "required" : ", required";
    if (option.secret) limits += limits.empty() ? "secret: names a file" : ", secret: names a file";
    const std::string env = table.env_name(option);
    out += "| " + (option.positional ? cell(value_name_of(option)) : "`" + flag_of(option) + "`") +
           " | " + (env.empty() ? "" : "`" + env + "`") + " | " +
           (value.empty() ? "" : "`" + cell(value) + "`") + " | " + cell(limits) + " | " +
           cell(option.meaning) + " |\n";
  }
  return out;
}

std::string print_config_text(const OptionTable& table) {
  std::string out;
  for (const Option& option : table.options()) {
    if (option.positional || option.name == "config") continue;
    std::string line = OptionTable::toml_key(option) + " = " + value_text(option.target);
    if (option.secret) {
      const bool given = !std::get<std::string*>(option.target)->empty();
      line = "# " + OptionTable::toml_key(option) + (given ? ": a secret is set" : ": not set");
    }
    out += line + "  # " + option.origin + "\n";
  }
  return out;
}

}  // namespace windlass::runtime
