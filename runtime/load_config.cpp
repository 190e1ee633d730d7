#include "runtime/load_config.h"

#include "runtime/toml_file.h"

#include "runtime/health_probe.h"
#include "runtime/metrics.h"
#include "runtime/paths.h"
#include "runtime/version.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace windlass::runtime {
namespace {

using Texts = std::vector<std::string>;

[[noreturn]] void refuse(const std::string& origin, const std::string& reason) {
  throw ConfigError(origin + ": " + reason);
}

std::string one_text(const Texts& texts, const std::string& origin) {
  if (texts.size() != 1) refuse(origin, "takes one value, got " + std::to_string(texts.size()));
  return texts.front();
}

bool bool_of(const std::string& text, const std::string& origin) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  refuse(origin, "'" + text + "' is neither true nor false");
}

template <class Number>
Number number_of(const std::string& text, const Option& option, const std::string& origin) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    refuse(origin, "'" + text + "' is not a number");
  // So that what compares with nothing (nan) is within no limit.
  const auto below = option.min && !(value >= static_cast<Number>(*option.min));
  const auto above = option.max && !(value <= static_cast<Number>(*option.max));
  if (below) refuse(origin, text + " is less than " + std::to_string(*option.min));
  if (above) refuse(origin, text + " is more than " + std::to_string(*option.max));
  return value;
}

void check_choice(const std::string& text, const Option& option, const std::string& origin) {
  if (option.choices.empty()) return;
  if (std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end()) return;
  std::string list;
  for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
  refuse(origin, "'" + text + "' is none of: " + list);
}

std::string secret_in(const std::string& path, const std::string& origin) {
  std::string content;
  try {
    content = read_file(path);
  } catch (const std::exception& failure) {
    refuse(origin, std::string("cannot read the secret: ") + failure.what());
  }
  if (!content.empty() && content.back() == '\n') content.pop_back();
  if (content.empty()) refuse(origin, "the file " + path + " is empty");
  return content;
}

// One way in for all sources, so a limit holds wherever a value comes from.
void assign(Option& option, const Texts& texts, const std::string& origin) {
  if (auto* flag = std::get_if<bool*>(&option.target)) {
    **flag = bool_of(one_text(texts, origin), origin);
  } else if (auto* number = std::get_if<std::int64_t*>(&option.target)) {
    **number = number_of<std::int64_t>(one_text(texts, origin), option, origin);
  } else if (auto* real = std::get_if<double*>(&option.target)) {
    **real = number_of<double>(one_text(texts, origin), option, origin);
  } else if (auto* text = std::get_if<std::string*>(&option.target)) {
    const std::string value = one_text(texts, origin);
    check_choice(value, option, origin);
    **text = option.secret ? secret_in(value, origin) : value;
  } else {
    for (const std::string& value : texts) check_choice(value, option, origin);
    *std::get<std::vector<std::string>*>(option.target) = texts;
  }
  option.origin = origin;
}

std::string toml_text(const toml::node& node, const std::string& origin) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* real = node.as_floating_point()) {
    char text[40];
    return {text, std::to_chars(text, text + sizeof text, real->get()).ptr};
  }
  refuse(origin, "must be text, a number, true or false, or a list of text");
}

void load_toml(OptionTable& table, const std::string& path) {
  const toml::table content = read_toml_file(path);
  std::map<std::string, Option*> by_key;
  Texts keys;
  for (Option& option : table.options()) {
    if (option.positional || option.name == "config") continue;
    by_key[OptionTable::toml_key(option)] = &option;
    keys.push_back(OptionTable::toml_key(option));
  }
  for (const auto& [key, node] : content) {
    const std::string name(key.str());
    const std::string origin = "file " + path + ":" + std::to_string(key.source().begin.line);
    const auto known = by_key.find(name);
    if (known == by_key.end()) {
      std::string nearest = nearest_word(name, keys);
      if (by_key.contains(name + "_file")) nearest = name + "_file";
      refuse(origin, "there is no option '" + name + "'" +
                         (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
    }
    Texts texts;
    if (const auto* list = node.as_array()) {
      for (const toml::node& item : *list) texts.push_back(toml_text(item, origin + " " + name));
    } else {
      texts.push_back(toml_text(node, origin + " " + name));
    }
    assign(*known->second, texts, origin);
  }
}

Texts split_at_commas(const std::string& text) {
  Texts parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

void load_environment(OptionTable& table) {
  for (Option& option : table.options()) {
    const std::string name = table.env_name(option);
    if (name.empty() || option.name == "config") continue;
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    const bool list = std::holds_alternative<std::vector<std::string>*>(option.target);
    assign(option, list ? split_at_commas(value) : Texts{value}, "environment " + name);
  }
}

// The command line as CLI11 reads it: texts by option, in the order of the table.
struct CommandLine {
  std::vector<Texts> texts;
  Texts extras;
  bool help = false, version = false, print_config = false;
  bool print_config_docs = false, print_metrics_docs = false;
  bool healthcheck = false;
};

std::string cli_name(const Option& option) {
  const std::string flag = "--" + option.name + (option.secret ? "-file" : "");
  return option.letter == 0 ? flag : std::string("-") + option.letter + "," + flag;
}

CommandLine parse(const OptionTable& table, Texts arguments) {
  CommandLine line;
  line.texts.resize(table.options().size());
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::string> flags(table.options().size());
  std::vector<CLI::Option*> handles;
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    const Option& option = table.options()[i];
    if (std::holds_alternative<bool*>(option.target)) {
      handles.push_back(app.add_flag(cli_name(option), flags[i]));
    } else if (option.positional) {
      handles.push_back(nullptr);  // dealt out of the words below
    } else {
      handles.push_back(app.add_option(cli_name(option), line.texts[i])
                            ->expected(1)
                            ->allow_extra_args(false)
                            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
    }
  }
  Texts words;
  app.add_option("words", words);
  app.add_flag("-h,--help", line.help);
  app.add_flag("--version", line.version);
  if (table.reads_environment()) {
    app.add_flag("--print-config", line.print_config);
    app.add_flag("--print-config-docs", line.print_config_docs);
    app.add_flag("--print-metrics-docs", line.print_metrics_docs);
  }
  if (table.has_admin_door()) app.add_flag("--healthcheck", line.healthcheck);
  // CLI11 takes "--x=" for "--x" without a value; here it is the empty one.
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("--") || arguments[i].find('=') + 1 != arguments[i].size())
      continue;
    arguments[i].pop_back();
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
  }
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  for (std::size_t i = 0; i < handles.size(); ++i) {
    const OptionTarget& target = table.options()[i].target;
    if (handles[i] == nullptr) {
      const bool list = std::holds_alternative<std::vector<std::string>*>(target);
      const std::size_t taken = list ? words.size() : std::min<std::size_t>(1, words.size());
      line.texts[i].assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(taken));
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(taken));
    } else if (handles[i]->count() > 0 && std::holds_alternative<bool*>(target)) {
      line.texts[i] = {flags[i]};
    }
  }
  line.extras = app.remaining();
  line.extras.insert(line.extras.end(), words.begin(), words.end());
  return line;
}

void refuse_extras(const OptionTable& table, const Texts& extras) {
  if (extras.empty()) return;
  const std::string& word = extras.front();
  if (!word.starts_with("-")) throw ConfigError("did not expect '" + word + "'");
  const std::string flag = word.substr(0, word.find('='));
  Texts known{"--help", "--version"};
  if (table.reads_environment()) known.push_back("--print-config");
  if (table.has_admin_door()) known.push_back("--healthcheck");
  for (const Option& option : table.options()) {
    if (option.secret && flag == "--" + option.name) {
      throw ConfigError(flag + " is a secret and is not taken from the command line: use " + flag +
                        "-file FILE");
    }
    if (!option.positional) known.push_back("--" + option.name + (option.secret ? "-file" : ""));
  }
  const std::string nearest = nearest_word(flag, known);
  throw ConfigError("there is no option " + flag +
                    (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string config_file_of(const OptionTable& table, const CommandLine& line) {
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    const Option& option = table.options()[i];
    if (option.name != "config") continue;
    if (!line.texts[i].empty()) return line.texts[i].front();
    const char* value = std::getenv(table.env_name(option).c_str());
    return value != nullptr ? value : "";
  }
  return "";
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t apart = distance(word, candidate);
    if (apart < best) {
      best = apart;
      nearest = candidate;
    }
  }
  return nearest;
}

ConfigAction load_config(OptionTable& table, const std::vector<std::string>& arguments) {
  Texts own = arguments;
  const auto dashes = std::find(own.begin(), own.end(), "--");
  if (dashes != own.end()) {
    if (table.rest_target() == nullptr) throw ConfigError("nothing may follow '--' here");
    table.rest_target()->assign(dashes + 1, own.end());
    own.erase(dashes, own.end());
  }
  const CommandLine line = parse(table, own);
  if (line.help) return ConfigAction::help;
  if (line.version) return ConfigAction::version;
  if (line.print_config_docs) return ConfigAction::print_config_docs;
  if (line.print_metrics_docs) return ConfigAction::print_metrics_docs;
  refuse_extras(table, line.extras);
  if (table.reads_environment()) {
    if (const std::string file = config_file_of(table, line); !file.empty()) load_toml(table, file);
  }
  load_environment(table);
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    Option& option = table.options()[i];
    if (line.texts[i].empty()) continue;
    assign(
        option, line.texts[i],
        option.positional ? option.name : "flag --" + option.name + (option.secret ? "-file" : ""));
  }
  if (line.print_config) return ConfigAction::print_config;
  if (line.healthcheck) return ConfigAction::healthcheck;
  for (const Option& option : table.options()) {
    if (!option.required || option.origin != "default") continue;
    throw ConfigError(option.positional
                          ? option.name + " is missing"
                          : "--" + option.name + (option.secret ? "-file" : "") + " is required");
  }
  return ConfigAction::run;
}

std::optional<int> load_config_or_exit(OptionTable& table, int argc, char** argv) {
  ConfigAction action{};
  try {
    action = load_config(table, std::vector<std::string>(argv + 1, argv + argc));
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s: %s\nSee: %s --help\n", table.program().c_str(), error.what(),
                 table.program().c_str());
    return 2;
  }
  std::string text;
  switch (action) {
    case ConfigAction::run:
      return std::nullopt;
    case ConfigAction::help:
      text = help_text(table);
      break;
    case ConfigAction::version:
      text = table.program() + " " + std::string(version()) + "\n";
      break;
    case ConfigAction::print_config:
      text = print_config_text(table);
      break;
    case ConfigAction::print_config_docs:
      text = markdown_text(table);
      break;
    case ConfigAction::print_metrics_docs:
      text = metrics_markdown();
      break;
    case ConfigAction::healthcheck:
      return run_healthcheck(table);
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace windlass::runtime
