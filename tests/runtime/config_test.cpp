#include "runtime/load_config.h"
#include "runtime/paths.h"
#include "runtime/toml_tables.h"

#include "tests/runtime/temporary_folder.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace bdata = boost::unit_test::data;
using namespace windlass::runtime;
using windlass::test::TemporaryFolder;

namespace {

struct ToyConfig {
  CommonConfig common;
  std::string listen = "127.0.0.1:8440";
  std::vector<std::string> broker{"tcp://127.0.0.1:1"};
  std::int64_t lease_seconds = 30;
  double ratio = 0.5;
  bool fast = false;
  std::string mode = "process";
  std::string key;
};

OptionTable toy_options(ToyConfig& config) {
  OptionTable table("windlass-toy", "TOY", "A toy.");
  table.add({.name = "listen", .target = &config.listen, .meaning = "Where."})
      .add({.name = "broker", .target = &config.broker, .meaning = "Brokers."})
      .add({.name = "lease-seconds",
            .target = &config.lease_seconds,
            .meaning = "Lease.",
            .unit = "s",
            .min = 1,
            .max = 600})
      .add({.name = "ratio", .target = &config.ratio, .meaning = "Ratio."})
      .add({.name = "fast", .target = &config.fast, .meaning = "Fast.", .letter = 'f'})
      .add({.name = "mode",
            .target = &config.mode,
            .meaning = "Mode.",
            .choices = {"process", "null"}})
      .add({.name = "key", .target = &config.key, .meaning = "Key.", .secret = true})
      .example("windlass-toy --fast", "Plays fast.");
  add_common_options(table, config.common);
  return table;
}

struct Variable {
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  const char* name_;
};

std::string refusal_of(OptionTable& table, const std::vector<std::string>& arguments) {
  try {
    load_config(table, arguments);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runtime_config)

BOOST_AUTO_TEST_CASE(flags_win_over_environment_over_file_over_default) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/toy.toml";
  write_file_atomically(file,
                        "listen = \"file\"\nmode = \"null\"\nlease_seconds = 7\nratio = 2\nbroker "
                        "= [\"a\", \"b\"]\n");
  const Variable env_listen("WINDLASS_TOY_LISTEN", "env");
  const Variable env_lease("WINDLASS_TOY_LEASE_SECONDS", "8");
  ToyConfig config;
  OptionTable table = toy_options(config);
  BOOST_TEST((load_config(table, {"--config", file, "--listen=flag"}) == ConfigAction::run));
  BOOST_TEST(config.listen == "flag");
  BOOST_TEST(config.lease_seconds == 8);
  BOOST_TEST(config.mode == "null");
  BOOST_TEST(config.ratio == 2.0);
  BOOST_TEST(config.broker == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(config.fast == false);
  BOOST_TEST(table.find("listen")->origin == "flag --listen");
  BOOST_TEST(table.find("lease-seconds")->origin == "environment WINDLASS_TOY_LEASE_SECONDS");
  BOOST_TEST(table.find("mode")->origin == "file " + file + ":2");
  BOOST_TEST(table.find("fast")->origin == "default");
}

BOOST_AUTO_TEST_CASE(lists_repeat_as_flags_and_are_split_at_commas_in_the_environment) {
  ToyConfig config;
  OptionTable table = toy_options(config);
  const Variable env("WINDLASS_TOY_BROKER", "x,y");
  load_config(table, {});
  BOOST_TEST(config.broker == (std::vector<std::string>{"x", "y"}),
             boost::test_tools::per_element());
  load_config(table, {"--broker", "1", "-f", "--broker=2"});
  BOOST_TEST(config.broker == (std::vector<std::string>{"1", "2"}),
             boost::test_tools::per_element());
  BOOST_TEST(config.fast);
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_a_value) {
  ToyConfig config;
  OptionTable table = toy_options(config);
  load_config(table, {"--listen=", "--fast"});
  BOOST_TEST(config.listen.empty());
  config.listen = "x";
  load_config(table, {"--listen", ""});
  BOOST_TEST(config.listen.empty());
}

struct Refused {
  const char* name;
  std::vector<std::string> arguments;
  const char* says;
};
std::ostream& operator<<(std::ostream& out, const Refused& r) {
  return out << r.name;
}
const Refused kRefused[] = {
    {"unknown flag, near", {"--lisen", "x"}, "no option --lisen; did you mean --listen?"},
    {"unknown flag with a value, near", {"--lisen=x"}, "did you mean --listen?"},
    {"unknown flag, far", {"--zzzzzzzzzzz"}, "no option --zzzzzzzzzzz"},
    {"a stray word", {"word"}, "did not expect 'word'"},
    {"not a number", {"--lease-seconds", "ten"}, "'ten' is not a number"},
    {"below the limit", {"--lease-seconds", "0"}, "0 is less than 1"},
    {"above the limit", {"--lease-seconds", "601"}, "601 is more than 600"},
    {"none of the choices", {"--mode", "magic"}, "'magic' is none of: process, null"},
    {"a bare secret", {"--key", "abc"}, "use --key-file FILE"},
    {"a secret file that is missing", {"--key-file", "/nonexistent"}, "cannot read the secret"},
    {"given twice", {"--listen", "a", "--listen", "b"}, "takes one value, got 2"},
    {"value missing", {"--listen"}, "--listen"},
    {"words after --", {"--", "x"}, "nothing may follow '--'"},
    {"config file missing", {"--config", "/nonexistent.toml"}, "/nonexistent.toml"},
};
BOOST_DATA_TEST_CASE(refusals_say_what_is_wrong, bdata::make(kRefused), c) {
  ToyConfig config;
  OptionTable table = toy_options(config);
  const std::string text = refusal_of(table, c.arguments);
  BOOST_TEST(has(text, c.says), text);
}

BOOST_AUTO_TEST_CASE(unknown_and_bad_keys_of_a_file_are_refused_with_their_line) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/toy.toml";
  ToyConfig config;
  OptionTable table = toy_options(config);
  write_file_atomically(file, "fast = true\nlease_second = 5\n");
  BOOST_TEST(has(refusal_of(table, {"--config", file}),
                 ":2: there is no option 'lease_second'; did you mean 'lease_seconds'?"));
  write_file_atomically(file, "lease_seconds = 1000\n");
  BOOST_TEST(has(refusal_of(table, {"--config", file}), "1000 is more than 600"));
  write_file_atomically(file, "lease_seconds = \n");
  BOOST_TEST(has(refusal_of(table, {"--config", file}), file + ":1"));
  write_file_atomically(file, "key = \"abc\"\n");
  BOOST_TEST(has(refusal_of(table, {"--config", file}), "did you mean 'key_file'?"));
}

BOOST_AUTO_TEST_CASE(files_of_tables_that_are_not_toml_are_refused) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/tables.toml";
  for (const char* content : {"[[account", "name = ", "[,", "[\\", "[\xe2\x80\xa8", "\xff"}) {
    write_file_atomically(file, content);
    BOOST_CHECK_EXCEPTION(read_toml_tables(file, "account", {"name"}), ConfigError,
                          [&](const ConfigError& e) { return has(e.what(), file); });
    ToyConfig config;
    OptionTable table = toy_options(config);
    BOOST_TEST(has(refusal_of(table, {"--config", file}), file), content);
  }
}

BOOST_AUTO_TEST_CASE(secrets_come_from_files_and_are_masked) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/secret";
  write_file_atomically(file, "hunter2\n", 0600);
  ToyConfig config;
  OptionTable table = toy_options(config);
  const Variable env("WINDLASS_TOY_KEY_FILE", file);
  load_config(table, {});
  BOOST_TEST(config.key == "hunter2");
  const std::string printed = print_config_text(table);
  BOOST_TEST(!has(printed, "hunter2"));
  BOOST_TEST(has(printed, "# key_file: a secret is set  # environment WINDLASS_TOY_KEY_FILE"));
}

BOOST_AUTO_TEST_CASE(print_config_is_a_file_that_loads_to_the_same) {
  TemporaryFolder folder;
  ToyConfig config;
  OptionTable table = toy_options(config);
  BOOST_TEST((load_config(table, {"--listen", "a \"b\" \\c", "--ratio", "0.25",
                                  "--print-config"}) == ConfigAction::print_config));
  const std::string printed = print_config_text(table);
  BOOST_TEST(has(printed, "# flag --listen"));
  const std::string file = folder.path() + "/again.toml";
  write_file_atomically(file, printed);
  ToyConfig again;
  OptionTable table_again = toy_options(again);
  load_config(table_again, {"--config", file});
  BOOST_TEST(again.listen == config.listen);
  BOOST_TEST(again.ratio == 0.25);
}

BOOST_AUTO_TEST_CASE(control_characters_are_printed_as_toml_has_them) {
  std::string text = "a\x19\x7F\r";
  BOOST_TEST(value_text(&text) == "\"a\\u0019\\u007f\\u000d\"");
}

BOOST_AUTO_TEST_CASE(not_a_number_is_within_no_limit) {
  double share = 0.5;
  OptionTable table("windlass-toy", "", "Is limited.");
  table.add({.name = "share", .target = &share, .meaning = "A part.", .min = 0, .max = 1});
  BOOST_TEST(has(refusal_of(table, {"--share", "nan"}), "nan"));
  BOOST_TEST(share == 0.5);
}

BOOST_AUTO_TEST_CASE(help_names_every_option_and_shows_examples) {
  ToyConfig config;
  OptionTable table = toy_options(config);
  const std::string help = help_text(table);
  for (const Option& option : table.options()) BOOST_TEST(has(help, "--" + option.name));
  BOOST_TEST(has(help, "windlass-toy --fast"));
  BOOST_TEST(has(help, "in s; 1 to 600; default 30"));
  BOOST_TEST(has(markdown_text(table),
                 "| `--lease-seconds` | `WINDLASS_TOY_LEASE_SECONDS` | `30` | s, 1 to 600 |"));
}

BOOST_AUTO_TEST_CASE(positionals_and_the_rest_after_two_dashes) {
  std::string job;
  std::vector<std::string> words;
  std::vector<std::string> command;
  std::string pool;
  OptionTable table("windlass submit", "", "Submits.");
  table
      .add({.name = "job", .target = &job, .meaning = "Job.", .positional = true, .required = true})
      .add({.name = "words", .target = &words, .meaning = "Words.", .positional = true})
      .add({.name = "pool", .target = &pool, .meaning = "Pool."})
      .rest(&command, "COMMAND...");
  load_config(table, {"j1", "--pool", "p", "w1", "w2", "--", "echo", "--pool", "--"});
  BOOST_TEST(job == "j1");
  BOOST_TEST(pool == "p");
  BOOST_TEST(words == (std::vector<std::string>{"w1", "w2"}), boost::test_tools::per_element());
  BOOST_TEST(command == (std::vector<std::string>{"echo", "--pool", "--"}),
             boost::test_tools::per_element());
  std::string none;
  OptionTable strict("windlass x", "", "X.");
  strict.add(
      {.name = "job", .target = &none, .meaning = "Job.", .positional = true, .required = true});
  BOOST_TEST(refusal_of(strict, {}) == "job is missing");
  BOOST_TEST(
      has(help_text(table), "Usage: windlass submit [options] JOB [WORDS...] -- COMMAND..."));
}

BOOST_AUTO_TEST_SUITE_END()
