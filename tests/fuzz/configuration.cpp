// A program's configuration, as a TOML file and as a command line, and lists of tables.
#include "runtime/load_config.h"
#include "runtime/toml_tables.h"
#include "tests/fuzz/target.h"
#include "tests/runtime/temporary_folder.h"

#include <algorithm>
#include <fstream>

namespace windlass::fuzz {
namespace {

// One of each kind of option.
struct Config {
  runtime::CommonConfig common;
  bool flag = false;
  std::int64_t number = 5;
  double real = 0.5;
  std::string text = "text";
  std::string word = "small";
  std::vector<std::string> list;
  std::vector<std::string> rest;

  runtime::OptionTable table() {
    runtime::OptionTable table("windlass-fuzz", "FUZZ", "Is configured.");
    table.add({.name = "flag", .target = &flag, .meaning = "Yes or no."});
    table.add({.name = "number", .target = &number, .meaning = "One.", .min = 1, .max = 10});
    table.add({.name = "real", .target = &real, .meaning = "One.", .min = 0, .max = 1});
    table.add({.name = "text", .target = &text, .meaning = "Any.", .letter = 't'});
    table.add(
        {.name = "word", .target = &word, .meaning = "One of two.", .choices = {"small", "large"}});
    table.add({.name = "list", .target = &list, .meaning = "Some."});
    table.rest(&rest, "More.");
    add_common_options(table, common);
    return table;
  }
};

const std::string& file_with(std::string_view content) {
  static const test::TemporaryFolder folder;
  static const std::string path = folder.path() + "/file.toml";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  return path;
}

// What was loaded is within its limits, and printed as a file it is loaded again.
void judge(const std::vector<std::string>& arguments) {
  Config config;
  runtime::OptionTable table = config.table();
  try {
    if (runtime::load_config(table, arguments) != runtime::ConfigAction::run) return;
  } catch (const runtime::ConfigError& refusal) {
    WINDLASS_ASSERT(std::string_view(refusal.what()).size() > 0);
    return;
  }
  WINDLASS_ASSERT(config.number >= 1 && config.number <= 10);
  WINDLASS_ASSERT(config.real >= 0 && config.real <= 1);
  WINDLASS_ASSERT(config.word == "small" || config.word == "large");
  const std::string printed = runtime::print_config_text(table);
  // TOML holds UTF-8 only; flags may have been anything.
  const auto beyond_ascii = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::any_of(printed.begin(), printed.end(), beyond_ascii)) return;
  Config again;
  runtime::OptionTable second = again.table();
  const auto action = runtime::load_config(second, {"--config", file_with(printed)});
  WINDLASS_ASSERT(action == runtime::ConfigAction::run);
  WINDLASS_ASSERT(again.flag == config.flag && again.number == config.number);
  WINDLASS_ASSERT(again.real == config.real);
  WINDLASS_ASSERT(again.text == config.text && again.word == config.word);
  WINDLASS_ASSERT(again.list == config.list);
}

void judge_tables(std::string_view content) {
  try {
    for (const runtime::TomlTable& table :
         runtime::read_toml_tables(file_with(content), "account", {"name", "key"})) {
      for (const auto& [key, value] : table) WINDLASS_ASSERT(key == "name" || key == "key");
    }
  } catch (const runtime::ConfigError&) {
  }
}

void run(std::string_view input) {
  Choices choices(input);
  switch (choices.below(3)) {
    case 0:
      return judge({"--config", file_with(choices.rest())});
    case 1: {
      std::vector<std::string> arguments;
      while (!choices.rest().empty()) arguments.emplace_back(choices.text());
      return judge(arguments);
    }
    default:
      return judge_tables(choices.rest());
  }
}

std::vector<std::string> seeds() {
  const auto line = [](const std::vector<std::string_view>& arguments) {
    std::string out = chosen(1, {});
    for (const std::string_view argument : arguments) out += chosen(argument.size(), argument);
    return out;
  };
  return {chosen(0, "flag = true\nnumber = 7 # seven\nreal = 2.5e-1\ntext = \"a\\u00e4\\n\"\n"),
          chosen(0, "word = 'large'\nlist = [\"a\", \"b,c\"]\nlog_level = \"debug\"\n"),
          chosen(0, "[table]\nx = 1979-05-27T07:32:00Z\n"),
          chosen(0, "text = '''\nlong'''\nnumber = 0x0A\n"),
          line({"--flag", "--number", "3", "--real=0.25", "-t", "x", "--word", "large", "--list",
                "a", "--list", "b", "--", "more"}),
          line({"--numbre", "3"}),
          line({"--text", "--help", "--version"}),
          chosen(2, "[[account]]\nname = \"a\"\nkey = \"k\"\n[[account]]\nname = \"b\"\n"),
          chosen(2, "[[account]]\nkey_file = \"file.toml\"\n"),
          chosen(2, "account = [{name = 'x'}, {nam = 'y'}]\n")};
}

const Target kTarget("configuration", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
