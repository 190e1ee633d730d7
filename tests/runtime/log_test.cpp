#include "runtime/log.h"

#include "tests/runtime/temporary_folder.h"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <set>

using namespace windlass::runtime;

BOOST_AUTO_TEST_SUITE(runtime_log)

BOOST_AUTO_TEST_CASE(logfmt_quotes_only_what_needs_it) {
  const std::string line = log_line(
      LogFormat::logfmt, "T", LogLevel::info, "worker", "task_ended",
      {{"job", "j1"}, {"exit_code", -3}, {"note", "a \"b\"=c\n"}, {"empty", ""}, {"slow", true}});
  BOOST_TEST(
      line ==
      R"(time=T level=info role=worker event=task_ended job=j1 exit_code=-3 note="a \"b\"=c\n" empty="" slow=true)");
}

BOOST_AUTO_TEST_CASE(json_lines_are_json) {
  const std::string line = log_line(
      LogFormat::json, "T", LogLevel::error, "worker", "e",
      {{"text", "q\"\\\x01\n\t"}, {"count", std::uint64_t{18446744073709551615U}}, {"real", 0.5}});
  const auto value = boost::json::parse(line);
  BOOST_TEST(value.at("text").as_string() == "q\"\\\x01\n\t");
  BOOST_TEST(value.at("count").to_number<std::uint64_t>() == 18446744073709551615U);
  BOOST_TEST(value.at("real").as_double() == 0.5);
  BOOST_TEST(value.at("level").as_string() == "error");
}

BOOST_AUTO_TEST_CASE(levels_below_the_chosen_one_are_off) {
  const Log log("test", LogLevel::warn);
  BOOST_TEST(!log.enabled(LogLevel::info));
  BOOST_TEST(log.enabled(LogLevel::warn));
}

BOOST_AUTO_TEST_CASE(files_are_begun_anew_at_their_size_and_the_oldest_is_given_up) {
  const windlass::test::TemporaryFolder folder;
  const std::string place = folder.path() + "/log";
  Log log("test", LogLevel::warn);
  log.keep_in({.folder = place, .name = "test", .bytes_max = 1000, .older_parts = 2});
  log.info("not_of_the_level");
  for (int i = 0; i < 100; ++i) log.warn("line", {{"number", i}});
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    names.insert(entry.path().filename());
    BOOST_TEST(entry.file_size() <= 1000u);
  }
  BOOST_TEST((names == std::set<std::string>{"test.log", "test.1.log", "test.2.log"}));
  std::ifstream newest(place + "/test.log");
  std::string line, last;
  while (std::getline(newest, line)) {
    last = line;
    BOOST_TEST(boost::json::parse(line).at("event").as_string() == "line");
  }
  BOOST_TEST(boost::json::parse(last).at("number").as_int64() == 99);
  BOOST_TEST(log.warnings() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
